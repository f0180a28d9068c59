"""The head of a request as nginx sends it: what it says to us, and what is for the next server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

LONGEST = 96 * 1024  # bytes; nginx takes 32 KB from a client (large_client_header_buffers) and adds a few of its own
END = b"\r\n\r\n"
OURS = b"mergepoint-stream-"

Receive = Callable[[int], Awaitable[bytes]]


class Unreadable(ValueError):
    """No head of a request arrived."""


@dataclass(frozen=True)
class Head:
    """*said*: the headers of ours, lower case and without their prefix. *passed*: the bytes for the next server."""

    said: Mapping[bytes, bytes]
    passed: bytes


async def read_head(receive: Receive) -> Head:
    """Return the head of the request that arrives, with what came after it; raise Unreadable if there is none."""
    data = bytearray()
    while END not in data:
        more = await receive(16 * 1024)
        if not more or len(data) > LONGEST:
            raise Unreadable
        data += more
    head, _, rest = bytes(data).partition(END)
    return _split(head, rest)


def _split(head: bytes, rest: bytes) -> Head:
    said, passed = {}, []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and name.lower().startswith(OURS):
            said[name.lower().removeprefix(OURS)] = value.strip()
        else:
            passed.append(line)
    return Head(said, b"\r\n".join(passed) + END + rest)

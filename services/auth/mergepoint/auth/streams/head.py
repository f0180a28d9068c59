"""The head of a request as nginx sends it: our own headers, and the bytes for the next server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

# Bytes. nginx takes 32 KB from a client (large_client_header_buffers) and adds a few headers of its own.
MAX_HEAD = 96 * 1024
END = b"\r\n\r\n"
PREFIX = b"mergepoint-stream-"

Receive = Callable[[int], Awaitable[bytes]]


class Unreadable(ValueError):
    """The connection ended, or sent too much, before the head of a request was complete."""


@dataclass(frozen=True)
class Head:
    """*ours*: our headers by lower-case names without their prefix. *forwarded*: the bytes for the next server."""

    ours: Mapping[bytes, bytes]
    forwarded: bytes


async def read_head(receive: Receive) -> Head:
    """Return the head of the request that arrives, and whatever arrived with it; raise Unreadable if it is none."""
    data = bytearray()
    while END not in data:
        more = await receive(16 * 1024)
        if not more or len(data) > MAX_HEAD:
            raise Unreadable
        data += more
    head, _, rest = bytes(data).partition(END)
    return _split(head, rest)


def _split(head: bytes, rest: bytes) -> Head:
    ours, forwarded = {}, []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and name.lower().startswith(PREFIX):
            ours[name.lower().removeprefix(PREFIX)] = value.strip()
        else:
            forwarded.append(line)
    return Head(ours, b"\r\n".join(forwarded) + END + rest)

"""The chunks of a PNG (PNG 3, section 5), as they stand in the file and as they are written. Knows no decoder."""

from collections.abc import Iterator
from dataclasses import dataclass

from isal import isal_zlib

from ...errors import MOST_PARTS, TooManyParts

HEAD = 8  # bytes of the signature


@dataclass(frozen=True)
class Chunk:
    """A chunk of a file: *good* if its checksum is right, *whole* if all its bytes are in the file."""

    name: bytes
    content: bytes
    good: bool
    whole: bool

    def bytes(self) -> bytes:
        return b"".join(chunk(self.name, self.content))


def chunk(name: bytes, content: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return length, name, content and checksum of a chunk."""
    checksum = isal_zlib.crc32(content, isal_zlib.crc32(name))
    return len(content).to_bytes(4, "big"), name, content, checksum.to_bytes(4, "big")


def chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to IEND, or up to the first bytes that are no chunk; raise TooManyParts."""
    at = HEAD
    for _ in range(MOST_PARTS):
        name = data[at + 4 : at + 8]
        if not (len(name) == 4 and name.isalpha()):
            return
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        content = data[at + 8 : end]
        checksum = isal_zlib.crc32(content, isal_zlib.crc32(name)).to_bytes(4, "big")
        yield Chunk(name, content, data[end : end + 4] == checksum, end + 4 <= len(data))
        if name == b"IEND":
            return
        at = end + 4
    raise TooManyParts

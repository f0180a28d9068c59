"""ICO: a directory of pictures of several sizes, each a PNG or a BMP without a file header. The largest is shown.

The sizes in the directory are often wrong, so this module reads those in the pictures' headers. It knows no decoder.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import BrokenImage
from ..damage import ENDS, Damage
from .header import of_icon

MAGIC = b"\0\0\1\0"  # a cursor has 2 instead of 1
HEAD, ENTRY = 6, 16  # bytes
MOST_ENTRIES = 1000
HEADER = 64  # bytes at the start of a picture; they contain its size and masks
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Icon:
    """One picture in *file*: width and height in pixels, bits of a pixel, offset (*at*) and length in bytes."""

    width: int
    height: int
    bits: int
    file: bytes
    at: int
    length: int

    @property
    def data(self) -> bytes:
        return self.file[self.at : self.at + self.length]

    @property
    def is_png(self) -> bool:
        return self.file.startswith(PNG, self.at)


def largest(data: bytes) -> Icon:
    """Return the picture with the most pixels, and among equal ones the one with the most bits.

    Only pictures whose header can be read count. Raise BrokenImage if there is none.
    """
    found = list(icons(data))
    if not found:
        raise BrokenImage("the file has no picture that begins in it")
    return max(found, key=lambda icon: (icon.width * icon.height, icon.bits))


def damage(data: bytes) -> Damage | None:
    """Return the damage if the directory names pictures that are not in the file, else None.

    The decoder reports damage within the picture that is shown.
    """
    (count,) = struct.unpack_from("<H", data, 4)
    places = list(_places(data, count))
    if all(at + length <= len(data) for length, at in places) and HEAD + ENTRY * count <= len(data):
        return None
    return Damage(ENDS, missing=len(places) < count or any(at + HEADER > len(data) for _, at in places))


def icons(data: bytes) -> Iterator[Icon]:
    """Yield the pictures whose headers can be read."""
    (count,) = struct.unpack_from("<H", data, 4)
    for length, at in _places(data, count):
        try:
            yield Icon(*_size(data[at : at + min(length, HEADER)]), data, at, length)
        except (struct.error, BrokenImage):
            continue


def _places(data: bytes, count: int) -> Iterator[tuple[int, int]]:
    """Yield length and offset, in bytes, of the picture of each directory entry that is in the file."""
    for at in range(HEAD, HEAD + ENTRY * min(count, MOST_ENTRIES), ENTRY):
        if at + ENTRY > len(data):
            return
        yield struct.unpack_from("<II", data, at + 8)


def _size(head: bytes) -> tuple[int, int, int]:
    if head[:8] == PNG:
        if head[12:16] != b"IHDR":
            raise BrokenImage("the PNG has no header")
        width, height, depth = struct.unpack_from(">IIB", head, 16)
        return width, height, depth * 4
    bitmap = of_icon(head)
    return bitmap.width, bitmap.height, bitmap.bits

"""ICO: a directory of pictures of several sizes, PNG or without a file header BMP. The largest is shown.

A directory may say any size, so those of the pictures themselves count. Knows no decoder.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import BrokenImage
from ..damage import ENDS, Damage
from .header import of_icon

MAGIC = b"\0\0\1\0"  # 2 instead of 1: a cursor
HEAD, ENTRY = 6, 16  # bytes
MOST_ENTRIES = 1000
HEADER = 64  # bytes of a picture, in which its size and masks are
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Icon:
    """One picture in *file*: its size, its bits a pixel, and where it is."""

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
    """Return the largest picture whose header is there, of those the one with most bits; raise BrokenImage."""
    found = list(icons(data))
    if not found:
        raise BrokenImage("the file has no picture that begins in it")
    return max(found, key=lambda icon: (icon.width * icon.height, icon.bits))


def damage(data: bytes) -> Damage | None:
    """Return the damage if the directory names pictures that are not in the file. The decoder reports damage within the
    picture that is shown."""
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
    """Yield length and start of each entry that is there."""
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

"""Reads GIF (GIF 89a) block by block, and returns each frame as a file of its own, which every decoder reads alike.

Bytes before, between and after blocks are skipped, as in browsers. A truncated frame keeps the bytes before its end.
This module knows no decoder.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import MOST_PARTS, BrokenImage, TooManyParts

BLOCK = re.compile(rb"[,!;]")  # the first bytes of an image, an extension and the end
IMAGE, EXTENSION, END = 0x2C, 0x21, 0x3B
CONTROL = 0xF9
DESCRIPTOR = 10  # bytes
HEAD = 13
LEAVE, CLEAR, RESTORE = 1, 2, 3  # disposals; GIF 89a, 23
DISPOSALS = {CLEAR: CLEAR, RESTORE: RESTORE, 4: RESTORE}  # some programs write 4 for RESTORE; other values mean LEAVE


@dataclass(frozen=True)
class Frame:
    """A frame: its place in pixels, its duration in milliseconds, its disposal, and its compressed pixels."""

    left: int
    top: int
    width: int
    height: int
    duration: int
    disposal: int
    clear: int | None
    interlaced: bool
    palette: bytes
    codes: bytes
    whole: bool
    """Whether all its blocks are in the file."""

    def file(self, clear: int | None = None) -> bytes:
        """Return a GIF file of this frame alone. *clear* is the transparent index; None means the frame's own."""
        clear = self.clear if clear is None else clear
        size = struct.pack("<HH", self.width, self.height)
        bits = len(self.palette) // 3
        flags = 0x80 | bits.bit_length() - 2 if bits else 0
        control = b"" if clear is None else b"\x21\xf9\x04\x01\0\0" + bytes([clear, 0])
        place = b"," + bytes(4) + size + bytes([0x40 if self.interlaced else 0])
        return b"GIF89a" + size + bytes([flags, 0, 0]) + self.palette + control + place + self.codes + b"\0;"


def screen(data: bytes) -> tuple[int, int]:
    """Return width and height: those of the logical screen, enlarged to hold the first frame."""
    width, height = struct.unpack_from("<HH", data, 6)
    for kind, at in blocks(data):
        if kind == IMAGE:
            left, top, across, down = struct.unpack_from("<HHHH", data, at + 1)
            return max(width, left + across), max(height, top + down)
    return width, height


def blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield kind and offset of each block before the end; raise TooManyParts if there are more than MOST_PARTS."""
    at = HEAD + _colours(data[10])
    for _ in range(MOST_PARTS):
        found = BLOCK.search(data, at)
        at = found.start() if found else len(data)
        if not found or data[at] == END or (data[at] == IMAGE and at + DESCRIPTOR > len(data)):
            return
        yield data[at], at
        at = _after(data, _codes(data, at) + 1 if data[at] == IMAGE else at + 2)
    raise TooManyParts


def is_complete(data: bytes) -> bool:
    """Return whether an end follows the last block."""
    at = HEAD + _colours(data[10])
    for kind, start in blocks(data):
        at = _after(data, _codes(data, start) + 1 if kind == IMAGE else start + 2)
    found = BLOCK.search(data, at)
    return bool(found) and data[found.start()] == END if found else False


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the frames of a file in order; raise TooManyParts or struct.error."""
    shared = data[HEAD : HEAD + _colours(data[10])]
    duration, disposal, clear = 0, LEAVE, None
    for kind, at in blocks(data):
        if kind == IMAGE:
            left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
            start = _codes(data, at)
            own = data[at + DESCRIPTOR : start]
            end = _after(data, start + 1)
            codes = data[start : end - 1] if end <= len(data) else _close_last_block(data[start:])
            yield Frame(
                left, top, width, height, duration, disposal, clear, bool(flags & 0x40), own or shared, codes,
                end <= len(data),
            )  # fmt: skip
            duration, disposal, clear = 0, LEAVE, None
        elif data[at + 1 : at + 3] == bytes([CONTROL, 4]) and at + 8 <= len(data):
            flags, hundredths, index = struct.unpack_from("<BHB", data, at + 3)
            duration, disposal = hundredths * 10, DISPOSALS.get(flags >> 2 & 7, LEAVE)
            clear = index if flags & 1 else None


def still(data: bytes) -> Frame:
    """Return the first frame; raise BrokenImage if there is none."""
    for frame in frames(data):
        return frame
    raise BrokenImage("the file ends before the first picture")


def _close_last_block(codes: bytes) -> bytes:
    """Return the truncated *codes* with the length of their last block corrected to the bytes that it has."""
    at = 1
    while at < len(codes) and codes[at] and at + codes[at] < len(codes):
        at += codes[at] + 1
    left = len(codes) - at - 1
    return codes[:at] + bytes([left]) + codes[at + 1 :] if left > 0 else codes[:at]


def _codes(data: bytes, at: int) -> int:
    """Return the offset of the compressed pixels of the image at *at*."""
    return at + DESCRIPTOR + _colours(data[at + 9])


def _colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after(data: bytes, at: int) -> int:
    """Return the offset after the sub-blocks at *at*; it lies beyond the file if they do not end."""
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1

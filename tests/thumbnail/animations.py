"""GIF files put together block by block, with frames that cover a part of the screen."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PALETTE = bytes([255, 0, 0, 0, 128, 0, 0, 0, 255, 255, 255, 255])  # red, green, blue, white
OTHER = bytes([0, 0, 0, 255, 255, 0, 0, 255, 255, 255, 0, 255])
BITS = 2


@dataclass(frozen=True)
class Frame:
    """A rectangle of one *colour* of its palette; *clear* is the colour that is transparent, *delay* in 1/100 s."""

    colour: int
    left: int = 0
    top: int = 0
    width: int = 32
    height: int = 32
    delay: int = 10
    disposal: int = 0
    clear: int | None = None
    palette: bytes = b""

    def bytes(self) -> bytes:
        flags = self.disposal << 2 | (self.clear is not None)
        control = b"\x21\xf9\x04" + struct.pack("<BHB", flags, self.delay, self.clear or 0) + b"\0"
        place = struct.pack("<HHHHB", self.left, self.top, self.width, self.height, 0x81 if self.palette else 0)
        indexes = np.full(self.width * self.height, self.colour, np.uint8)
        return control + b"," + place + self.palette + _compressed(indexes)


def gif(*frames: Frame, width: int = 32, height: int = 32, palette: bytes = PALETTE, loop: int | None = None) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x81 if palette else 0, 0, 0) + palette
    if loop is not None:
        head += b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", loop) + b"\0"
    return head + b"".join(frame.bytes() for frame in frames) + b";"


def _compressed(indexes: NDArray[np.uint8]) -> bytes:
    """LZW that never builds a table: it begins anew before its codes would get longer."""
    clear, end, width = 1 << BITS, (1 << BITS) + 1, BITS + 1
    codes: list[int] = []
    for number, index in enumerate(indexes):
        codes += [clear, int(index)] if number % (clear - 2) == 0 else [int(index)]
    value = sum(code << width * place for place, code in enumerate([*codes, end]))
    data = value.to_bytes((len(codes) + 1) * width // 8 + 1, "little")
    blocks = [data[start : start + 255] for start in range(0, len(data), 255)]
    return bytes([BITS]) + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"

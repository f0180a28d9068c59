"""The rows of a PNG's pixels before compression: their sizes, their filters, and which of them are known."""

import struct
from dataclasses import dataclass

import numpy as np

from ...errors import BrokenImage
from ...pixels.scaling import Pixels
from ..damage import Rows

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type; PNG 3, 11.2.1
# Left, top, and the steps across and down of each pass (PNG 3, 8.2); and the block that a pixel fills until the next
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
BLOCKS = ((8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2), (1, 1))
FILTERS = 5


@dataclass(frozen=True)
class Layout:
    """The layout of inflated pixels: row after row, each preceded by the number of its filter."""

    width: int
    height: int
    bits: int
    """The bits of a pixel."""
    interlaced: bool

    @classmethod
    def of(cls, head: bytes) -> "Layout":
        width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", head)
        if colour not in CHANNELS:
            raise BrokenImage("the PNG has colours of no known type")
        return cls(width, height, depth * CHANNELS[colour], bool(interlaced))

    @property
    def passes(self) -> list[tuple[int, int]]:
        """For each pass, the number of its rows and the bytes of a row; an empty pass has no rows."""
        found = []
        for left, top, across, down in PASSES if self.interlaced else ((0, 0, 1, 1),):
            wide, high = -(-(self.width - left) // across), -(-(self.height - top) // down)
            found.append((high, 1 + (wide * self.bits + 7) // 8) if wide > 0 and high > 0 else (0, 1))
        return found

    @property
    def size(self) -> int:
        return sum(rows * stride for rows, stride in self.passes)

    def good(self, piece: bytes, at: int) -> int:
        """Return how many bytes of *piece*, which begins at the offset *at*, precede a row with an unknown filter."""
        levels, start = np.frombuffer(piece, np.uint8), 0
        for rows, stride in self.passes:
            first = max(0, -(-(at - start) // stride))
            places = start + stride * np.arange(first, rows) - at
            places = places[places < len(levels)]
            bad = places[levels[places] >= FILTERS]
            if len(bad):
                return int(bad[0])
            start += rows * stride
        return len(piece)

    def fill(self, pixels: Pixels, count: int) -> tuple[Pixels, Rows]:
        """Return *pixels*, of which the first *count* inflated bytes are known, and the rows that these give.

        In an interlaced picture each known pixel fills the unknown ones of its block, as in browsers.
        """
        if count >= self.size:
            return pixels, np.ones(self.height, bool)
        if not self.interlaced:
            return pixels, np.arange(self.height) < count // self.passes[0][1]
        seen, rows = np.zeros_like(pixels), np.zeros(self.height, bool)
        for (left, top, across, down), (wide, high), (most, stride) in zip(PASSES, BLOCKS, self.passes, strict=True):
            known = min(most, count // stride)
            count -= known * stride
            source = pixels[top::down, left::across][:known]
            for row in range(high):
                for column in range(wide):
                    place = seen[top + row :: down, left + column :: across][:known]
                    place[...] = source[: len(place), : place.shape[1]]
                rows[top + row :: down][:known] = True
            if known < most:
                break
        return seen, rows

"""The eight ways to turn and mirror a picture: EXIF's orientations, rotations, flips. They form a group."""

from dataclasses import dataclass

import numpy as np

from .scaling import Box, Pixels


@dataclass(frozen=True)
class Orientation:
    """First swap rows and columns, then mirror left to right, then top to bottom."""

    swap: bool = False
    mirror: bool = False
    flip: bool = False

    def then(self, other: "Orientation") -> "Orientation":
        """Return the orientation that does the same as this and then *other*."""
        mirror, flip = (self.flip, self.mirror) if other.swap else (self.mirror, self.flip)
        return Orientation(self.swap != other.swap, mirror != other.mirror, flip != other.flip)

    def size(self, width: int, height: int) -> tuple[int, int]:
        return (height, width) if self.swap else (width, height)

    def source_box(self, box: Box, width: int, height: int) -> Box:
        """Return the box of the source, *width* × *height* large, that becomes *box* of the turned picture."""
        left, top, right, bottom = box
        across, down = self.size(width, height)
        if self.mirror:
            left, right = across - right, across - left
        if self.flip:
            top, bottom = down - bottom, down - top
        return (top, left, bottom, right) if self.swap else (left, top, right, bottom)

    def apply(self, pixels: Pixels) -> Pixels:
        if self.swap:
            pixels = pixels.transpose(1, 0, 2)
        if self.mirror:
            pixels = pixels[:, ::-1]
        if self.flip:
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)


# EXIF 2.32, 4.6.4: each number names the sides where the first row and the first column are shown
ORIENTATIONS = {
    1: Orientation(),
    2: Orientation(mirror=True),
    3: Orientation(mirror=True, flip=True),
    4: Orientation(flip=True),
    5: Orientation(swap=True),
    6: Orientation(swap=True, mirror=True),
    7: Orientation(swap=True, mirror=True, flip=True),
    8: Orientation(swap=True, flip=True),
}
QUARTERS = (ORIENTATIONS[1], ORIENTATIONS[6], ORIENTATIONS[3], ORIENTATIONS[8])

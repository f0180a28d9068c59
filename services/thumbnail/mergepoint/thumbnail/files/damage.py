"""The damage of a file and its remaining pixels: one policy for all formats, which the service's README explains.

If at least one row can be decoded, the picture is made; missing pixels are transparent, as in browsers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BrokenImage
from ..pixels.scaling import Pixels

Load = Callable[[bytes], Pixels]
"""A function that decodes a whole file, or raises BrokenImage."""
ENDS = "ends too early"
BAD_PIXELS = "has compressed pixels that cannot be read"
Rows = NDArray[np.bool_]
"""For each row of a picture, or for each pixel, whether it was decoded."""
BLOCK = 64  # pixels: the side of HEVC's and AV1's blocks is this number or a multiple of it


@dataclass(frozen=True)
class Damage:
    """The damage of a file.

    *what* describes it, in words that follow "the file". *missing* says that pixels of the first frame are lost,
    *later* that frames after the first are lost.
    """

    what: str
    missing: bool = False
    later: bool = False

    def degrades(self, frames: int) -> bool:
        """Return whether the damage is visible in an answer of *frames* frames (0: all)."""
        return self.missing or (self.later and frames != 1)


@dataclass(frozen=True)
class Salvaged:
    """The decoded part of a damaged file."""

    pixels: Pixels
    damage: Damage | None


def keep(pixels: Pixels, rows: Rows) -> Pixels:
    """Return *pixels*, transparent except for those that *rows* marks (whole rows or single pixels).

    Raise BrokenImage if it marks none.
    """
    if not rows.any():
        raise BrokenImage("the file ends before the first row of pixels")
    if rows.all():
        return pixels
    alpha = pixels[..., -1] if pixels.shape[2] in (2, 4) else np.full(pixels.shape[:2], 255, np.uint8)
    colours = pixels[..., :-1] if pixels.shape[2] in (2, 4) else pixels
    return np.dstack([colours, np.where(rows if rows.ndim == 2 else rows[:, None], alpha, 0).astype(np.uint8)])


def alike(pixels: Pixels, other: Pixels) -> Rows:
    """Return which rows come before the first difference between *pixels* and *other*.

    They are decoded from two files that differ only in the filler for missing bytes.
    """
    same = (pixels == other).reshape(len(pixels), -1).all(axis=1)
    return np.asarray(np.logical_and.accumulate(same))


def alike_in_part(pixels: Pixels, other: Pixels) -> Rows:
    """Return for each pixel whether it was decoded, for files without a whole row.

    Such a file has several tiles in a row, or rotates its picture. In each column of blocks, the pixels before the
    first difference count, either from the top or from the bottom, whichever keeps more.
    """
    same = (pixels == other).all(axis=2)
    return max(_columns(same), _columns(same[::-1])[::-1], key=np.count_nonzero)


def _columns(same: Rows) -> Rows:
    there = np.zeros_like(same)
    for left in range(0, same.shape[1], BLOCK):
        rows = same[:, left : left + BLOCK].all(axis=1)
        there[:, left : left + BLOCK] = np.logical_and.accumulate(rows)[:, None]
    return there

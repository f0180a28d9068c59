"""Pictures of at most 256 colours: their palette, and an index into it for each pixel, packed into bits."""

from dataclasses import dataclass

import numpy as np

from .effects import with_alpha
from .scaling import Pixels

MOST = 256
SAMPLE = 64  # rows that are examined first: in nearly all photographs they have too many colours already


@dataclass(frozen=True)
class Indexed:
    """A picture with a palette.

    *colours* has at most 256 rows of red, green, blue and alpha, the transparent ones first. *rows* holds indexes of
    *bits* bits (1, 2, 4 or 8), packed into bytes.
    """

    colours: Pixels
    rows: Pixels
    width: int
    bits: int


def find(pixels: Pixels) -> Indexed | None:
    """Return *pixels* with a palette; None if they have more than 256 colours."""
    step = max(1, len(pixels) // SAMPLE)
    if len(_distinct_colours(pixels[::step])) > MOST:
        return None
    whole = with_alpha(pixels)
    numbers = np.ascontiguousarray(whole).view(np.uint32)[..., 0]
    found, indexes = np.unique(numbers, return_inverse=True)
    if len(found) > MOST:
        return None
    colours = np.ascontiguousarray(found)[:, None].view(np.uint8)
    order = np.argsort(colours[:, 3], kind="stable")
    place = np.empty(len(order), np.uint8)
    place[order] = np.arange(len(order))
    bits = next(bits for bits in (1, 2, 4, 8) if len(found) <= 1 << bits)
    return Indexed(colours[order], _pack(place[indexes.reshape(numbers.shape)], bits), pixels.shape[1], bits)


def round_levels(grey: Pixels, levels: int) -> Pixels:
    """Return *grey* rounded to *levels* equidistant levels from black to white."""
    step = 255 / (levels - 1)
    return ((grey / step).round() * step).round().astype(np.uint8)


def _distinct_colours(pixels: Pixels) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint32]]":
    return np.unique(np.ascontiguousarray(with_alpha(pixels)).view(np.uint32))


def _pack(indexes: Pixels, bits: int) -> Pixels:
    """Return the rows of *indexes* packed into bytes, *bits* bits for each, the first in the highest bits."""
    if bits == 8:
        return indexes
    several = np.unpackbits(indexes[..., None], axis=2)[..., 8 - bits :]
    return np.packbits(several.reshape(len(indexes), -1), axis=1)

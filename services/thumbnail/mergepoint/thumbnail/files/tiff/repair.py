"""Repairs damaged TIFF: finds how many rows of its first page can be read. Knows no decoder.

Strips and rows of tiles are independent, so a binary search finds the first broken one. Its compressed bytes are in
order, so a second search finds how many of its rows can be read. Rows that differ between two fillers come from missing
bytes.
"""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from ...errors import BrokenImage
from ...pixels.scaling import Pixels
from ..damage import BAD_PIXELS, ENDS, Damage, Load, Salvaged, alike, keep
from .page import Page

FILLERS = (b"\x00", b"\xa5")


def is_cut(page: Page) -> bool:
    """Return whether some strips or tiles of *page* are not in the file."""
    return page.whole_bands() < page.bands


def salvage(page: Page, load: Load) -> Salvaged:
    """Return the remaining pixels of *page*, which *load* decodes; raise BrokenImage if there is no whole row."""
    there, bands = page.whole_bands(), page.bands
    what = ENDS if there < bands else BAD_PIXELS

    def loads(first: int, end: int) -> bool:
        return _load(load, page.file(first, _rows(page, first, end))) is not None

    good = there if there and loads(0, there) else _halving(0, max(0, there - (there == bands)), loads)
    rows = min(good * page.band, page.height)
    if good < bands:
        rows += _rows_within(page, good, load)
    if not rows:
        raise BrokenImage(f"the file {what}, and no row of pixels can be read")
    pixels = load(page.file(0, rows))
    missing = page.height - rows
    pixels = np.concatenate([pixels, np.zeros((missing, *pixels.shape[1:]), np.uint8)])
    return Salvaged(keep(pixels, np.arange(page.height) < rows), Damage(what, missing=missing > 0))


def _rows(page: Page, first: int, end: int) -> int:
    """Return how many rows the bands from *first* to *end* have."""
    return min(end * page.band, page.height) - first * page.band


def _rows_within(page: Page, band: int, load: Load) -> int:
    """Return how many rows at the start of *band* can be read."""

    def same(_: int, rows: int) -> bool:
        return bool(_alike(page, band, rows, load) == rows)

    most = _rows(page, band, band + 1)
    found = _alike(page, band, most, load)
    return _halving(0, most - 1, same) if found is None else found


def _alike(page: Page, band: int, rows: int, load: Load) -> int | None:
    """Return how many of *rows* rows do not depend on the filler for missing bytes; None if they do not decode."""
    first, other = (_load(load, page.file(band, rows, filler)) for filler in FILLERS)
    return None if first is None or other is None else int(alike(first, other).sum())


def _load(load: Load, data: bytes) -> Pixels | None:
    with suppress(BrokenImage):
        return load(data)
    return None


def _halving(low: int, high: int, holds: Callable[[int, int], bool]) -> int:
    """Return the largest number from *low* to *high* for which *holds* is true, by binary search.

    *holds* is true for *low*. It is called with the largest number that is known to be good, and the one to try.
    """
    while low < high:
        middle = (low + high + 1) // 2
        if holds(low, middle):
            low = middle
        else:
            high = middle - 1
    return low

"""Finds the interesting part of a picture: where the eye looks (attention) or where most detail is (entropy).

Both make a map of weights from a small copy, and find the window with the largest sum.
"""

import numpy as np
from numpy.typing import NDArray

from .scaling import Box, Pixels

SIDE = 96  # pixels, the longest side of the copy: it gives about a hundred windows, which take a millisecond
SKIN = np.array([0.78, 0.57, 0.44])  # the direction of skin in RGB, for all complexions
BINS = 16


def find(
    kind: str, small: Pixels, size: tuple[float, float], room: Box, width: float, height: float
) -> tuple[float, float]:
    """Return the left upper corner of the best part of *width* × *height* in *room*.

    *kind* is ``attention`` or ``entropy``. *small* is a copy of the whole picture, whose size is *size*. All lengths
    are in pixels of the picture.
    """
    weights = (_attention if kind == "attention" else _entropy)(_rgb(small))
    rows, columns = weights.shape
    across, down = columns / size[0], rows / size[1]
    left, top, right, bottom = room[0] * across, room[1] * down, room[2] * across, room[3] * down
    wide, high = min(width * across, right - left), min(height * down, bottom - top)
    best = _best_window(weights, (left, top, right, bottom), wide, high)
    return best[0] / across, best[1] / down


def _best_window(weights: NDArray[np.float64], room: Box, wide: float, high: float) -> tuple[float, float]:
    """Return the left upper corner of the window with the largest sum, in which its middle half counts twice.

    Among equal windows, the one nearest to the middle of *room* wins.
    """
    sums = np.pad(weights.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    left, top, right, bottom = room
    lefts = np.linspace(left, right - wide, max(1, round(right - left - wide) + 1))
    tops = np.linspace(top, bottom - high, max(1, round(bottom - top - high) + 1))
    across, down = (wide / 4 if len(lefts) > 1 else 0), (high / 4 if len(tops) > 1 else 0)
    inside = _sums(sums, lefts, lefts + wide, tops, tops + high)
    inside += _sums(sums, lefts + across, lefts + wide - across, tops + down, tops + high - down)
    off = abs(np.linspace(-1, 1, len(tops)))[:, None] + abs(np.linspace(-1, 1, len(lefts)))[None]
    row, column = np.unravel_index(np.argmax(inside - off * 1e-3 * (weights.sum() or 1)), inside.shape)
    return float(lefts[column]), float(tops[row])


def _sums(
    sums: NDArray[np.float64],
    lefts: NDArray[np.float64],
    rights: NDArray[np.float64],
    tops: NDArray[np.float64],
    bottoms: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the weight of each window from *tops* to *bottoms* and *lefts* to *rights*, from cumulative *sums*."""
    x0, x1 = np.round(lefts).astype(int), np.minimum(np.round(rights).astype(int), sums.shape[1] - 1)
    y0, y1 = np.round(tops).astype(int), np.minimum(np.round(bottoms).astype(int), sums.shape[0] - 1)
    return np.asarray(sums[y1][:, x1] - sums[y0][:, x1] - sums[y1][:, x0] + sums[y0][:, x0])


def _attention(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights for edges, strong colours and skin."""
    light = rgb @ np.array([0.2126, 0.7152, 0.0722])
    across = abs(np.diff(light, axis=1, append=light[:, -1:]))
    down = abs(np.diff(light, axis=0, append=light[-1:]))
    strong = rgb.max(2) - rgb.min(2)
    length = np.linalg.norm(rgb, axis=2) + 1e-6
    likeness = (rgb @ (SKIN / np.linalg.norm(SKIN))) / length
    skin = np.clip((likeness - 0.985) / 0.015, 0, 1) * (light > 0.2) * (light < 0.95)
    return np.asarray((across + down) * 2 + strong * 0.5 * (light > 0.05) + skin * 0.6)


def _entropy(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights for rare levels, by the picture's histogram, and for changes between neighbours."""
    light = rgb @ np.array([0.2126, 0.7152, 0.0722])
    bins = np.minimum((light * BINS).astype(int), BINS - 1)
    share = np.bincount(bins.ravel(), minlength=BINS) / bins.size
    surprise = -np.log2(np.maximum(share, 1e-9))[bins]
    change = abs(np.diff(light, axis=1, append=light[:, -1:])) + abs(np.diff(light, axis=0, append=light[-1:]))
    return np.asarray(surprise * 0.1 + change * 8)


def _rgb(small: Pixels) -> NDArray[np.float64]:
    values = small.astype(np.float64) / 255
    if small.shape[2] in (2, 4):
        values = values[..., :-1] * values[..., -1:]
    return np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values

"""Composes the frames of an animation: each is drawn over those before it, on a canvas that is transparent at first.

Knows arrays only. GIF 89a, 23, and PNG 3, 11.3.8, define how a frame is disposed of before the next.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .effects import with_alpha
from .scaling import Pixels

LEAVE, CLEAR, RESTORE = 1, 2, 3


@dataclass(frozen=True)
class Layer:
    """One frame's *pixels*, their position, their *duration* in milliseconds, and their *disposal* afterwards.

    *over* says that transparent pixels show the canvas before.
    """

    pixels: Pixels
    left: int = 0
    top: int = 0
    duration: int = 0
    disposal: int = LEAVE
    over: bool = True


def frames(layers: Iterable[Layer], width: int, height: int) -> Iterator[tuple[Pixels, int]]:
    """Yield the visible canvas, *width* × *height* pixels, after each of *layers*, and its duration in milliseconds."""
    canvas = np.zeros((height, width, 4), np.uint8)
    for number, layer in enumerate(layers):
        before = canvas.copy() if layer.disposal == RESTORE else None
        part = _part(canvas, layer)
        _draw(part, with_alpha(layer.pixels)[: part.shape[0], : part.shape[1]], over=layer.over)
        yield canvas.copy(), layer.duration
        if before is not None and number:
            canvas = before
        elif layer.disposal != LEAVE:
            part[...] = 0


def first(layer: Layer, width: int, height: int) -> Pixels:
    """Return the canvas after the first *layer*. It has no alpha if the layer is opaque and covers it all."""
    if (layer.left, layer.top, *layer.pixels.shape[:2]) == (0, 0, height, width):
        return layer.pixels
    return next(frames([layer], width, height))[0]


def _part(canvas: Pixels, layer: Layer) -> Pixels:
    high, wide = layer.pixels.shape[:2]
    return canvas[layer.top : layer.top + high, layer.left : layer.left + wide]


def _draw(under: Pixels, pixels: Pixels, *, over: bool) -> None:
    alpha = pixels[..., 3]
    if not over or (alpha == 255).all():
        under[...] = pixels
        return
    opaque = alpha == 255
    under[opaque] = pixels[opaque]
    veiled = (alpha > 0) & ~opaque
    if veiled.any():
        under[veiled] = _blend(under[veiled], pixels[veiled])


def _blend(under: Pixels, pixels: Pixels) -> Pixels:
    """Return *pixels* composited over *under* (PNG 3, section 12). Each row of the arrays is one pixel."""
    alpha = pixels[:, 3:].astype(np.float32) / 255
    below = under[:, 3:].astype(np.float32) / 255 * (1 - alpha)
    both = alpha + below
    colours = (pixels[:, :3] * alpha + under[:, :3] * below) / both
    return np.concatenate([colours, both * 255], axis=1).round().astype(np.uint8)

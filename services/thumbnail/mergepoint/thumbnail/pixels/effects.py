"""Effects on pixels: trimming, greyscale, blur, sharpening, mosaic, a larger canvas, a watermark."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ..spec import Colour, Trim, Watermark
from .geometry import Plan, Size, offset, place
from .scaling import Box, Pixels, resize

Shorts = NDArray[np.int16]
Mask = NDArray[np.bool_]
NOISE = 2  # levels: smaller differences are not sharpened
PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}
STRIP = 128  # rows that are compared at once: all rows at once would need ten times the picture's memory
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
TRANSPARENCY_KEY = (255, 0, 255)  # imgproxy's colour for transparent pixels when it trims


def find_content(pixels: Pixels, trim: Trim) -> Box:
    """Return the box, in pixels, of the part that is not background; the whole picture if all of it is background."""
    height, width, _ = pixels.shape
    colour = np.array(trim.colour or _composite(pixels[:1, :1], TRANSPARENCY_KEY)[0, 0], np.int16)
    columns, rows = np.zeros(width, bool), np.zeros(height, bool)
    for start in range(0, height, STRIP):
        first, last = max(0, start - 1), min(height, start + STRIP + 1)
        values = _composite(pixels[first:last], TRANSPARENCY_KEY).astype(np.int16) - colour
        differs = (_differs_much if trim.denoise else _differs)(values, trim.threshold)
        differs = differs[start - first : start - first + STRIP]
        columns |= differs.any(axis=0)
        rows[start : start + STRIP] = differs.any(axis=1)
    if not rows.any():
        return (0.0, 0.0, float(width), float(height))
    (left, right), (top, bottom) = _span(columns, trim.equal_across), _span(rows, trim.equal_down)
    return (float(left), float(top), float(right), float(bottom))


def _differs(values: Shorts, threshold: float) -> Mask:
    return np.asarray((abs(values) > threshold).any(axis=2))


def _differs_much(values: Shorts, threshold: float) -> Mask:
    """Return where the median of a pixel and its eight neighbours is more than *threshold* away from 0."""
    values = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return _majority(values > threshold) | _majority(values < -threshold)


def _majority(mask: Mask) -> Mask:
    """Return where, in any channel, at least five of nine neighbours are true."""
    counts = mask.astype(np.uint8)
    counts = counts[:-2] + counts[1:-1] + counts[2:]
    counts = counts[:, :-2] + counts[:, 1:-1] + counts[:, 2:]
    return np.asarray((counts >= 5).any(axis=2))


def _span(differs: Mask, equal: bool) -> tuple[int, int]:
    """Return the first and the end index where *differs* is true; *equal* widens the span to equal margins."""
    places = np.flatnonzero(differs)
    first, last = int(places[0]), int(places[-1]) + 1
    if equal:
        first = min(first, len(differs) - last)
        last = len(differs) - first
    return first, last


def remove_colours(pixels: Pixels) -> Pixels:
    """Return *pixels* as grey of the same luminance (sRGB, IEC 61966-2-1)."""
    if pixels.shape[2] < 3:
        return pixels
    light = _light()[pixels[..., :3]] @ LUMINANCE
    grey = np.interp(light, _light(), np.arange(256)).round().astype(np.uint8)[..., None]
    return np.concatenate([grey, pixels[..., 3:]], axis=2)


@lru_cache(maxsize=1)
def _light() -> NDArray[np.float64]:
    """Return the linear light, from 0 to 1, of each of the 256 levels."""
    levels = np.arange(256) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def blur(pixels: Pixels, sigma: float) -> Pixels:
    return _apply_filter(pixels, lambda image: image.filter(ImageFilter.GaussianBlur(sigma)))


def sharpen(pixels: Pixels, sigma: float) -> Pixels:
    """Return *pixels* plus their difference from a blurred copy (an unsharp mask); alpha does not change.

    *sigma* is the standard deviation of the blur, in pixels.
    """
    if pixels.shape[2] in (1, 3):
        return _apply_filter(pixels, lambda image: image.filter(ImageFilter.UnsharpMask(sigma, 100, NOISE)))
    colours = pixels[..., :-1].astype(np.int16)
    differs = colours - blur(pixels, sigma)[..., :-1]
    differs[abs(differs) < NOISE] = 0
    return np.concatenate([(colours + differs).clip(0, 255).astype(np.uint8), pixels[..., -1:]], axis=2)


def pixelate(pixels: Pixels, size: int) -> Pixels:
    """Return *pixels* as a mosaic of squares with sides of *size* pixels."""
    height, width, _ = pixels.shape
    size = min(size, max(width, height))
    across, down = -(-width // size), -(-height // size)
    whole = np.pad(pixels, ((0, down * size - height), (0, across * size - width), (0, 0)), mode="edge")
    small = _apply_filter(whole, lambda image: image.reduce(size))
    return small.repeat(size, axis=0).repeat(size, axis=1)[:height, :width]


def extend(pixels: Pixels, plan: Plan, background: Colour | None) -> Pixels:
    """Return the canvas of *plan* with *pixels* in their place, on *background*; without one it is transparent."""
    height, width, _ = pixels.shape
    if plan.canvas == (width, height):
        return pixels
    wide, high = plan.canvas
    pixels = with_alpha(pixels)
    canvas = np.zeros((high, wide, pixels.shape[2]), np.uint8)
    if background:
        pixels = np.dstack([_composite(pixels, background), np.full((height, width), 255, np.uint8)])
        canvas = np.full((high, wide, 4), (*background, 255), np.uint8)
    canvas[plan.top : plan.top + height, plan.left : plan.left + width] = pixels
    return canvas


def watermark(pixels: Pixels, mark: Pixels, wanted: Watermark, scale: float) -> Pixels:
    """Return *pixels* with *mark* over them. The offsets of its position are multiplied by *scale*."""
    height, width, _ = pixels.shape
    if wanted.scale:
        factor = min(width * wanted.scale / mark.shape[1], height * wanted.scale / mark.shape[0])
        mark = resize(mark, max(1, round(mark.shape[1] * factor)), max(1, round(mark.shape[0] * factor)))
    mark = _rgba(mark)
    room, size = (width, height), (mark.shape[1], mark.shape[0])
    if wanted.repeat:
        across, down = offset(wanted.position.dx, width, scale), offset(wanted.position.dy, height, scale)
        layer = _tile(mark, room, (max(0, min(across, width)), max(0, min(down, height))))
    else:
        layer = np.zeros((height, width, 4), np.uint8)
        left, top = place(wanted.position, room, size, within=lambda *_: (0.0, 0.0), scale=scale, over=True)
        part = mark[max(0, -top) : height - top, max(0, -left) : width - left]
        left, top = max(0, left), max(0, top)
        layer[top : top + part.shape[0], left : left + part.shape[1]] = part
    layer[..., 3] = (layer[..., 3] * min(wanted.opacity, 1.0)).astype(np.uint8)
    alpha = pixels.shape[2] in (2, 4)
    under = Image.fromarray(_rgba(pixels))
    under.alpha_composite(Image.fromarray(layer))
    result = np.asarray(under)
    return result if alpha else np.ascontiguousarray(result[..., :3])


def _tile(mark: Pixels, room: Size, gaps: Size) -> Pixels:
    """Return *room* (width and height) tiled with *mark*, with one copy in the middle."""
    high, wide, _ = mark.shape
    tile = np.zeros((high + gaps[1], wide + gaps[0], 4), np.uint8)
    tile[gaps[1] // 2 : gaps[1] // 2 + high, gaps[0] // 2 : gaps[0] // 2 + wide] = mark
    across, down = -(-room[0] // tile.shape[1]) | 1, -(-room[1] // tile.shape[0]) | 1  # odd
    tiles = np.tile(tile, (down, across, 1))
    left, top = (tiles.shape[1] - room[0]) // 2, (tiles.shape[0] - room[1]) // 2
    return np.ascontiguousarray(tiles[top : top + room[1], left : left + room[0]])


def with_alpha(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 4 else _rgba(pixels)


def flatten(pixels: Pixels, background: Colour) -> Pixels:
    """Return *pixels* on *background*, without alpha."""
    if pixels.shape[2] in (1, 3):
        return pixels
    grey = pixels.shape[2] == 2 and len(set(background)) == 1
    over = _composite(pixels, background)
    return np.ascontiguousarray(over[..., :1]) if grey else over


def is_opaque(pixels: Pixels) -> bool:
    return pixels.shape[2] in (1, 3) or bool((pixels[..., -1] == 255).all())


def _composite(pixels: Pixels, background: Colour) -> Pixels:
    """Return *pixels* as RGB on *background*."""
    rgba = _rgba(pixels).astype(np.uint16)
    alpha = rgba[..., 3:]
    return ((rgba[..., :3] * alpha + np.array(background, np.uint16) * (255 - alpha) + 127) // 255).astype(np.uint8)


def _rgba(pixels: Pixels) -> Pixels:
    channels = pixels.shape[2]
    colours = pixels[..., :-1] if channels in (2, 4) else pixels
    alpha = pixels[..., -1:] if channels in (2, 4) else np.full((*pixels.shape[:2], 1), 255, np.uint8)
    return np.concatenate([np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours, alpha], axis=2)


def _apply_filter(pixels: Pixels, change: Callable[[Image.Image], Image.Image]) -> Pixels:
    """Return *pixels* filtered by *change*, with colours multiplied by alpha meanwhile."""
    image = Image.fromarray(pixels.squeeze(axis=2) if pixels.shape[2] == 1 else pixels)
    weighed = image.convert(PREMULTIPLIED.get(image.mode, image.mode))
    changed = np.asarray(change(weighed).convert(image.mode))
    return changed.reshape(*changed.shape[:2], pixels.shape[2])

"""What else may happen to pixels: trimming, blur, sharpening, mosaic, a canvas around them, a watermark on them."""

import numpy as np
from PIL import Image, ImageFilter

from .geometry import Plan, place
from .scaling import Box, Pixels, resize
from .spec import Colour, Trim, Watermark

TRANSPARENCY_KEY = (255, 0, 255)  # what imgproxy takes for transparent when it trims


def trimmed(pixels: Pixels, trim: Trim) -> Box:
    """Return the box of what is not background."""
    values = _over(pixels, TRANSPARENCY_KEY).astype(np.int16)
    colour = np.array(trim.colour or values[0, 0], np.int16)
    differs = abs(values - colour).max(axis=2) > trim.threshold
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    height, width = differs.shape
    if not len(rows):
        return (0.0, 0.0, float(width), float(height))  # nothing but background: as it is
    left, right = int(columns[0]), int(columns[-1]) + 1
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    if trim.equal_across:
        left = min(left, width - right)
        right = width - left
    if trim.equal_down:
        top = min(top, height - bottom)
        bottom = height - top
    return (float(left), float(top), float(right), float(bottom))


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    return _filtered(pixels, ImageFilter.GaussianBlur(sigma))


def sharpened(pixels: Pixels, sigma: float) -> Pixels:
    return _filtered(pixels, ImageFilter.UnsharpMask(radius=sigma, percent=100, threshold=2))


def pixelated(pixels: Pixels, size: int) -> Pixels:
    """Return *pixels* as a mosaic of squares of *size*."""
    height, width, _ = pixels.shape
    across, down = -(-width // size), -(-height // size)
    whole = np.pad(pixels, ((0, down * size - height), (0, across * size - width), (0, 0)), mode="edge")
    small = np.asarray(Image.fromarray(whole.squeeze()).reduce(size)).reshape(down, across, -1)
    return small.repeat(size, axis=0).repeat(size, axis=1)[:height, :width]


def on_canvas(pixels: Pixels, plan: Plan, background: Colour | None) -> Pixels:
    """Return *pixels* where *plan* puts them, on *background*, or on nothing."""
    height, width, _ = pixels.shape
    if plan.canvas == (width, height):
        return pixels
    wide, high = plan.canvas
    pixels = with_alpha(pixels)
    canvas = np.zeros((high, wide, pixels.shape[2]), np.uint8)
    if background:
        pixels = np.dstack([_over(pixels, background), np.full((height, width), 255, np.uint8)])
        canvas = np.full((high, wide, 4), (*background, 255), np.uint8)
    canvas[plan.top : plan.top + height, plan.left : plan.left + width] = pixels
    return canvas


def watermarked(pixels: Pixels, mark: Pixels, wanted: Watermark, scale: float) -> Pixels:
    """Return *pixels* with *mark* over them."""
    height, width, _ = pixels.shape
    if wanted.scale:
        factor = min(width * wanted.scale / mark.shape[1], height * wanted.scale / mark.shape[0])
        mark = resize(mark, max(1, round(mark.shape[1] * factor)), max(1, round(mark.shape[0] * factor)))
    mark = _rgba(mark)
    layer = np.zeros((height, width, 4), np.uint8)
    across, down = mark.shape[1], mark.shape[0]
    if wanted.repeat:
        step_x, step_y = across + _spacing(wanted.position.dx, width), down + _spacing(wanted.position.dy, height)
        corners = [(left, top) for top in range(0, height, step_y) for left in range(0, width, step_x)]
    else:
        room = (0.0, 0.0, float(max(width, across)), float(max(height, down)))
        left, top = place(wanted.position, room, across, down, find=lambda *_: (0.0, 0.0), scale=scale)
        corners = [(round(left), round(top))]
    for left, top in corners:
        part = mark[: height - top, : width - left]
        layer[top : top + part.shape[0], left : left + part.shape[1]] = part
    layer[..., 3] = (layer[..., 3] * min(wanted.opacity, 1.0)).astype(np.uint8)
    alpha = pixels.shape[2] in (2, 4)
    under = Image.fromarray(_rgba(pixels))
    under.alpha_composite(Image.fromarray(layer))
    result = np.asarray(under)
    return result if alpha else np.ascontiguousarray(result[..., :3])


def with_alpha(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 4 else _rgba(pixels)


def flat(pixels: Pixels, background: Colour) -> Pixels:
    """Return *pixels* without alpha: on *background*."""
    if pixels.shape[2] in (1, 3):
        return pixels
    grey = pixels.shape[2] == 2 and len(set(background)) == 1
    over = _over(pixels, background)
    return np.ascontiguousarray(over[..., :1]) if grey else over


def opaque(pixels: Pixels) -> bool:
    return pixels.shape[2] in (1, 3) or bool((pixels[..., -1] == 255).all())


def _spacing(given: float, whole: int) -> int:
    return max(0, round(given if abs(given) >= 1 else given * whole))


def _over(pixels: Pixels, background: Colour) -> Pixels:
    """Return *pixels* as RGB on *background*."""
    rgba = _rgba(pixels).astype(np.uint16)
    alpha = rgba[..., 3:]
    return ((rgba[..., :3] * alpha + np.array(background, np.uint16) * (255 - alpha) + 127) // 255).astype(np.uint8)


def _rgba(pixels: Pixels) -> Pixels:
    channels = pixels.shape[2]
    colours = pixels[..., :-1] if channels in (2, 4) else pixels
    alpha = pixels[..., -1:] if channels in (2, 4) else np.full((*pixels.shape[:2], 1), 255, np.uint8)
    return np.concatenate([np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours, alpha], axis=2)


def _filtered(pixels: Pixels, filter: ImageFilter.MultibandFilter) -> Pixels:
    filtered = Image.fromarray(pixels.squeeze(axis=2) if pixels.shape[2] == 1 else pixels).filter(filter)
    return np.asarray(filtered).reshape(pixels.shape)

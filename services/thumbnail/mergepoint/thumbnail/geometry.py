"""Where everything goes: from the size of a picture and what is wanted, which part becomes how large on what canvas.

Knows numbers only; what the picture shows comes in through *find*, for the positions that depend on it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .errors import ImpossibleSize
from .scaling import Box
from .spec import Position, Spec

Find = Callable[[str, Box, float, float], tuple[float, float]]
"""A function from ``attention`` or ``entropy``, a box, and the width and height of a part of it, to where that
starts."""


@dataclass(frozen=True)
class Plan:
    """*box* of the source becomes *width* × *height*, at *left*, *top* of a canvas. *scale* is what padding is
    scaled by."""

    box: Box
    width: int
    height: int
    canvas: tuple[int, int]
    left: int = 0
    top: int = 0
    scale: float = 1.0


def plan(box: Box, spec: Spec, find: Find, *, most: int) -> Plan:
    """Return what becomes of *box*, the picture after trimming, by *spec*; no side of the canvas is longer than
    *most*."""
    box = _cropped(box, spec, find)
    wide, high = box[2] - box[0], box[3] - box[1]
    fit = _fit(spec, wide, high)
    across, down, dpr = _scales(wide, high, spec, fit)
    asked = _asked(spec, dpr)
    width, height = max(1, round(wide * across)), max(1, round(high * down))
    if fit == "cover" or spec.min_width or spec.min_height:  # what is cut off is never made
        width, height = _kept((width, height), asked, spec, fit)
        part = min(wide, width / across), min(high, height / down)
        left, top = place(spec.position, box, *part, find=find, scale=dpr)
        box = (left, top, left + part[0], top + part[1])
    canvas, left_at, top_at = _canvas(width, height, asked, spec, dpr)
    if max(*canvas, width, height) > most:
        field = "width" if canvas[0] >= canvas[1] else "height"
        raise ImpossibleSize(f"the answer would be {canvas[0]} by {canvas[1]} pixels; {most} a side are allowed", field)
    return Plan(box, width, height, canvas, left_at, top_at, dpr)


def place(
    position: Position, room: Box, width: float, height: float, *, find: Find, scale: float = 1.0
) -> tuple[float, float]:
    """Return the left upper corner of a part, *width* × *height*, of *room*."""
    wide, high = room[2] - room[0], room[3] - room[1]
    if position.kind in ("attention", "entropy"):
        left, top = find(position.kind, room, width, height)
    elif position.kind == "point":
        left, top = room[0] + wide * position.x - width / 2, room[1] + high * position.y - height / 2
    else:
        right, down = _offset(position.dx, wide, scale), _offset(position.dy, high, scale)
        left = room[0] + (wide - width) * position.x + (-right if position.x == 1 else right)
        top = room[1] + (high - height) * position.y + (-down if position.y == 1 else down)
    return max(room[0], min(left, room[2] - width)), max(room[1], min(top, room[3] - height))


def _offset(given: float, whole: float, scale: float) -> float:
    return given * scale if abs(given) >= 1 else given * whole


def _cropped(box: Box, spec: Spec, find: Find) -> Box:
    if spec.crop is None:
        return box
    wide, high = box[2] - box[0], box[3] - box[1]
    width, height = (
        min(whole, side if side >= 1 else side * whole or whole)
        for side, whole in ((spec.crop.width, wide), (spec.crop.height, high))
    )
    width, height = max(1.0, round(width)), max(1.0, round(height))
    left, top = place(spec.crop.position, box, width, height, find=find)
    return (left, top, left + width, top + height)


def _fit(spec: Spec, wide: float, high: float) -> str:
    if spec.fit != "auto":
        return spec.fit
    alike = (wide >= high) == ((spec.width or wide) >= (spec.height or high))
    return "cover" if alike else "inside"


def _asked(spec: Spec, dpr: float) -> tuple[int, int]:
    """Return the box in pixels of the answer; 0 where a side is free."""
    width, height = ((side or 0) * zoom * dpr for side, zoom in zip((spec.width, spec.height), spec.zoom, strict=True))
    return (max(1, round(width)) if width else 0), (max(1, round(height)) if height else 0)


def _scales(wide: float, high: float, spec: Spec, fit: str) -> tuple[float, float, float]:
    """Return what width and height are multiplied by, and how much of the screen's density is in that."""
    across = spec.width / wide if spec.width else 0.0
    down = spec.height / high if spec.height else 0.0
    if fit == "fill":
        across, down = across or 1.0, down or 1.0
    elif across and down:
        across = down = max(across, down) if fit == "cover" else min(across, down)
    else:
        across = down = across or down or 1.0
    across, down, dpr = across * spec.zoom[0], down * spec.zoom[1], spec.dpr
    if not spec.upscale:
        if (growth := max(across, down)) > 1:
            across, down = across / growth, down / growth
            dpr = dpr if _extends(spec) else dpr * growth
        dpr = min(dpr, 1 / max(across, down))
    if spec.min_width and wide * across < spec.min_width:
        across, down = spec.min_width / wide, down * spec.min_width / (wide * across)
    if spec.min_height and high * down < spec.min_height:
        across, down = across * spec.min_height / (high * down), spec.min_height / high
    return across * dpr, down * dpr, dpr


def _kept(size: tuple[int, int], asked: tuple[int, int], spec: Spec, fit: str) -> tuple[int, int]:
    """Return how much of *size* the box keeps."""
    width, height = (min(side, most) if most else side for side, most in zip(size, asked, strict=True))
    if fit == "cover" and spec.keep_ratio and all(asked):
        ratio = asked[0] / asked[1]
        width, height = min(width, max(1, round(height * ratio))), min(height, max(1, round(width / ratio)))
    return width, height


def _extends(spec: Spec) -> Position | None:
    return spec.position if spec.fit == "pad" else spec.extend


def _canvas(
    width: int, height: int, asked: tuple[int, int], spec: Spec, dpr: float
) -> tuple[tuple[int, int], int, int]:
    """Return the size of the canvas, and where on it the picture goes."""
    wide, high, left, top = width, height, 0, 0
    if position := _extends(spec):
        wide, high, left, top = _extended(wide, high, max(asked[0], wide), max(asked[1], high), position, dpr)
    if spec.extend_ratio and all(asked):
        ratio = asked[0] / asked[1]
        to = max(wide, round(high * ratio)), max(high, round(wide / ratio))
        wide, high, more_left, more_top = _extended(wide, high, *to, spec.extend_ratio, dpr)
        left, top = left + more_left, top + more_top
    above, right, below, before = (round(side * dpr) for side in spec.padding)
    return (wide + before + right, high + above + below), left + before, top + above


def _extended(
    wide: int, high: int, width: int, height: int, position: Position, dpr: float
) -> tuple[int, int, int, int]:
    room = (0.0, 0.0, float(width), float(height))
    middle = (width - wide) / 2, (height - high) / 2
    left, top = place(position, room, wide, high, find=lambda *_: middle, scale=dpr)
    return width, height, round(left), round(top)

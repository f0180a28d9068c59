"""Plans an answer: which part of a picture is scaled to which size, and its place on the canvas.

Knows numbers only. Positions that depend on the content come from *find*. Sizes, offsets and rounding follow imgproxy,
so that its links give the same sizes here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ImpossibleSize
from ..spec import Crop, Position, Spec
from .scaling import Box

Size = tuple[int, int]
Find = Callable[[str, Box, float, float], tuple[float, float]]
"""A function that finds the best part of a picture.

Its arguments are ``attention`` or ``entropy``, the box to search, and the width and height of the part; it returns the
part's left upper corner.
"""
Within = Callable[[str, int, int], tuple[float, float]]
"""The same for one fixed box; the corner is relative to that of the box."""


@dataclass(frozen=True)
class Plan:
    """*box* of the source is scaled to *width* × *height* pixels and put at *left*, *top* of the canvas.

    Padding and offsets are multiplied by *scale*.
    """

    box: Box
    width: int
    height: int
    canvas: Size
    left: int = 0
    top: int = 0
    scale: float = 1.0


@dataclass(frozen=True)
class Scale:
    """The factors for width and height, and the screen's density (dpr) that they include."""

    across: float
    down: float
    dpr: float

    def times(self, factor: float) -> "Scale":
        return Scale(self.across * factor, self.down * factor, self.dpr * factor)


def plan(box: Box, spec: Spec, find: Find, *, most: int) -> Plan:
    """Return the plan that *spec* describes for *box*, the picture after trimming.

    Raises ImpossibleSize if a side of the canvas is longer than *most* pixels, or a crop leaves nothing.
    """
    box = _crop(box, spec, find)
    wide, high = box[2] - box[0], box[3] - box[1]
    fit = _fit(spec, wide, high)
    scale = _scale(wide, high, spec, fit)
    made = _lay_out(box, spec, fit, scale, find)
    tries = 4  # rounding may leave the canvas a pixel too large
    while spec.max_side and max(made.canvas) > spec.max_side and (tries := tries - 1):
        scale = scale.times(spec.max_side / max(made.canvas))
        made = _lay_out(box, spec, fit, scale, find)
    if max(made.canvas) > most:
        field = "width" if made.canvas[0] >= made.canvas[1] else "height"
        across, down = made.canvas
        raise ImpossibleSize(f"the answer would be {across} by {down} pixels; {most} a side are allowed", field)
    return made


def place(
    position: Position, room: Size, inner: Size, *, within: Within, scale: float = 1.0, over: bool = False
) -> tuple[int, int]:
    """Return the left upper corner of a part of the size *inner* in *room*.

    *scale* multiplies the position's offsets. *over* lets the part reach beyond the room, except for one pixel.
    """
    if position.kind in ("attention", "entropy"):
        found = within(position.kind, *inner)
        left, top = round(found[0]), round(found[1])
    elif position.kind == "point":
        left = round(room[0] * position.x) - inner[0] // 2
        top = round(room[1] * position.y) - inner[1] // 2
    else:
        left = _at(position.x, room[0] - inner[0], offset(position.dx, room[0], scale))
        top = _at(position.y, room[1] - inner[1], offset(position.dy, room[1], scale))
    if over:
        return max(1 - inner[0], min(left, room[0] - 1)), max(1 - inner[1], min(top, room[1] - 1))
    return max(0, min(left, room[0] - inner[0])), max(0, min(top, room[1] - inner[1]))


def offset(given: float, whole: int, scale: float) -> int:
    """Return *given* in pixels: it is a number of pixels before scaling, or, below 1, a part of *whole*."""
    return round(given * scale if abs(given) >= 1 else given * whole)


def half_up(value: float) -> int:
    return math.floor(value + 0.5)


def _at(side: float, spare: int, inwards: int) -> int:
    if side == 0.5:
        return math.ceil(spare / 2) + inwards
    return spare - inwards if side else inwards


def _crop(box: Box, spec: Spec, find: Find) -> Box:
    if spec.crop is None:
        return box
    room = round(box[2] - box[0]), round(box[3] - box[1])
    width, height = _part(spec.crop.width, room[0]), _part(spec.crop.height, room[1])
    if spec.crop.left is not None:
        return _cut_out(box, spec.crop, (width, height), room)
    position = spec.crop.position or spec.position
    left, top = place(position, room, (width, height), within=_within(find, box, 1.0, 1.0))
    return (box[0] + left, box[1] + top, box[0] + left + width, box[1] + top + height)


def _cut_out(box: Box, crop: Crop, size: Size, room: Size) -> Box:
    """Return the part of *box* that begins at *crop*, with at most *size* pixels."""
    left, top = offset(crop.left or 0.0, room[0], 1.0), offset(crop.top, room[1], 1.0)
    width, height = min(size[0], room[0] - left), min(size[1], room[1] - top)
    if width < 1 or height < 1:
        raise ImpossibleSize(f"nothing is left: the picture has {room[0]} by {room[1]} pixels", "crop")
    return (box[0] + left, box[1] + top, box[0] + left + width, box[1] + top + height)


def _part(given: float, whole: int) -> int:
    if given >= 1:
        return min(int(given), whole)
    return max(1, half_up(whole * given)) if given else whole


def _within(find: Find, box: Box, across: float, down: float) -> Within:
    """Return *find* for *box*, with lengths in pixels of the picture scaled by *across* and *down*."""

    def find_within(kind: str, width: int, height: int) -> tuple[float, float]:
        left, top = find(kind, box, width / across, height / down)
        return (left - box[0]) * across, (top - box[1]) * down

    return find_within


def _fit(spec: Spec, wide: float, high: float) -> str:
    if spec.fit != "auto":
        return spec.fit
    alike = (wide >= high) == ((spec.width or wide) >= (spec.height or high))
    return "cover" if alike else "inside"


def _scale(wide: float, high: float, spec: Spec, fit: str) -> Scale:
    """Return the scale of an answer.

    The factors are those of shrinking, computed in imgproxy's order, so that floats round to the same pixel.
    """
    across, down = _shrink_factor(wide, spec.width), _shrink_factor(high, spec.height)
    if fit != "fill":
        if not (spec.width and spec.height):
            across = down = across if spec.width else down
        else:
            across = down = min(across, down) if fit == "cover" else max(across, down)
    across, down, dpr = across / spec.zoom[0], down / spec.zoom[1], spec.dpr
    if not spec.upscale:
        if (least := min(across, down)) < 1:
            across, down = across / least, down / least
            dpr = dpr if _extends(spec) else dpr / least
        dpr = min(dpr, across, down)
    if spec.min_width and wide / spec.min_width < across:
        across, down = wide / spec.min_width, down / (across / (wide / spec.min_width))
    if spec.min_height and high / spec.min_height < down:
        across, down = across / (down / (high / spec.min_height)), high / spec.min_height
    return Scale(1 / min(across / dpr, wide), 1 / min(down / dpr, high), dpr)


def _shrink_factor(whole: float, wanted: int | None) -> float:
    return whole / wanted if wanted else 1.0


def _lay_out(box: Box, spec: Spec, fit: str, scale: Scale, find: Find) -> Plan:
    wide, high = box[2] - box[0], box[3] - box[1]
    scaled = max(1, half_up(wide * scale.across)), max(1, half_up(high * scale.down))
    asked = _target_size(spec, scale.dpr)
    kept = _visible_size(scaled, asked, spec, fit)
    if kept != scaled:  # the part that is cut off is never scaled
        across, down = scaled[0] / wide, scaled[1] / high
        left, top = place(spec.position, scaled, kept, within=_within(find, box, across, down), scale=scale.dpr)
        start = box[0] + left / across, box[1] + top / down
        box = (*start, start[0] + kept[0] / across, start[1] + kept[1] / down)
    canvas, left, top = _canvas(kept, asked, spec, scale.dpr)
    return Plan(box, *kept, canvas, left, top, scale.dpr)


def _target_size(spec: Spec, dpr: float) -> Size:
    """Return the box in pixels of the answer; 0 stands for a side that is not given."""
    width, height = (
        (side or 0) * (dpr * zoom) for side, zoom in zip((spec.width, spec.height), spec.zoom, strict=True)
    )
    return (max(1, half_up(width)) if width else 0), (max(1, half_up(height)) if height else 0)


def _visible_size(scaled: Size, asked: Size, spec: Spec, fit: str) -> Size:
    """Return the size of the part of the *scaled* picture that remains in the target box."""
    if fit == "cover" and spec.keep_ratio and not spec.upscale and all(asked):
        across, down = asked[0] / scaled[0], asked[1] / scaled[1]
        if across > down and across > 1:
            return scaled[0], max(1, half_up(scaled[0] * (asked[1] / asked[0])))
        if down > across and down > 1:
            return max(1, half_up(scaled[1] * (asked[0] / asked[1]))), scaled[1]
    return min(scaled[0], asked[0] or scaled[0]), min(scaled[1], asked[1] or scaled[1])


def _extends(spec: Spec) -> Position | None:
    return spec.position if spec.fit == "pad" else spec.extend


def _canvas(size: Size, asked: Size, spec: Spec, dpr: float) -> tuple[Size, int, int]:
    """Return the size of the canvas, and the left and top of the picture on it."""
    canvas, left, top = size, 0, 0
    if position := _extends(spec):
        canvas = max(asked[0], size[0]), max(asked[1], size[1])
        left, top = _place_on(position, canvas, size, dpr)
    if spec.extend_ratio and all(asked):
        across, down = asked[0] / size[0], asked[1] / size[1]
        width = half_up(size[1] * (asked[0] / asked[1])) if across > down else size[0]
        height = half_up(size[0] * (asked[1] / asked[0])) if down > across else size[1]
        wider = max(canvas[0], width), max(canvas[1], height)
        more = _place_on(spec.extend_ratio, wider, canvas, dpr)
        canvas, left, top = wider, left + more[0], top + more[1]
    above, right, below, before = (round(side * dpr) for side in spec.padding)
    return (canvas[0] + before + right, canvas[1] + above + below), left + before, top + above


def _place_on(position: Position, canvas: Size, size: Size, dpr: float) -> tuple[int, int]:
    middle = (canvas[0] - size[0]) / 2, (canvas[1] - size[1]) / 2
    return place(position, canvas, size, within=lambda *_: middle, scale=dpr)

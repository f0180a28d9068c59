"""imgproxy's processing options: for each, the function that applies its arguments to a Spec.

https://docs.imgproxy.net/usage/processing explains them. An argument that is left out keeps the previous value, as in
imgproxy, whose presets depend on that.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..spec import Crop, Position, Spec, Trim
from .arguments import (
    LARGEST,
    OTHER_FORMATS,
    BadArgument,
    above_zero,
    at_most,
    boolean,
    colour,
    number,
    parse_format,
    whole,
)

SIDES = {
    "ce": (0.5, 0.5), "no": (0.5, 0.0), "so": (0.5, 1.0), "ea": (1.0, 0.5), "we": (0.0, 0.5),
    "noea": (1.0, 0.0), "nowe": (0.0, 0.0), "soea": (1.0, 1.0), "sowe": (0.0, 1.0),
}  # fmt: skip
TYPES = {"fit": "inside", "fill": "cover", "fill-down": "cover", "force": "fill", "auto": "auto"}
Apply = Callable[[Spec, list[str]], Spec]


def gravity(arguments: list[str], before: Position, *, smart: bool = True) -> Position:
    """Return the position that *arguments* name; offsets that they leave out are those of *before*.

    *smart* says whether ``sm`` is allowed. Raises BadArgument.
    """
    at_most(3, arguments)
    kind, *offsets = arguments
    if kind in ("obj", "objw"):
        raise BadArgument(f"{kind} is one of imgproxy's paid gravities")
    if kind == "sm":
        if not smart or offsets:
            raise BadArgument("sm takes no offsets, and is for cropping only; name a side, such as ce")
        return Position("attention")
    if kind == "fp":
        if len(offsets) != 2:
            raise BadArgument("fp takes two numbers from 0 to 1")
        return Position("point", number(offsets[0], 0, 1), number(offsets[1], 0, 1))
    if kind not in SIDES:
        raise BadArgument(f"one of {', '.join(SIDES)}, fp, sm is expected")
    kept = (before.x, before.y) if before.kind == "point" else (before.dx, before.dy)
    given = [number(offset, -LARGEST) for offset in offsets]
    across, down = *given, *kept[len(given) :]
    return Position("side", *SIDES[kind], across, down)


def _size(spec: Spec, arguments: list[str]) -> Spec:
    at_most(7, arguments)
    width, height, enlarge, *extend = arguments + [""] * (4 - len(arguments))
    if width:
        spec = replace(spec, width=whole(width) or None)
    if height:
        spec = replace(spec, height=whole(height) or None)
    if enlarge:
        spec = replace(spec, upscale=boolean(enlarge))
    return _extend("extend")(spec, extend) if extend[0] else spec


def _resize(spec: Spec, arguments: list[str]) -> Spec:
    at_most(8, arguments)
    if arguments[0]:
        spec = _type(spec, arguments[:1])
    return _size(spec, arguments[1:]) if len(arguments) > 1 else spec


def _type(spec: Spec, arguments: list[str]) -> Spec:
    at_most(1, arguments)
    if arguments[0] not in TYPES:
        raise BadArgument(f"one of {', '.join(TYPES)} is expected")
    return replace(spec, fit=TYPES[arguments[0]], keep_ratio=arguments[0] == "fill-down")


def _extend(field: str) -> Apply:
    def apply(spec: Spec, arguments: list[str]) -> Spec:
        at_most(4, arguments)
        enabled, *place = arguments
        before = getattr(spec, field) or Position()
        position = gravity(place, before, smart=False) if place else before
        chosen: Any = {field: position if boolean(enabled) else None}
        return replace(spec, **chosen)

    return apply


def _zoom(spec: Spec, arguments: list[str]) -> Spec:
    at_most(2, arguments)
    across = above_zero(arguments[0])
    return replace(spec, zoom=(across, above_zero(arguments[1]) if len(arguments) > 1 else across))


def _crop(spec: Spec, arguments: list[str]) -> Spec:
    before = spec.crop or Crop()
    width, *more = arguments
    height = number(more[0], 0) if more else before.height
    position = gravity(more[1:], before.position or Position()) if more[1:] else before.position
    crop = Crop(number(width, 0), height, position)
    return replace(spec, crop=crop)


def _gravity(spec: Spec, arguments: list[str]) -> Spec:
    return replace(spec, position=gravity(arguments, spec.position))


def _trim(spec: Spec, arguments: list[str]) -> Spec:
    at_most(4, arguments)
    threshold, key, across, down = arguments + [""] * (4 - len(arguments))
    if not threshold:
        return replace(spec, trim=None)
    before = spec.trim or Trim(0)
    equal_across = boolean(across) if across else before.equal_across
    equal_down = boolean(down) if down else before.equal_down
    chosen = colour(key) if key else None
    return replace(spec, trim=Trim(number(threshold, 0), chosen, equal_across, equal_down, denoise=True))


def _padding(spec: Spec, arguments: list[str]) -> Spec:
    at_most(4, arguments)
    top, right, bottom, left = arguments + [""] * (4 - len(arguments))
    above = whole(top) if top else spec.padding[0]
    after = whole(right) if right else above
    return replace(spec, padding=(above, after, whole(bottom) if bottom else above, whole(left) if left else after))


def _rotate(spec: Spec, arguments: list[str]) -> Spec:
    at_most(1, arguments)
    degrees = whole(arguments[0], -LARGEST)
    if degrees % 90:
        raise BadArgument("a multiple of 90 is expected")
    return replace(spec, rotate=degrees % 360)


def _flip(spec: Spec, arguments: list[str]) -> Spec:
    at_most(2, arguments)
    across, down = [*arguments, ""][:2]
    return replace(spec, flip=(boolean(across) if across else spec.flip[0], boolean(down) if down else spec.flip[1]))


def _background(spec: Spec, arguments: list[str]) -> Spec:
    if len(arguments) == 3:
        red, green, blue = (whole(argument, 0, 255) for argument in arguments)
        return replace(spec, background=(red, green, blue))
    if len(arguments) != 1:
        raise BadArgument("a colour in hexadecimal, or three numbers, are expected")
    return replace(spec, background=colour(arguments[0]) if arguments[0] else None)


def _qualities(spec: Spec, arguments: list[str]) -> Spec:
    if len(arguments) % 2:
        raise BadArgument("a quality after each format is expected")
    found = dict(spec.qualities)
    for name, value in zip(arguments[::2], arguments[1::2], strict=True):
        quality = whole(value, 0, 100)
        if name not in OTHER_FORMATS:
            found[parse_format(name)] = quality
    return replace(spec, qualities=tuple(found.items()))


def _one(field: str, read: Callable[[str], Any]) -> Apply:
    def apply(spec: Spec, arguments: list[str]) -> Spec:
        at_most(1, arguments)
        return replace(spec, **{field: read(arguments[0])})

    return apply


def _or_none(most: int = LARGEST) -> Callable[[str], int | None]:
    """Return a parser of whole numbers that returns None for 0."""
    return lambda text: whole(text, 0, most) or None


OPTIONS: Mapping[str, Apply] = {
    name: apply
    for names, apply in {
        ("resize", "rs"): _resize,
        ("size", "s"): _size,
        ("resizing_type", "rt"): _type,
        ("width", "w"): _one("width", _or_none()),
        ("height", "h"): _one("height", _or_none()),
        ("min-width", "mw"): _one("min_width", whole),
        ("min-height", "mh"): _one("min_height", whole),
        ("zoom", "z"): _zoom,
        ("dpr",): _one("dpr", above_zero),
        ("enlarge", "el"): _one("upscale", boolean),
        ("extend", "ex"): _extend("extend"),
        ("extend_aspect_ratio", "extend_ar", "exar"): _extend("extend_ratio"),
        ("gravity", "g"): _gravity,
        ("crop", "c"): _crop,
        ("trim", "t"): _trim,
        ("padding", "pd"): _padding,
        ("auto_rotate", "ar"): _one("auto_rotate", boolean),
        ("rotate", "rot"): _rotate,
        ("flip", "fl"): _flip,
        ("background", "bg"): _background,
        ("blur", "bl"): _one("blur", lambda text: number(text, 0, 100)),
        ("sharpen", "sh"): _one("sharpen", lambda text: number(text, 0, 100)),
        ("pixelate", "pix"): _one("pixelate", whole),
        ("strip_metadata", "sm"): _one("strip", boolean),
        ("keep_copyright", "kcr"): _one("keep_copyright", boolean),
        ("strip_color_profile", "scp"): _one("keep_profile", lambda text: not boolean(text)),
        ("enforce_thumbnail", "eth"): _one("embedded", boolean),
        ("quality", "q"): _one("quality", _or_none(100)),
        ("format_quality", "fq"): _qualities,
        ("max_bytes", "mb"): _one("max_bytes", _or_none(10**9)),
        ("format", "f", "ext"): _one("format", parse_format),
    }.items()
    for name in names
}

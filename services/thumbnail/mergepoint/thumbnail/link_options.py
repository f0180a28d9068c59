"""imgproxy's processing options, one line each: what its arguments make of a Spec.

https://docs.imgproxy.net/usage/processing says what they mean; an argument that is left out keeps what was there.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .spec import Colour, Crop, Position, Spec, Trim

SIDES = {
    "ce": (0.5, 0.5), "no": (0.5, 0.0), "so": (0.5, 1.0), "ea": (1.0, 0.5), "we": (0.0, 0.5),
    "noea": (1.0, 0.0), "nowe": (0.0, 0.0), "soea": (1.0, 1.0), "sowe": (0.0, 1.0),
}  # fmt: skip
TYPES = {"fit": "inside", "fill": "cover", "fill-down": "cover", "force": "fill", "auto": "auto"}
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "gif": "GIF"}
HEX = re.compile(r"[0-9a-f]{3}|[0-9a-f]{6}", re.ASCII | re.IGNORECASE)
LARGEST = 1_000_000
Apply = Callable[[Spec, list[str]], Spec]


class BadArgument(ValueError):
    """An argument is not what the option takes; the message says what that is."""


def whole(text: str, least: int = 0, most: int = LARGEST) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", text) or not least <= int(text) <= most:
        raise BadArgument(f"a whole number from {least} to {most} is expected")
    return int(text)


def number(text: str, least: float, most: float = LARGEST) -> float:
    try:
        value = float(text) if re.fullmatch(r"[0-9.eE+-]{1,20}", text) else math.nan
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise BadArgument(f"a number from {least:g} to {most:g} is expected")
    return value


def above_zero(text: str) -> float:
    return number(text, 1e-6)


def boolean(text: str) -> bool:
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise BadArgument("1 or 0 is expected")


def colour(text: str) -> Colour:
    if not HEX.fullmatch(text):
        raise BadArgument("a colour in hexadecimal is expected")
    digits = text if len(text) == 6 else "".join(digit * 2 for digit in text)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def format_named(text: str) -> str:
    if text not in FORMATS:
        raise BadArgument(f"one of {', '.join(FORMATS)} is expected")
    return FORMATS[text]


def side(name: str, across: str = "", down: str = "") -> Position:
    if name not in SIDES:
        raise BadArgument(f"one of {', '.join(SIDES)} is expected")
    return Position("side", *SIDES[name], number(across or "0", -LARGEST), number(down or "0", -LARGEST))


def gravity(arguments: list[str]) -> Position:
    kind, across, down = [*arguments, "", ""][:3]
    if kind in ("obj", "objw"):
        raise BadArgument(f"{kind} is one of imgproxy's paid gravities")
    if kind == "sm":
        return Position("attention")
    if kind == "fp":
        return Position("point", number(across, 0, 1), number(down, 0, 1))
    return side(kind, across, down)


def _size(spec: Spec, arguments: list[str]) -> Spec:
    width, height, enlarge, *extend = arguments + [""] * (4 - len(arguments))
    if width:
        spec = replace(spec, width=whole(width) or None)
    if height:
        spec = replace(spec, height=whole(height) or None)
    if enlarge:
        spec = replace(spec, upscale=boolean(enlarge))
    return _extend(spec, extend) if extend and extend[0] else spec


def _resize(spec: Spec, arguments: list[str]) -> Spec:
    if arguments[0]:
        spec = _type(spec, arguments)
    return _size(spec, arguments[1:]) if len(arguments) > 1 else spec


def _type(spec: Spec, arguments: list[str]) -> Spec:
    if arguments[0] not in TYPES:
        raise BadArgument(f"one of {', '.join(TYPES)} is expected")
    return replace(spec, fit=TYPES[arguments[0]], keep_ratio=arguments[0] == "fill-down")


def _extent(arguments: list[str]) -> Position | None:
    if not boolean(arguments[0]):
        return None
    if arguments[1:2] in (["sm"], ["obj"], ["objw"]):
        raise BadArgument(f"{arguments[1]} says nothing about where to put a picture")
    return gravity(arguments[1:]) if arguments[1:] and arguments[1] else Position()


def _extend(spec: Spec, arguments: list[str]) -> Spec:
    return replace(spec, extend=_extent(arguments))


def _zoom(spec: Spec, arguments: list[str]) -> Spec:
    across = above_zero(arguments[0])
    return replace(spec, zoom=(across, above_zero(arguments[1]) if len(arguments) > 1 else across))


def _crop(spec: Spec, arguments: list[str]) -> Spec:
    width, height, *place = arguments + [""] * (2 - len(arguments))
    position = gravity(place) if place and place[0] else spec.position
    return replace(spec, crop=Crop(number(width or "0", 0), number(height or "0", 0), position))


def _gravity(spec: Spec, arguments: list[str]) -> Spec:
    position = gravity(arguments)
    if spec.crop and spec.crop.position == spec.position:  # the crop's own was left out
        spec = replace(spec, crop=replace(spec.crop, position=position))
    return replace(spec, position=position)


def _trim(spec: Spec, arguments: list[str]) -> Spec:
    threshold, key, across, down = (arguments + [""] * 4)[:4]
    if not threshold:
        return replace(spec, trim=None)
    trim = Trim(number(threshold, 0, 255 * 3), colour(key) if key else None)
    return replace(spec, trim=replace(trim, equal_across=_yes(across), equal_down=_yes(down)))


def _yes(text: str) -> bool:
    return bool(text) and boolean(text)


def _padding(spec: Spec, arguments: list[str]) -> Spec:
    top, right, bottom, left = (arguments + [""] * 4)[:4]
    above = whole(top) if top else spec.padding[0]
    after = whole(right) if right else above
    return replace(spec, padding=(above, after, whole(bottom) if bottom else above, whole(left) if left else after))


def _rotate(spec: Spec, arguments: list[str]) -> Spec:
    degrees = whole(arguments[0], -LARGEST)
    if degrees % 90:
        raise BadArgument("a multiple of 90 is expected")
    return replace(spec, rotate=degrees % 360)


def _flip(spec: Spec, arguments: list[str]) -> Spec:
    across, down = [*arguments, ""][:2]
    return replace(spec, flip=(_yes(across) if across else spec.flip[0], _yes(down) if down else spec.flip[1]))


def _background(spec: Spec, arguments: list[str]) -> Spec:
    if len(arguments) == 3:
        red, green, blue = (whole(argument, 0, 255) for argument in arguments)
        return replace(spec, background=(red, green, blue))
    if len(arguments) != 1:
        raise BadArgument("a colour in hexadecimal, or three numbers, are expected")
    return replace(spec, background=colour(arguments[0]) if arguments[0] else None)


def _quality(spec: Spec, arguments: list[str]) -> Spec:
    return replace(spec, quality=whole(arguments[0], 0, 100) or None)


def _qualities(spec: Spec, arguments: list[str]) -> Spec:
    if len(arguments) % 2:
        raise BadArgument("a quality after each format is expected")
    found = dict(spec.qualities)
    for name, value in zip(arguments[::2], arguments[1::2], strict=True):
        found[format_named(name)] = whole(value, 0, 100)
    return replace(spec, qualities=tuple(found.items()))


def _no_thumbnails(spec: Spec, arguments: list[str]) -> Spec:
    """Our decoder never shows what is embedded, and imgproxy takes the picture itself where nothing is."""
    boolean(arguments[0])
    return spec


def _one(field: str, read: Callable[[str], Any]) -> Apply:
    return lambda spec, arguments: replace(spec, **{field: read(arguments[0])})


OPTIONS: Mapping[str, Apply] = {
    name: apply
    for names, apply in {
        ("resize", "rs"): _resize,
        ("size", "s"): _size,
        ("resizing_type", "rt"): _type,
        ("width", "w"): _one("width", lambda text: whole(text) or None),
        ("height", "h"): _one("height", lambda text: whole(text) or None),
        ("min-width", "mw"): _one("min_width", whole),
        ("min-height", "mh"): _one("min_height", whole),
        ("zoom", "z"): _zoom,
        ("dpr",): _one("dpr", above_zero),
        ("enlarge", "el"): _one("upscale", boolean),
        ("extend", "ex"): _extend,
        ("extend_aspect_ratio", "extend_ar", "exar"): lambda spec, given: replace(spec, extend_ratio=_extent(given)),
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
        ("enforce_thumbnail", "eth"): _no_thumbnails,
        ("quality", "q"): _quality,
        ("format_quality", "fq"): _qualities,
        ("max_bytes", "mb"): _one("max_bytes", lambda text: whole(text, 0, 10**9) or None),
        ("format", "f", "ext"): _one("format", format_named),
    }.items()
    for name in names
}

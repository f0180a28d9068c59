"""A parsed link, and imgproxy's options for its delivery and its limits. link_options.py has those for its pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..spec import Limits, Position, Spec, Watermark
from .arguments import (
    LARGEST,
    OTHER_FORMATS,
    BadArgument,
    at_most,
    boolean,
    from_base64,
    number,
    parse_format,
    unescape,
    whole,
)
from .link_options import SIDES

# Without an extension a WebP or AVIF becomes a JPEG, PNG or GIF, as with imgproxy's preferred formats.
DEFAULT = Spec(keep_copyright=True, keep_ratio=False, takes=(), best_effort=True)
NO_WATERMARK = Watermark(b"", 0.0)


@dataclass(frozen=True)
class Link:
    """A parsed URL.

    *expires* is in seconds since 1970, *most_bytes* limits the size of the source, and *unprocessed* names the formats
    that are delivered as they are.
    """

    spec: Spec = DEFAULT
    source: str = ""
    expires: int | None = None
    filename: str | None = None
    attachment: bool = False
    raw: bool = False
    unprocessed: tuple[str, ...] = ()
    watermark: Watermark = NO_WATERMARK
    limits: Limits | None = None
    most_bytes: int | None = None


def _watermark(link: Link, arguments: list[str]) -> Link:
    before = link.watermark
    at_most(7, arguments)
    opacity, place, across, down, scale = (arguments + [""] * 4)[:5]
    if place and place != "re" and place not in SIDES:
        raise BadArgument(f"one of {', '.join(SIDES)}, re is expected")
    x, y = SIDES.get(place or "", (before.position.x, before.position.y))
    dx = number(across, -LARGEST) if across else before.position.dx
    dy = number(down, -LARGEST) if down else before.position.dy
    repeat = place == "re" if place else before.repeat
    size = number(scale, 0, 100) if scale else before.scale
    mark = Watermark(b"", number(opacity, 0, 1), Position("side", x, y, dx, dy), repeat, size)
    return replace(link, watermark=mark)


def _expires(link: Link, arguments: list[str]) -> Link:
    at_most(1, arguments)
    return replace(link, expires=max(0, whole(arguments[0], -(10**15), 10**15)) or None)


def _filename(link: Link, arguments: list[str]) -> Link:
    at_most(2, arguments)
    name, encoded = [*arguments, ""][:2]
    try:
        given = from_base64(name) if boolean(encoded) else unescape(name)
        return replace(link, filename=given.decode() or None)
    except ValueError:
        raise BadArgument("percent-encoded UTF-8, or base64url of it and 1, are expected") from None


def _unprocessed(link: Link, arguments: list[str]) -> Link:
    named = [parse_format(argument) for argument in arguments if argument not in OTHER_FORMATS]
    return replace(link, unprocessed=(*link.unprocessed, *named))


def _one(field: str) -> Callable[[Link, list[str]], Link]:
    def apply(link: Link, arguments: list[str]) -> Link:
        at_most(1, arguments)
        return replace(link, **{field: boolean(arguments[0])})  # type: ignore[arg-type]

    return apply


def _cachebuster(link: Link, arguments: list[str]) -> Link:
    at_most(1, arguments)
    return link


DELIVERY: Mapping[str, Callable[[Link, list[str]], Link]] = {
    name: apply
    for names, apply in {
        ("expires", "exp"): _expires,
        ("filename", "fn"): _filename,
        ("return_attachment", "att"): _one("attachment"),
        ("raw",): _one("raw"),
        ("skip_processing", "skp"): _unprocessed,
        ("cachebuster", "cb"): _cachebuster,
        ("watermark", "wm"): _watermark,
    }.items()
    for name in names
}


def _set_limits(link: Link, **limits: Any) -> Link:
    return replace(link, limits=replace(link.limits or Limits(), **limits))


def _pixels(text: str) -> int:
    """Return the pixels of *text* megapixels."""
    return round(number(text, 0) * 1e6)


def _frames(link: Link, text: str) -> Link:
    frames = whole(text, 1)
    return _set_limits(replace(link, spec=replace(link.spec, frames=frames)), frames=frames)


def _side(link: Link, text: str) -> Link:
    """Scale larger answers down to this side, in pixels; 0 means the operator's limit."""
    side = max(0, whole(text, -LARGEST))
    return _set_limits(replace(link, spec=replace(link.spec, max_side=side)), **({"side": side} if side else {}))


LIMITING: Mapping[str, Callable[[Link, str], Link]] = {
    name: apply
    for names, apply in {
        ("max_src_resolution", "msr"): lambda link, text: _set_limits(link, pixels=_pixels(text), pixels_by_format=()),
        ("max_src_file_size", "msfs"): lambda link, text: replace(
            link, most_bytes=max(0, whole(text, -LARGEST, 10**12)) or None
        ),
        ("max_animation_frames", "maf"): _frames,
        ("max_animation_frame_resolution", "mafr"): lambda link, text: _set_limits(link, frame_pixels=_pixels(text)),
        ("max_result_dimension", "mrd"): _side,
    }.items()
    for name in names
}

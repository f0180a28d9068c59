"""imgproxy's URLs: ``/<options>/plain/<source>[@ext]`` and ``/<options>/<base64url of the source>[.ext]``, without the
signature. Every free option is known, with imgproxy's meaning; a paid one is refused by name, as is an unknown one.

What the options say of the picture becomes a Spec (link_options.py); the rest is about how the answer is delivered.
"""

import base64
import binascii
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .link_options import OPTIONS, BadArgument, boolean, format_named, number, side, whole
from .spec import Limits, Spec, Watermark

PAID = {
    "resizing_algorithm", "ra", "objects_position", "obj_pos", "op", "crop_aspect_ratio", "crop_ar", "car",
    "background_alpha", "bga", "adjust", "a", "brightness", "br", "contrast", "co", "saturation", "sa", "monochrome",
    "mc", "duotone", "dt", "unsharp_masking", "unsharpening", "ush", "blur_detections", "bd", "draw_detections", "dd",
    "colorize", "col", "gradient", "gr", "watermark_url", "wmu", "watermark_text", "wmt", "watermark_size", "wms",
    "watermark_rotate", "wm_rot", "wmr", "watermark_shadow", "wmsh", "style", "st", "dpi", "autoquality", "aq",
    "jpeg_options", "jpgo", "png_options", "pngo", "webp_options", "webpo", "avif_options", "avifo", "page", "pg",
    "pages", "pgs", "disable_animation", "da", "video_thumbnail_second", "vts", "video_thumbnail_keyframes", "vtk",
    "video_thumbnail_tile", "vtt", "video_thumbnail_animation", "vta", "fallback_image_url", "fiu", "hashsum", "hs",
    "crop_objects", "co_obj",
}  # fmt: skip
SECURITY = {"max_src_resolution", "msr", "max_src_file_size", "msfs", "max_animation_frames", "maf",
            "max_animation_frame_resolution", "mafr", "max_result_dimension", "mrd"}  # fmt: skip
ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")
MOST_PRESETS = 20


class BadLink(ValueError):
    """It is not one of imgproxy's URLs."""

    code = "malformed_link"


class UnknownOption(ValueError):
    """An option that does not exist here, or that takes something else; *field* is its name."""

    def __init__(self, code: str, option: str, message: str) -> None:
        super().__init__(f"{option}: {message}")
        self.code = code
        self.field = option


class Expired(ValueError):
    """Its time is over."""

    code = "expired"


DEFAULT = Spec(keep_copyright=True, keep_ratio=False)


@dataclass(frozen=True)
class Link:
    """What a URL asks for. *expires* is in seconds since 1970; *most_bytes* is of the source."""

    spec: Spec = DEFAULT
    source: str = ""
    expires: int | None = None
    filename: str | None = None
    attachment: bool = False
    raw: bool = False
    unprocessed: tuple[str, ...] = ()
    limits: Limits | None = None
    most_bytes: int | None = None


@dataclass(frozen=True)
class Grammar:
    """What an operator adds to the options: *presets* by name, a *watermark*, and whether links may move limits."""

    presets: Mapping[str, str] = field(default_factory=dict)
    watermark: bytes = b""
    limits: Limits | None = None
    now: Callable[[], float] = time.time

    def parse(self, path: str) -> Link:
        """Return what *path* asks for; raise BadLink, UnknownOption or Expired."""
        parts = path.removeprefix("/").split("/")
        count = next((number for number, part in enumerate(parts) if ":" not in part), len(parts))
        link = self._apply(Link(), ["preset:default"] if "default" in self.presets else [], ())
        link = self._apply(link, parts[:count], ())
        source, extension = _source(parts[count:])
        if extension and not link.raw:
            link = self._apply(link, [f"format:{extension}"], ())
        if link.expires and link.expires < self.now():
            raise Expired(f"this link ended at {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(link.expires))} UTC")
        return replace(link, source=source)

    def preset(self, name: str) -> Spec:
        """Return the picture that the preset *name* describes."""
        return self._apply(Link(), [f"preset:{name}"], ()).spec

    def _apply(self, link: Link, options: Sequence[str], within: tuple[str, ...]) -> Link:
        for option in options:
            name, *given = option.split(":")
            arguments = given or [""]
            try:
                link = self._one(link, name, arguments, within)
            except BadArgument as error:
                raise UnknownOption("invalid_option", name[:60], str(error)) from None
        return link

    def _one(self, link: Link, name: str, arguments: list[str], within: tuple[str, ...]) -> Link:
        if name in OPTIONS:
            return replace(link, spec=OPTIONS[name](link.spec, arguments))
        if name in ("preset", "pr"):
            return self._presets(link, arguments, within)
        if name in ("watermark", "wm"):
            return self._watermark(link, arguments)
        if name in SECURITY:
            return self._security(link, name, arguments)
        if name in DELIVERY:
            return DELIVERY[name](link, arguments)
        known = "is one of imgproxy's paid options" if name in PAID else "there is no such option"
        raise UnknownOption("unknown_option", name[:60], known)

    def _presets(self, link: Link, names: Sequence[str], within: tuple[str, ...]) -> Link:
        for name in names:
            if name not in self.presets:
                raise UnknownOption("unknown_preset", "preset", f"no preset is called {name[:60]!r}")
            if name not in within and len(within) < MOST_PRESETS:
                link = self._apply(link, self.presets[name].split("/"), (*within, name))
        return link

    def _watermark(self, link: Link, arguments: list[str]) -> Link:
        opacity, place, across, down, scale = (arguments + [""] * 5)[:5]
        position = side(place.replace("re", "ce") or "ce", across, down)
        strength = number(opacity, 0, 1)
        mark = Watermark(self.watermark, strength, position, place == "re", number(scale or "0", 0, 100))
        return replace(link, spec=replace(link.spec, watermark=mark if strength and self.watermark else None))

    def _security(self, link: Link, name: str, arguments: list[str]) -> Link:
        if self.limits is None:
            raise UnknownOption("option_not_allowed", name, "links may not move limits here")
        limits, value = link.limits or self.limits, arguments[0]
        if name in ("max_src_file_size", "msfs"):
            return replace(link, most_bytes=whole(value, 1))
        if name in ("max_animation_frames", "maf"):
            return replace(link, spec=replace(link.spec, frames=whole(value, 1)))
        if name in ("max_result_dimension", "mrd"):
            return replace(link, limits=replace(limits, side=whole(value, 1)))
        return replace(link, limits=replace(limits, pixels=round(number(value, 1e-6) * 1e6), pixels_by_format=()))


def _source(parts: Sequence[str]) -> tuple[str, str]:
    """Return the source's URL and the extension after it, if there is one."""
    if parts and parts[0] == "enc" and len(parts) > 1:
        raise UnknownOption("unknown_option", "enc", "encrypted sources are one of imgproxy's paid options")
    plain = len(parts) > 1 and parts[0] == "plain"
    text, *more = "/".join(parts[1:]).split("@") if plain else "".join(parts).split(".")
    if not text:
        raise BadLink("the source is missing")
    if len(more) > 1:
        raise BadLink("more than one extension")
    try:
        source = _unescaped(text) if plain else base64.b64decode(_padded(text), b"-_", validate=True)
        return source.decode(), more[0] if more else ""
    except (binascii.Error, ValueError):
        raise BadLink("the source is not base64url, or not UTF-8") from None


def _padded(text: str) -> str:
    text = text.rstrip("=")
    return text + "=" * (-len(text) % 4)


def _unescaped(text: str) -> bytes:
    return ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text.encode())


def _expires(link: Link, arguments: list[str]) -> Link:
    return replace(link, expires=whole(arguments[0], 0, 10**15) or None)


def _filename(link: Link, arguments: list[str]) -> Link:
    name, encoded = [*arguments, ""][:2]
    try:
        given = (
            base64.b64decode(_padded(name), b"-_", validate=True) if encoded and boolean(encoded) else _unescaped(name)
        )
        return replace(link, filename=given.decode() or None)
    except (binascii.Error, ValueError):
        raise BadArgument("base64url of UTF-8 is expected") from None


def _unprocessed(link: Link, arguments: list[str]) -> Link:
    return replace(link, unprocessed=(*link.unprocessed, *map(format_named, arguments)))


DELIVERY: Mapping[str, Callable[[Link, list[str]], Link]] = {
    name: apply
    for names, apply in {
        ("expires", "exp"): _expires,
        ("filename", "fn"): _filename,
        ("return_attachment", "att"): lambda link, given: replace(link, attachment=boolean(given[0])),
        ("raw",): lambda link, given: replace(link, raw=boolean(given[0])),
        ("skip_processing", "skp"): _unprocessed,
        ("cachebuster", "cb"): lambda link, given: link,
    }.items()
    for name in names
}

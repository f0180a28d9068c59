"""imgproxy's URLs: ``/<options>/plain/<source>[@ext]`` and ``/<options>/<base64url of the source>[.ext]``, without the
signature. Every free option has imgproxy's meaning; paid and unknown options are refused by name.

Options of the picture become a Spec (link_options.py); options of its delivery stay in the Link (link.py).
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..spec import Limits, Spec
from .arguments import BadArgument, at_most, from_base64, unescape, whole
from .link import DELIVERY, LIMITING, Link
from .link_options import OPTIONS

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
ESCAPED_COLON = re.compile("%3A", re.IGNORECASE)
FRAMES = ("max_animation_frames", "maf")
MOST_PRESETS = 20


class BadLink(ValueError):
    """The path is not one of imgproxy's URLs."""

    code = "malformed_link"


class UnknownOption(ValueError):
    """An option that does not exist here, or does not accept its arguments; *field* is its name."""

    def __init__(self, code: str, option: str, message: str) -> None:
        super().__init__(f"{option}: {message}")
        self.code = code
        self.field = option


class Expired(ValueError):
    """The link has expired."""

    code = "expired"


@dataclass(frozen=True)
class Grammar:
    """The operator's part of the grammar.

    *presets* maps names to options, *watermark* holds the bytes of a picture. Links may change *limits* unless that is
    None.
    """

    presets: Mapping[str, str] = field(default_factory=dict)
    watermark: bytes = b""
    limits: Limits | None = None
    frames: int = 1
    """The default number of frames that a link keeps, and the most that it may ask for. Presets may keep more."""
    now: Callable[[], float] = time.time

    def parse(self, path: str) -> Link:
        """Return the Link that *path* describes; raise BadLink, UnknownOption or Expired."""
        parts = with_colons(path).removeprefix("/").split("/")
        count = next((number for number, part in enumerate(parts) if ":" not in part), len(parts))
        link = Link(spec=replace(Link().spec, frames=self.frames))
        link = self._apply(link, ["preset:default"] if "default" in self.presets else [], ())
        link = self._apply(link, parts[:count], ())
        source, extension = _source(parts[count:])
        if extension and not link.raw:
            link = self._apply(link, [f"format:{extension}"], ())
        if link.expires and link.expires < self.now():
            raise Expired(f"this link expired at {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(link.expires))} UTC")
        return self._add_watermark(replace(link, source=source))

    def preset(self, name: str) -> Spec:
        """Return the picture that the preset *name* describes."""
        return self._add_watermark(self._apply(Link(), [f"preset:{name}"], ())).spec

    def _add_watermark(self, link: Link) -> Link:
        """Return *link* with the operator's picture as its watermark, if the link asks for a watermark."""
        if not (self.watermark and link.watermark.opacity):
            return link
        return replace(link, spec=replace(link.spec, watermark=replace(link.watermark, image=self.watermark)))

    def _apply(self, link: Link, options: Sequence[str], within: tuple[str, ...]) -> Link:
        for option in options:
            name, *arguments = option.split(":")
            try:
                link = self._apply_one(link, name, arguments or [""], within)
            except BadArgument as error:
                raise UnknownOption("invalid_option", name[:60], str(error)) from None
        return link

    def _apply_one(self, link: Link, name: str, arguments: list[str], within: tuple[str, ...]) -> Link:
        if name in OPTIONS:
            return replace(link, spec=OPTIONS[name](link.spec, arguments))
        if name in ("preset", "pr"):
            return self._apply_presets(link, arguments, within)
        if name in LIMITING:
            return self._apply_limit(link, name, arguments, within)
        if name in DELIVERY:
            return DELIVERY[name](link, arguments)
        known = "is one of imgproxy's paid options" if name in PAID else "there is no such option"
        raise UnknownOption("unknown_option", name[:60], known)

    def _apply_presets(self, link: Link, names: Sequence[str], within: tuple[str, ...]) -> Link:
        for name in names:
            if name not in self.presets:
                raise UnknownOption("unknown_preset", "preset", f"no preset is called {name[:60]!r}")
            if name not in within and len(within) < MOST_PRESETS:
                link = self._apply(link, self.presets[name].split("/"), (*within, name))
        return link

    def _apply_limit(self, link: Link, name: str, arguments: list[str], within: tuple[str, ...]) -> Link:
        if name in FRAMES and self.limits is None:
            return self._set_frames(link, name, arguments, within)
        if self.limits is None:
            raise UnknownOption("option_not_allowed", name, "links cannot change limits here")
        at_most(1, arguments)
        return LIMITING[name](replace(link, limits=link.limits or self.limits), arguments[0])

    def _set_frames(self, link: Link, name: str, arguments: list[str], within: tuple[str, ...]) -> Link:
        """Set the most frames. A link may keep at most *frames* of the grammar; a preset may keep more."""
        at_most(1, arguments)
        wanted = whole(arguments[0], 1, Limits().frames)
        if wanted > self.frames and not within:
            raise UnknownOption("option_not_allowed", name, f"at most {self.frames}: THUMBNAIL_MAX_FRAMES")
        return replace(link, spec=replace(link.spec, frames=wanted))


def with_colons(path: str) -> str:
    """Return *path* with unescaped colons in its options, where the client sent %3A."""
    parts = path.split("/")
    end = parts.index("plain") if "plain" in parts else len(parts)
    changed = [part if ":" in part else ESCAPED_COLON.sub(":", part) for part in parts[:end]]
    return "/".join([*changed, *parts[end:]])


def _source(parts: Sequence[str]) -> tuple[str, str]:
    """Return the source's URL and the extension after it, if there is one."""
    if parts and parts[0] == "enc" and len(parts) > 1:
        raise UnknownOption("unknown_option", "enc", "encrypted sources are one of imgproxy's paid options")
    plain = len(parts) > 1 and parts[0] == "plain"
    text, *more = "/".join(parts[1:]).split("@") if plain else "".join(parts).split(".")
    if not text:
        raise BadLink("the source is missing")
    if len(more) > 1:
        raise BadLink("the source has more than one extension; escape @ and . within it")
    try:
        source = unescape(text) if plain else from_base64(text)
        return source.decode(), more[0] if more else ""
    except ValueError:
        raise BadLink("the source is not percent-encoded or base64url, or not UTF-8") from None

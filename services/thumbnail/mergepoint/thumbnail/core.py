"""A picture in, the right small picture out. Knows Pillow and numpy; knows nothing of HTTP and nothing of us."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from .codecs.encoding import ALPHA, ANIMATED, QUALITY, TYPES, Extras, LaterFrames, Style, encode
from .codecs.metadata import Metadata
from .codecs.pictures import Picture
from .errors import BrokenImage, DoesNotFit
from .files.damage import Damage
from .files.embedded import thumbnail_within
from .files.original import strip
from .pixels import effects, smart_crop
from .pixels.colours import needs_conversion, to_srgb
from .pixels.geometry import Plan, Size, plan
from .pixels.orientation import QUARTERS, Orientation
from .pixels.scaling import Box, Pixels, resize
from .spec import Limits, Position, Spec

WHITE = (255, 255, 255)
DEEP_ENOUGH = 8  # bits: of fewer a source has few colours
COLOURS = 256
GREYS = 16  # of one-bit drawings and text made small: a step of 17 levels is not seen at their edges
PROGRESSIVE_RATIO = 20  # so much larger a source is where writing it twice costs a tenth of the call at most
LIMITS = Limits()


@dataclass(frozen=True)
class Thumbnail:
    """A file: its *bytes*, its media *type*, its size; and the size of what it was made from, turned as it was
    meant."""

    bytes: bytes
    type: str
    width: int
    height: int
    origin_width: int
    origin_height: int
    damage: Damage | None = None
    """What is wrong with the file, if anything was found."""
    degraded: bool = False
    """Whether that is to be seen: pixels or frames are missing."""


def thumbnail(image: BinaryIO | bytes, spec: Spec = Spec(), *, limits: Limits = LIMITS) -> Thumbnail:  # noqa: B008
    """Return *image*, a whole file, made as *spec* says.

    Raises NotAnImage, BrokenImage, ImageTooLarge, ImpossibleSize and DoesNotFit. Its size is checked before it is
    decoded, but the decoders run here: whoever does not trust the file runs this where it can be ended.
    """
    return thumbnails(image, [spec], limits=limits)[0]


def thumbnails(image: BinaryIO | bytes, specs: Sequence[Spec], *, limits: Limits = LIMITS) -> list[Thumbnail]:
    """Return *image* made as each of *specs* says, decoding it once."""
    data = image if isinstance(image, bytes) else image.read()
    frames = max((spec.frames or limits.frames + 1) for spec in specs)
    source = _source(data, specs, limits, frames if frames <= limits.frames else 0)
    return [source.render(spec) for spec in specs]


def _source(data: bytes, specs: Sequence[Spec], limits: Limits, frames: int) -> "LoadedPicture":
    small = thumbnail_within(data) if all(spec.embedded for spec in specs) else None
    if small:
        with suppress(BrokenImage):
            return LoadedPicture(Picture(small, limits, frames=frames), specs, limits)
    strict = any(spec.strict for spec in specs)
    return LoadedPicture(Picture(data, limits, frames=frames, strict=strict), specs, limits)


class LoadedPicture:
    """A picture, loaded once, as large as the largest of *specs* needs it."""

    def __init__(self, picture: Picture, specs: Sequence[Spec], limits: Limits) -> None:
        self.picture = picture
        self.limits = limits
        self.width, self.height = picture.width, picture.height  # before it is loaded smaller
        if not any(spec.trim for spec in specs):
            picture.shrink_for(max(map(self._scale, specs)))
        self.pixels = picture.first()
        self._small: Pixels | None = None

    def render(self, spec: Spec) -> Thumbnail:
        turn = self.turn(spec)
        width, height = turn.size(self.width, self.height)
        box: Box = (0.0, 0.0, float(width), float(height))
        if spec.trim:
            box = effects.find_content(turn.apply(self.pixels), spec.trim)

        def find(kind: str, room: Box, wide: float, high: float) -> tuple[float, float]:
            return smart_crop.find(kind, turn.apply(self.small()), (width, height), room, wide, high)

        made = plan(box, spec, find, most=self.limits.side)
        whole = self._original(spec, made, turn)
        if whole:
            return self._answer(whole, self.picture.header.format, (self.width, self.height), spec)
        pixels = self._draw(self.pixels, made, turn, spec)
        format = self.format_for(spec, pixels)
        sequel = self._sequel(made, turn, spec, format)
        if format not in ALPHA:
            pixels = effects.flatten(pixels, spec.background or WHITE)
        pixels = _without_needless_alpha(pixels)
        quality = spec.quality or dict(spec.qualities).get(format) or None
        profile = self._profile(spec) if pixels.shape[2] > 2 else b""
        extras = Extras(self._notes(spec), profile, sequel, self._style(spec, pixels))
        data = _encoded(pixels, format, quality, spec, extras)
        return self._answer(data, format, (pixels.shape[1], pixels.shape[0]), spec)

    def _answer(self, data: bytes, format: str, size: Size, spec: Spec) -> Thumbnail:
        held = self.picture.orientation if spec.auto_rotate else Orientation()
        origin = held.size(self.width, self.height)
        damage = self.picture.damage
        if spec.strict and damage:
            raise BrokenImage(f"the file {damage.what}")
        degraded = damage is not None and damage.degrades(spec.frames)
        return Thumbnail(data, TYPES[format], *size, *origin, damage, degraded)

    def turn(self, spec: Spec) -> Orientation:
        turn = self.picture.orientation if spec.auto_rotate else Orientation()
        return turn.then(QUARTERS[spec.rotate // 90 % 4]).then(Orientation(mirror=spec.flip[0], flip=spec.flip[1]))

    def small(self) -> Pixels:
        """Return a small copy of all of it, not turned, to look at."""
        if self._small is None:
            scale = min(1.0, smart_crop.SIDE / max(self.width, self.height))
            self._small = resize(self.pixels, max(1, round(self.width * scale)), max(1, round(self.height * scale)))
        return self._small

    def format_for(self, spec: Spec, pixels: Pixels) -> str:
        """Return the format of the answer, which may depend on what the reader takes and on alpha and frames."""
        source = self.picture.header.format
        if spec.format or (spec.takes is None and source in TYPES):
            return spec.format or source
        if spec.frames != 1 and self.picture.frames > 1:
            return "WEBP" if "WEBP" in (spec.takes or ()) else "PNG" if source == "PNG" else "GIF"
        takes, usual = spec.takes or (), source
        if source not in ("JPEG", "PNG", "GIF"):
            usual = "JPEG" if effects.is_opaque(pixels) and not self._few_before else "PNG"
        return next((format for format in takes if format == usual or format in ("AVIF", "WEBP")), usual)

    def _original(self, spec: Spec, made: Plan, turn: Orientation) -> bytes | None:
        """Return the source's own compressed pixels, if they are all that is wanted, and nothing is to be converted."""
        picture, header = self.picture, self.picture.header
        asked = spec.quality or spec.max_bytes or spec.palette or dict(spec.qualities).get(header.format)
        changes = spec.blur or spec.sharpen or spec.greyscale or spec.pixelate > 1 or spec.watermark or spec.background
        whole: Box = (0.0, 0.0, float(header.width), float(header.height))
        all_of_it = made == Plan(whole, *header.size, header.size, scale=made.scale)
        if (
            asked
            or changes
            or picture.damage
            or not all_of_it
            or turn != Orientation()
            or self._notes(spec) != Metadata()
        ):
            return None
        if needs_conversion(picture.icc) or self._profile(spec) or header.space == "cmyk":
            return None
        if (spec.format or self.format_for(spec, self.pixels)) != header.format:
            return None
        return strip(picture.data, header)

    def _style(self, spec: Spec, pixels: Pixels) -> Style:
        """Return how the answer is written, as its source is: in few colours, or losslessly."""
        header, few_before = self.picture.header, self._few_before
        few = 0
        if spec.palette or (few_before and not spec.format):
            few = COLOURS if spec.palette or header.palette else GREYS
        lossless = header.lossless and not spec.quality and not spec.max_bytes
        progressive = header.pixels >= PROGRESSIVE_RATIO * pixels.shape[0] * pixels.shape[1]
        return Style(spec.palette or few_before, few, lossless, progressive)

    @property
    def _few_before(self) -> bool:
        """Whether the source has few colours: a palette, or few levels of grey."""
        header = self.picture.header
        return header.palette or (header.space == "grey" and header.depth < DEEP_ENOUGH)

    def _scale(self, spec: Spec) -> float:
        """Return how large what is wanted is beside what there is, wherever it will be cut."""
        turn = self.turn(spec)
        width, height = turn.size(self.width, self.height)
        anywhere = replace(spec, position=Position(), crop=spec.crop and replace(spec.crop, position=None))
        made = plan((0.0, 0.0, width, height), anywhere, lambda *_: (0.0, 0.0), most=self.limits.side)
        left, top, right, bottom = made.box
        return max(made.width / (right - left), made.height / (bottom - top))

    def _draw(self, pixels: Pixels, made: Plan, turn: Orientation, spec: Spec) -> Pixels:
        left, top, right, bottom = turn.source_box(made.box, self.width, self.height)
        across, down = pixels.shape[1] / self.width, pixels.shape[0] / self.height
        box = (left * across, top * down, right * across, bottom * down)
        drawn = turn.apply(resize(pixels, *turn.size(made.width, made.height), box))
        if not self._profile(spec):
            drawn = to_srgb(drawn, self.picture.icc)
        if spec.greyscale:
            drawn = effects.remove_colours(drawn)
        if spec.blur:
            drawn = effects.blur(drawn, spec.blur)
        if spec.sharpen:
            drawn = effects.sharpen(drawn, spec.sharpen)
        if spec.pixelate > 1:
            drawn = effects.pixelate(drawn, spec.pixelate)
        drawn = effects.extend(drawn, made, spec.background)
        if spec.background:
            drawn = effects.flatten(drawn, spec.background)
        if spec.watermark:
            mark = Picture(spec.watermark.image, self.limits).first()
            drawn = effects.watermark(drawn, mark, spec.watermark, made.scale)
        return drawn

    def _sequel(self, made: Plan, turn: Orientation, spec: Spec, format: str) -> LaterFrames:
        if spec.frames == 1 or self.picture.frames == 1 or format not in ANIMATED:
            return LaterFrames()
        count = min(spec.frames or self.picture.frames, self.picture.frames)
        frames, durations = [], []
        for number, (pixels, duration) in enumerate(self.picture.all()):
            if number == count:
                break
            durations.append(duration)
            if number:
                frames.append(_without_needless_alpha(self._draw(pixels, made, turn, spec)))
        return LaterFrames(frames, durations, self.picture.plays)

    def _profile(self, spec: Spec) -> bytes:
        """Return the profile that is kept: one of red, green and blue, by formats that have any."""
        icc = self.picture.icc or b""
        kept = spec.keep_profile and icc[16:20] == b"RGB " and (spec.format or self.picture.header.format) != "GIF"
        return icc if kept else b""

    def _notes(self, spec: Spec) -> Metadata:
        """Return what is kept of what the camera wrote: nothing, unless it was asked for."""
        if not spec.strip:
            return self.picture.metadata.all()
        return self.picture.metadata.owners() if spec.keep_copyright else Metadata()


def _without_needless_alpha(pixels: Pixels) -> Pixels:
    return effects.flatten(pixels, WHITE) if effects.is_opaque(pixels) else pixels


def _encoded(pixels: Pixels, format: str, quality: int | None, spec: Spec, extras: Extras) -> bytes:
    most = None if spec.best_effort and format not in QUALITY else spec.max_bytes
    try:
        return encode(pixels, format, quality, most, extras)
    except DoesNotFit as error:
        if spec.best_effort:
            return error.smallest
        raise

"""Makes a file from decoded pixels: a list of steps, in order, each a function in this module.

A step decides whether there is something to do, and hands the work to pixels/ or codecs/. This module does not know how
a file is opened (loading.py) or how its format is chosen (output.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from . import output
from .codecs.encoding import ALPHA, ANIMATED, QUALITY, Extras, LaterFrames, encode
from .codecs.pictures import Picture
from .errors import BrokenImage, DoesNotFit
from .files.damage import Damage
from .formats import TYPES
from .loading import LoadedPicture
from .pixels import colours, effects, geometry, smart_crop
from .pixels.geometry import Plan, Size
from .pixels.orientation import Orientation
from .pixels.scaling import Box, Pixels, resize
from .spec import Spec

WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Thumbnail:
    """A file: its *bytes*, its media *type*, its size in pixels, and the size of its source, turned upright."""

    bytes: bytes
    type: str
    width: int
    height: int
    origin_width: int
    origin_height: int
    damage: Damage | None = None
    """The damage of the source; None if none was found."""
    degraded: bool = False
    """Whether the damage is visible: pixels or frames are missing."""


@dataclass
class Job:
    """One loaded picture, its Spec, and the results of the steps so far, in the order in which they are made."""

    loaded: LoadedPicture
    spec: Spec
    orientation: Orientation
    profile: bytes
    """The ICC profile that the answer keeps; if it is empty, colours become sRGB."""
    box: Box = field(init=False)
    """The part of the turned picture that remains after trimming."""
    plan: Plan = field(init=False)
    pixels: Pixels = field(init=False)
    """The first frame of the answer."""
    format: str = field(init=False)
    later: LaterFrames = field(init=False)
    data: bytes = b""
    """The file. The pipeline ends with the step that makes it."""
    size: Size = (0, 0)

    @cached_property
    def mark(self) -> Pixels:
        """The pixels of the watermark."""
        assert self.spec.watermark
        return Picture(self.spec.watermark.image, self.loaded.limits).first()


def run(loaded: LoadedPicture, spec: Spec) -> Thumbnail:
    """Return *loaded* made as *spec* says; raise BrokenImage, ImageTooLarge, ImpossibleSize or DoesNotFit."""
    job = Job(loaded, spec, loaded.orientation(spec), output.keep_profile(loaded, spec))
    for step in STEPS:
        step(job)
        if job.data:
            break
    return _answer(job)


def _answer(job: Job) -> Thumbnail:
    loaded, spec = job.loaded, job.spec
    damage = loaded.picture.damage  # decoding later frames may have found more
    if spec.strict and damage:
        raise BrokenImage(f"the file {damage.what}")
    origin = loaded.camera_orientation(spec).size(loaded.width, loaded.height)
    degraded = damage is not None and damage.degrades(spec.frames)
    return Thumbnail(job.data, TYPES[job.format], *job.size, *origin, damage, degraded)


def trim(job: Job) -> None:
    """Find the part that is not background; it is the whole picture if nothing is trimmed."""
    width, height = job.orientation.size(job.loaded.width, job.loaded.height)
    job.box = (0.0, 0.0, float(width), float(height))
    if job.spec.trim:
        job.box = effects.find_content(job.orientation.apply(job.loaded.pixels), job.spec.trim)


def plan(job: Job) -> None:
    """Decide which part of the picture is scaled to which size, and its place on the canvas."""
    size = job.orientation.size(job.loaded.width, job.loaded.height)

    def find(kind: str, room: Box, width: float, height: float) -> tuple[float, float]:
        return smart_crop.find(kind, job.orientation.apply(job.loaded.small()), size, room, width, height)

    job.plan = geometry.plan(job.box, job.spec, find, most=job.loaded.limits.side)


def keep_original(job: Job) -> None:
    """End here with the source's own compressed pixels, if the answer would have the same pixels."""
    whole = output.keep_original(job.loaded, job.spec, job.plan, job.orientation)
    if whole:
        job.data, job.size = whole, (job.loaded.width, job.loaded.height)
        job.format = job.loaded.picture.header.format


def draw_first_frame(job: Job) -> None:
    job.pixels = draw(job.loaded.pixels, job)


def choose_format(job: Job) -> None:
    job.format = output.choose_format(job.loaded, job.spec, job.pixels)


def draw_later_frames(job: Job) -> None:
    """Draw the frames after the first in the same way, if the answer is animated."""
    picture, spec = job.loaded.picture, job.spec
    job.later = LaterFrames()
    if spec.frames == 1 or picture.frames == 1 or job.format not in ANIMATED:
        return
    count = min(spec.frames or picture.frames, picture.frames)
    frames, durations = [], []
    for number, (pixels, duration) in enumerate(picture.all()):
        if number == count:
            break
        durations.append(duration)
        if number:
            frames.append(_drop_needless_alpha(draw(pixels, job)))
    job.later = LaterFrames(frames, durations, picture.plays)


def flatten(job: Job) -> None:
    """Put the picture on its background, or on white, if the format has no alpha; drop alpha if all is opaque."""
    if job.format not in ALPHA:
        job.pixels = effects.flatten(job.pixels, job.spec.background or WHITE)
    job.pixels = _drop_needless_alpha(job.pixels)


def write(job: Job) -> None:
    """Encode the answer, within *max_bytes* if that is given."""
    loaded, spec, pixels = job.loaded, job.spec, job.pixels
    profile = job.profile if pixels.shape[2] > 2 else b""
    style = output.choose_style(loaded, spec, pixels)
    extras = Extras(output.keep_metadata(loaded, spec), profile, job.later, style)
    quality = spec.quality or dict(spec.qualities).get(job.format) or None
    most = None if spec.best_effort and job.format not in QUALITY else spec.max_bytes
    job.size = (pixels.shape[1], pixels.shape[0])
    try:
        job.data = encode(pixels, job.format, quality, most, extras)
    except DoesNotFit as error:
        if not spec.best_effort:
            raise
        job.data = error.smallest


def _drop_needless_alpha(pixels: Pixels) -> Pixels:
    return effects.flatten(pixels, WHITE) if effects.is_opaque(pixels) else pixels


STEPS: tuple[Callable[[Job], None], ...] = (
    trim,
    plan,
    keep_original,
    draw_first_frame,
    choose_format,
    draw_later_frames,
    flatten,
    write,
)


def draw(pixels: Pixels, job: Job) -> Pixels:
    """Return a frame of the answer: the frame *pixels* of the source after all steps of DRAWING."""
    for step in DRAWING:
        pixels = step(pixels, job)
    return pixels


def scale(pixels: Pixels, job: Job) -> Pixels:
    """Crop and scale in one step, before turning. The plan's box is turned back to the source's orientation."""
    loaded, made = job.loaded, job.plan
    left, top, right, bottom = job.orientation.source_box(made.box, loaded.width, loaded.height)
    across, down = pixels.shape[1] / loaded.width, pixels.shape[0] / loaded.height
    box = (left * across, top * down, right * across, bottom * down)
    return resize(pixels, *job.orientation.size(made.width, made.height), box)


def orient(pixels: Pixels, job: Job) -> Pixels:
    return job.orientation.apply(pixels)


def convert_colours(pixels: Pixels, job: Job) -> Pixels:
    return pixels if job.profile else colours.to_srgb(pixels, job.loaded.picture.icc)


def remove_colours(pixels: Pixels, job: Job) -> Pixels:
    return effects.remove_colours(pixels) if job.spec.greyscale else pixels


def blur(pixels: Pixels, job: Job) -> Pixels:
    return effects.blur(pixels, job.spec.blur) if job.spec.blur else pixels


def sharpen(pixels: Pixels, job: Job) -> Pixels:
    return effects.sharpen(pixels, job.spec.sharpen) if job.spec.sharpen else pixels


def pixelate(pixels: Pixels, job: Job) -> Pixels:
    return effects.pixelate(pixels, job.spec.pixelate) if job.spec.pixelate > 1 else pixels


def extend(pixels: Pixels, job: Job) -> Pixels:
    """Put the picture on a larger canvas, if the plan has one."""
    return effects.extend(pixels, job.plan, job.spec.background)


def fill_background(pixels: Pixels, job: Job) -> Pixels:
    return effects.flatten(pixels, job.spec.background) if job.spec.background else pixels


def watermark(pixels: Pixels, job: Job) -> Pixels:
    wanted = job.spec.watermark
    return effects.watermark(pixels, job.mark, wanted, job.plan.scale) if wanted else pixels


DRAWING: tuple[Callable[[Pixels, Job], Pixels], ...] = (
    scale,
    orient,
    convert_colours,
    remove_colours,
    blur,
    sharpen,
    pixelate,
    extend,
    fill_background,
    watermark,
)

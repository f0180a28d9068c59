"""A Spec: a frozen description of the wanted picture, in the words of the service's options."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Colour = tuple[int, int, int]

COMPASS = {
    "center": (0.5, 0.5),
    "north": (0.5, 0.0),
    "south": (0.5, 1.0),
    "east": (1.0, 0.5),
    "west": (0.0, 0.5),
    "north-east": (1.0, 0.0),
    "north-west": (0.0, 0.0),
    "south-east": (1.0, 1.0),
    "south-west": (0.0, 1.0),
}


POINT = re.compile(r"(0|1|0?\.\d{1,6}|[01]\.\d{1,6}),(0|1|0?\.\d{1,6}|[01]\.\d{1,6})", re.ASCII)
HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.ASCII | re.IGNORECASE)
CROP = re.compile(r"(?:\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(?:,(?:\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})){3}", re.ASCII)
FORMAT_WORDS = {"jpg": "jpeg"} | {name: name for name in ("auto", "jpeg", "webp", "avif", "png", "gif")}
FRAME_WORDS = {"first": 1, "all": 0}


@dataclass(frozen=True)
class Position:
    """The place of a smaller rectangle in a larger one.

    The *kind* ``side`` divides the free room by *x*, *y*, from 0 to 1, then moves the rectangle inwards by *dx*, *dy*:
    pixels, or, below 1, parts of the larger rectangle. ``point`` centres it on the point *x*, *y*, from 0 to 1.
    ``attention`` and ``entropy`` choose the most interesting part (pixels/smart_crop.py).
    """

    kind: str = "side"
    x: float = 0.5
    y: float = 0.5
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True)
class Crop:
    """A part to cut out first. Lengths are pixels, or, below 1, parts of the whole; 0 means all of it.

    Without a *position* of its own, the Spec's position is used.
    """

    width: float = 0.0
    height: float = 0.0
    position: Position | None = None
    left: float | None = None
    """With *top*, the left upper corner of the part, instead of *position*. The part ends at the picture's edges."""
    top: float = 0.0


@dataclass(frozen=True)
class Trim:
    """Cut off edges within *threshold* levels, from 0 to 255, of *colour* (None: that of the left upper corner).

    *equal_across* and *equal_down* cut opposite edges equally. *denoise* ignores single pixels and lines.
    """

    threshold: float = 10.0
    colour: Colour | None = None
    equal_across: bool = False
    equal_down: bool = False
    denoise: bool = False


@dataclass(frozen=True)
class Watermark:
    """Put *image* (the bytes of a file) over the result, with an *opacity* from 0 to 1.

    *scale* is its size relative to the result's; 0 keeps its own. *repeat* tiles it.
    """

    image: bytes = field(repr=False)
    opacity: float = 1.0
    position: Position = Position()
    repeat: bool = False
    scale: float = 0.0


@dataclass(frozen=True)
class Spec:
    """A description of the wanted picture.

    *width* and *height*, in pixels, are the box for *fit*; one is enough, and without both the picture keeps its size.
    *fit* is one of: ``inside``, all of the picture in the box; ``cover``, the whole box, cutting at *position*;
    ``fill``, the whole box, distorting; ``pad``, inside, on a box of *background*; ``auto``, cover if box and picture
    are both landscape or both portrait, else inside. Nothing grows without *upscale*. *format* is Pillow's name; None
    keeps the source's.

    The words of the service's options are also accepted: ``format="png"``, ``position="attention"``, ``frames="all"``.
    Raises ValueError for other words.
    """

    width: int | None = None
    height: int | None = None
    fit: str = "inside"
    position: Position = Position()
    format: str | None = None
    takes: tuple[str, ...] | None = None
    """If *format* is None: the formats that the client accepts besides JPEG, PNG and GIF. The first suitable one is
    used."""
    palette: bool = False
    """Give a PNG at most 256 colours. If its source has a palette, that is automatic where it loses nothing, or where
    *format* is None."""
    quality: int | None = None
    qualities: tuple[tuple[str, int], ...] = ()
    """Pairs of format and quality, used if *quality* is None."""
    max_bytes: int | None = None
    best_effort: bool = False
    """If no quality meets *max_bytes*, use the lowest instead of raising DoesNotFit. Formats without a quality then
    ignore *max_bytes*."""
    dpr: float = 1.0
    upscale: bool = False
    background: Colour | None = None
    auto_rotate: bool = True
    blur: float = 0.0
    sharpen: float = 0.0
    greyscale: bool = False
    trim: Trim | None = None
    strip: bool = True
    keep_copyright: bool = False
    keep_profile: bool = False
    frames: int = 1
    """The most frames of an answer; 0 means all. Formats without animation have one."""

    strict: bool = False
    """Raise BrokenImage for a damaged file, even if all its pixels can be decoded."""

    # Options that only imgproxy's URLs have
    keep_ratio: bool = True
    """A ``cover`` that may not grow keeps the ratio of the box instead of its smaller side."""
    crop: Crop | None = None
    min_width: int = 0
    min_height: int = 0
    zoom: tuple[float, float] = (1.0, 1.0)
    max_side: int = 0
    """The longest side of the answer, padding included, in pixels; 0 for no limit. Larger answers are scaled down."""
    extend: Position | None = None
    extend_ratio: Position | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Top, right, bottom and left, in pixels."""
    rotate: int = 0
    """Degrees clockwise, a multiple of 90."""
    flip: tuple[bool, bool] = (False, False)
    """Left to right, top to bottom."""
    embedded: bool = False
    """Use the thumbnail that the file embeds, if it has one, instead of the picture."""
    pixelate: int = 0
    watermark: Watermark | None = None

    def __post_init__(self) -> None:
        for name, read in WORDS.items():
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, read(value))
            except (ValueError, KeyError) as error:
                raise ValueError(
                    f"{name}: {error if isinstance(error, ValueError) else 'unknown'}: {value!r}"
                ) from None
        turns: object = self.rotate
        if turns in ("auto", "none"):
            object.__setattr__(self, "auto_rotate", turns == "auto")
            object.__setattr__(self, "rotate", 0)


@dataclass(frozen=True)
class Limits:
    """Limits on the pixels that one call decodes and makes.

    The cost of a pixel depends on the decoder, so each format has a limit of its own.
    """

    pixels: int = 64_000_000
    pixels_by_format: tuple[tuple[str, int], ...] = (
        ("AVIF", 24_000_000),
        ("BMP", 50_000_000),
        ("GIF", 50_000_000),
        ("HEIF", 50_000_000),
        ("ICO", 4_000_000),
        ("PNG", 50_000_000),
        ("TIFF", 36_000_000),
        ("WEBP", 24_000_000),
    )
    frames: int = 500
    frame_pixels: int = 0
    """The most pixels of each frame of an animation; 0 means that *pixels* limits the sum of all frames."""
    side: int = 4096
    """The longest side of an answer, in pixels."""
    more_formats: tuple[str, ...] = ()
    """The formats among ``TIFF``, ``BMP`` and ``ICO`` that are accepted. The default is none, since few callers need
    their decoders."""

    def pixels_for(self, format: str) -> int:
        return min(self.pixels, dict(self.pixels_by_format).get(format, self.pixels))


def parse_position(value: str) -> Position:
    """Return the position that *value* names: a side, ``attention``, ``entropy``, or ``x,y`` from 0 to 1.

    Raises ValueError for other words.
    """
    if value in COMPASS:
        return Position("side", *COMPASS[value])
    if value in ("attention", "entropy"):
        return Position(value)
    if POINT.fullmatch(value):
        x, y = map(float, value.split(","))
        if max(x, y) <= 1:
            return Position("point", x, y)
    raise ValueError(f"one of {', '.join([*COMPASS, 'attention', 'entropy'])}, or a point from 0,0 to 1,1")


def parse_colour(value: str) -> Colour:
    """Return red, green and blue of ``rrggbb`` or ``rgb``, with or without ``#``; raise ValueError otherwise."""
    if not HEX.fullmatch(value):
        raise ValueError("a colour in hexadecimal, such as ffffff")
    digits = value.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def parse_crop(value: str) -> Crop:
    """Return the part ``x,y,width,height``, in pixels, or, below 1, in parts of the whole.

    Raises ValueError for any other text.
    """
    if not CROP.fullmatch(value):
        raise ValueError("four numbers between commas: x,y,width,height")
    left, top, width, height = map(float, value.split(","))
    if not (width and height):
        raise ValueError("a width and a height above 0")
    return Crop(width, height, left=left, top=top)


def _word(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Return a function that parses strings with *read* and returns any other value unchanged."""
    return lambda value: read(value) if isinstance(value, str) else value


def _format(word: str) -> str | None:
    known = FORMAT_WORDS.get(word.lower())
    if known is None:
        raise ValueError(f"one of {', '.join(FORMAT_WORDS)} is expected")
    return None if known == "auto" else known.upper()


def _turns(word: str) -> str | int:
    return word if word in ("auto", "none") else int(word)


WORDS: dict[str, Callable[[Any], Any]] = {
    "format": _word(_format),
    "position": _word(parse_position),
    "background": _word(parse_colour),
    "crop": _word(parse_crop),
    "frames": _word(lambda word: FRAME_WORDS[word]),
    "rotate": _word(_turns),
    "trim": lambda value: Trim(value) if isinstance(value, int | float) else value,
}
"""For each field, the function that parses the words of options."""

"""The options of the calls. Each class serves for validation, the OpenAPI document and the command line's flags."""

import re
from dataclasses import replace
from typing import Annotated, ClassVar, Literal
from urllib.parse import unquote, unquote_to_bytes

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from mergepoint.kit.options import Binary, Options

from .spec import FORMAT_WORDS, FRAME_WORDS, Limits, Spec, Trim, parse_colour, parse_crop, parse_position

Fit = Literal["inside", "cover", "fill", "pad"]
FormatName = Literal["auto", "jpeg", "webp", "avif", "png", "gif"]
FORMATS = ("avif", "webp", "jpeg", "png", "gif")
MOST_WIDTHS = 12
SPACE = re.compile(r"[ \t\r\n]+")
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
LARGEST = 65_535  # pixels of a side; THUMBNAIL_MAX_SIDE is lower by default


def _check_with(parse: object) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is not None:
            parse(value)  # type: ignore[operator]
        return value

    return AfterValidator(check)


def _format(value: object) -> object:
    return FORMAT_WORDS.get(value.lower(), value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _join_list(value: object) -> object:
    """Join a list (from JSON) with commas; return any other value unchanged."""
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _from_text(value: object) -> object:
    """Accept the usual forms of base64: with line breaks, base64url (RFC 4648, section 5), a data URL (RFC 2397)."""
    if not isinstance(value, str):
        return value
    if value[:5].lower() == "data:":
        about, comma, value = value.partition(",")
        if not comma:
            raise ValueError("a data URL without a comma")
        if not about.lower().endswith(";base64"):
            return unquote_to_bytes(value)
        value = unquote(value)
    text = SPACE.sub("", value).replace("-", "+").replace("_", "/").rstrip("=")
    return text + "=" * (-len(text) % 4)


def _widths(value: str) -> str:
    words = value.split(",")
    if not all(re.fullmatch(r"[1-9][0-9]{0,4}", word, re.ASCII) for word in words) or len(words) > MOST_WIDTHS:
        raise ValueError(f"whole numbers from 1 to 99999, at most {MOST_WIDTHS}: 320,640")
    return value


def _formats(value: str) -> str:
    words = [FORMAT_WORDS.get(word.lower(), "") for word in value.split(",")]
    if not set(words) <= set(FORMATS):
        raise ValueError(f"some of {', '.join(FORMATS)}, between commas")
    return ",".join(words)


# Other names of the picture's field, as other thumbnailers and callers use them.
PICTURE = "file files picture img photo pic upload data source src input content body url"
Image = Annotated[
    Binary,
    BeforeValidator(_from_text),
    Field(
        description="the picture, a whole file: JPEG, PNG, GIF, WebP, AVIF, HEIC; TIFF, BMP, ICO if switched on",
        json_schema_extra={"content": True},
    ),
]
Side = Annotated[int | None, Field(ge=1, le=LARGEST)]
Frames = Annotated[
    Literal["first", "all"] | Annotated[int, Field(ge=1, le=10_000)],
    BeforeValidator(lambda value: int(value) if str(value).isdecimal() else value),
]
Number = Annotated[float, Field(allow_inf_nan=False)]


class PictureOptions(Options):
    """The wanted size, format and look of an answer."""

    synonyms: ClassVar = {
        "image": PICTURE,
        "width": "w maxwidth size resize",
        "height": "h maxheight",
        "fit": "mode resizemode resizingtype crop method",
        "position": "gravity focus focalpoint anchor",
        "format": "fm type output outputformat to as ext extension",
        "quality": "q compression",
        "max_bytes": "maxsize filesize",
        "dpr": "scale density pixelratio",
        "upscale": "enlarge enlargement withoutenlargement",
        "background": "bg color colour fill",
        "rotate": "rotation orientation angle or",
        "sharpen": "sharp usm",
        "strip": "stripmetadata metadata",
        "frames": "animated animation pages page",
    }
    width: Side = Field(None, description="width of the box, in pixels; one of width and height is enough")
    height: Side = Field(None, description="height of the box, in pixels")
    fit: Fit = Field(
        "inside", description="fit inside the box; cover it, cutting; fill it, distorting; pad it with background"
    )
    position: Annotated[str, _check_with(parse_position)] = Field(
        "center",
        description="the part that cover keeps, or the place where pad puts the picture: "
        "a side, attention, entropy, or a point such as 0.5,0.3",
    )
    format: Annotated[FormatName, BeforeValidator(_format)] = Field(
        "auto", description="format of the answer; auto: by Accept, else the picture's own; jpg means jpeg"
    )
    quality: int | None = Field(None, ge=1, le=100, description="default: 80, and 63 for avif, which looks the same")
    png_palette: bool = Field(
        False, description="give a PNG at most 256 colours; automatic if its source has a palette"
    )
    max_bytes: int | None = Field(
        None, ge=100, le=100 << 20, description="use the best quality whose file has at most this many bytes"
    )
    crop: Annotated[str | None, BeforeValidator(_join_list), _check_with(parse_crop)] = Field(
        None, description="cut out x,y,width,height first: pixels of the upright picture, or, below 1, parts of it"
    )
    dpr: Number = Field(1.0, gt=0, le=8, description="pixels of the screen for each pixel of the box")
    upscale: bool = Field(False, description="enlarge a picture that is smaller than the box")
    background: Annotated[str | None, BeforeValidator(_text), _check_with(parse_colour)] = Field(
        None, description="colour under and around the picture, as rrggbb; default: transparent, or white"
    )
    rotate: Annotated[Literal["auto", "none", "90", "180", "270"], BeforeValidator(_text)] = Field(
        "auto", description="auto: upright, by EXIF; none: as stored; a number: upright, then degrees clockwise"
    )
    blur: Number = Field(0.0, ge=0, le=100, description="standard deviation of a Gaussian blur, in pixels")
    sharpen: Number = Field(0.0, ge=0, le=10, description="radius of an unsharp mask, in pixels")
    greyscale: bool = Field(False, description="replace colours by greys of the same brightness")
    trim: Number | None = Field(
        None, ge=0, le=255, description="cut off edges that differ from the corner by at most this many levels"
    )
    strip: bool = Field(True, description="remove metadata; 0 keeps it, the place where the photo was taken included")
    strict: bool = Field(False, description="refuse a damaged file even if it can be shown in part or as a whole")
    frames: Frames = Field("first", description="frames of an animation to keep: first, all, or the largest number")


class ThumbnailOptions(PictureOptions):
    """One picture and the wanted answer."""

    image: Image
    preset: str | None = Field(None, max_length=100, description="a preset of this server; other options override it")


class SetOptions(PictureOptions):
    """One picture in several widths and formats."""

    synonyms: ClassVar = PictureOptions.synonyms | {"widths": "width sizes w", "formats": "types"}
    image: Image
    widths: Annotated[str, BeforeValidator(_join_list), AfterValidator(_widths)] = Field(
        "320,640,1280", description="widths in pixels, separated by commas, at most 12"
    )
    formats: Annotated[str, BeforeValidator(_join_list), AfterValidator(_formats)] = Field(
        "avif,webp,jpeg", description="formats, separated by commas, the best first; the last is the fallback"
    )
    archive: Literal["zip", "multipart"] = Field("zip", description="how the files are packed")
    name: str = Field("image", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="the start of the files' names")
    sizes: str = Field("100vw", max_length=200, description="the sizes attribute of the HTML: its width on a page")


class InfoOptions(Options):
    """One picture to describe."""

    synonyms: ClassVar = {"image": PICTURE}
    image: Image


class RenderOptions(Options):
    """One picture and its Spec. URLs can describe more Specs than PictureOptions can."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    image: Image
    spec: Spec = Spec()
    limits: Limits | None = None


class MeasureOptions(Options):
    """One picture, of which only the header is read."""

    image: Image


# The fields of a Spec that each option sets, to apply it over a preset.
SAYS = {
    "fit": ("fit", "keep_ratio"),
    "format": ("format", "takes"),
    "png_palette": ("palette",),
    "max_bytes": ("max_bytes", "best_effort"),
    "rotate": ("auto_rotate", "rotate"),
}


def merge(preset: Spec, options: PictureOptions, takes: tuple[str, ...]) -> Spec:
    """Return *preset*, overridden by those of *options* that the caller gave.

    *takes* names the formats that the client accepts, for ``auto``.
    """
    said = spec_of(options, takes)
    names = {name for option in options.model_fields_set for name in SAYS.get(option, (option,)) if hasattr(said, name)}
    changed = replace(preset, **{name: getattr(said, name) for name in names})
    return changed if changed.format or "takes" in names else replace(changed, takes=takes)


def spec_of(options: PictureOptions, takes: tuple[str, ...] = ()) -> Spec:
    """Return *options* as a Spec. *takes* names the formats that the client accepts, for ``auto``."""
    return Spec(
        width=options.width,
        height=options.height,
        fit=options.fit,
        position=parse_position(options.position),
        format=options.format,
        takes=takes if options.format == "auto" else None,
        quality=options.quality,
        palette=options.png_palette,
        max_bytes=options.max_bytes,
        crop=parse_crop(options.crop) if options.crop else None,
        dpr=options.dpr,
        upscale=options.upscale,
        background=parse_colour(options.background) if options.background else None,
        auto_rotate=options.rotate != "none",
        rotate=int(options.rotate) if options.rotate.isdecimal() else 0,
        blur=options.blur,
        sharpen=options.sharpen,
        greyscale=options.greyscale,
        trim=None if options.trim is None else Trim(options.trim),
        strip=options.strip,
        strict=options.strict,
        frames=options.frames if isinstance(options.frames, int) else FRAME_WORDS[options.frames],
    )

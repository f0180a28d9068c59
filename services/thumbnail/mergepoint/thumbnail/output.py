"""Chooses an answer's format and style, and the part of the source's metadata and colour profile that it keeps."""

from .codecs.encoding import Style
from .codecs.metadata import Metadata
from .files.original import strip
from .formats import TYPES
from .loading import LoadedPicture
from .pixels import effects
from .pixels.colours import needs_conversion
from .pixels.geometry import Plan
from .pixels.orientation import Orientation
from .pixels.scaling import Box, Pixels
from .spec import Spec

COLOURS = 256  # colours of a palette
GREYS = 16  # grey levels for one-bit drawings and text made small: steps of 17 levels are invisible at their edges
PROGRESSIVE_RATIO = 20  # pixels of the source for each of the answer: from there, writing twice adds at most a tenth


def choose_format(loaded: LoadedPicture, spec: Spec, pixels: Pixels) -> str:
    """Return Pillow's name for the format of the answer.

    It may depend on the formats that the client accepts, on alpha, and on the number of frames.
    """
    source = loaded.picture.header.format
    if spec.format or (spec.takes is None and source in TYPES):
        return spec.format or source
    if spec.frames != 1 and loaded.picture.frames > 1:
        return "WEBP" if "WEBP" in (spec.takes or ()) else "PNG" if source == "PNG" else "GIF"
    takes, usual = spec.takes or (), source
    if source not in ("JPEG", "PNG", "GIF"):
        usual = "JPEG" if effects.is_opaque(pixels) and not loaded.has_few_colours else "PNG"
    return next((format for format in takes if format == usual or format in ("AVIF", "WEBP")), usual)


def choose_style(loaded: LoadedPicture, spec: Spec, pixels: Pixels) -> Style:
    """Return the style of the answer: with few colours, or lossless, if the source is."""
    header = loaded.picture.header
    few = 0
    if spec.palette or (loaded.has_few_colours and not spec.format):
        few = COLOURS if spec.palette or header.palette else GREYS
    lossless = header.lossless and not spec.quality and not spec.max_bytes
    progressive = header.pixels >= PROGRESSIVE_RATIO * pixels.shape[0] * pixels.shape[1]
    return Style(spec.palette or loaded.has_few_colours, few, lossless, progressive)


def keep_profile(loaded: LoadedPicture, spec: Spec) -> bytes:
    """Return the ICC profile that the answer keeps: only an RGB profile, in a format that can hold one."""
    icc = loaded.picture.icc or b""
    format = spec.format or loaded.picture.header.format
    return icc if spec.keep_profile and icc[16:20] == b"RGB " and format != "GIF" else b""


def keep_metadata(loaded: LoadedPicture, spec: Spec) -> Metadata:
    """Return the metadata that the answer keeps; it is empty unless *spec* asks for some."""
    if not spec.strip:
        return loaded.picture.metadata.all()
    return loaded.picture.metadata.owners() if spec.keep_copyright else Metadata()


def keep_original(loaded: LoadedPicture, spec: Spec, plan: Plan, orientation: Orientation) -> bytes | None:
    """Return a file of the source's own compressed pixels; None if *spec* changes a pixel or the format."""
    picture, header = loaded.picture, loaded.picture.header
    recompresses = spec.quality or spec.max_bytes or spec.palette or dict(spec.qualities).get(header.format)
    changes = spec.blur or spec.sharpen or spec.greyscale or spec.pixelate > 1 or spec.watermark or spec.background
    whole: Box = (0.0, 0.0, float(header.width), float(header.height))
    if plan != Plan(whole, *header.size, header.size, scale=plan.scale) or orientation != Orientation():
        return None
    if recompresses or changes or picture.damage or keep_metadata(loaded, spec) != Metadata():
        return None
    if needs_conversion(picture.icc) or keep_profile(loaded, spec) or header.space == "cmyk":
        return None
    if (spec.format or choose_format(loaded, spec, loaded.pixels)) != header.format:
        return None
    return strip(picture.data, header)

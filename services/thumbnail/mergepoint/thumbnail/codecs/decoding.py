"""Opens a file with the decoder of its format, and returns its pixels as grey or RGB, with or without alpha.

Knows Pillow, and which other decoders are faster. Whatever error a decoder raises, callers get BrokenImage.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from ..errors import BrokenImage, ImageTooLarge
from ..files import cicp, gif
from ..files.damage import keep
from ..pixels.colours import from_cmyk
from ..pixels.scaling import Pixels
from . import jpeg, metadata, png
from .encoding import VP8X_ALPHA

FAST = {"JPEG": jpeg.read, "PNG": png.read}
VP8X_ANIMATION = 0x02  # RFC 9649, 2.7
AT_ONCE = 4_000_000  # pixels that are copied at once


class Opened:
    """One file, opened by Pillow. *mode* is Pillow's name for the layout of its pixels.

    Raises ImageTooLarge if it has more than *most_pixels* pixels, BrokenImage if Pillow cannot open it.
    """

    def __init__(self, data: bytes, format: str, most_pixels: int) -> None:
        self.data, self.format = data, format
        with decoding():
            image: Any = Image.open(io.BytesIO(_declare_alpha(data)), formats=[format])
            if image.width * image.height > most_pixels:
                raise ImageTooLarge(
                    f"the picture has {image.width} by {image.height} pixels; {most_pixels} are allowed"
                )
            if format == "PNG":
                _scale_transparency(image, data)
            self.metadata = metadata.read(image, data)
            self.icc = _profile(image, data)
        self.image = image
        self.eighths = 8
        self.size: tuple[int, int] = image.size
        """Width and height in pixels as loaded; after ``reduce`` they are less than the file's."""
        self.mode: str = image.mode

    def reduce(self, eighths: int) -> None:
        """Load a JPEG at *eighths* eighths of its width and height."""
        self.eighths = eighths
        self.size = -(-self.image.width * eighths // 8), -(-self.image.height * eighths // 8)

    def pixels(self) -> Pixels:
        """Return the pixels of the first frame; raise BrokenImage if they cannot be decoded."""
        with decoding():
            fast = self.fast()
            if fast is not None:
                return fast
            self.image.load()
            return pixels_of(self.image, self.icc)

    def fast(self) -> Pixels | None:
        """Return the pixels from a faster decoder than Pillow's; None if there is none, or it refuses the file."""
        if self.format not in FAST or "transparency" in self.image.info:
            return None
        pixels = FAST[self.format](self.data, self.mode, *self.size)
        return pixels if pixels is None or self.mode != "CMYK" else from_inks(pixels, self.icc)

    def frame(self, number: int) -> tuple[Pixels, int]:
        """Return the pixels of the frame *number*, from 0, and its duration in milliseconds; raise BrokenImage."""
        with decoding():
            self.image.seek(number)
            self.image.load()
            return pixels_of(self.image, self.icc), int(self.image.info.get("duration") or 0)


def from_inks(pixels: Pixels, icc: bytes | None) -> Pixels:
    """Return CMYK *pixels* as sRGB, by the profile *icc* if there is one."""
    size = pixels.shape[1], pixels.shape[0]
    inks = Image.frombuffer("CMYK", size, np.ascontiguousarray(pixels), "raw", "CMYK", 0, 1)
    return _copy_pixels(from_cmyk(inks, icc))


def of_gif(frame: gif.Frame, most_pixels: int) -> tuple[Pixels, bool]:
    """Return the pixels of a GIF's frame, and whether all could be decoded; missing ones are transparent.

    Raises BrokenImage if no row can be decoded, or the frame has more than *most_pixels*.
    """
    if not 0 < frame.width * frame.height <= most_pixels:
        raise BrokenImage(f"a frame has {frame.width} by {frame.height} pixels")
    if frame.whole:
        try:
            return Opened(frame.file(), "GIF", most_pixels).pixels(), True
        except BrokenImage:
            pass
    return _decode_cut_gif(frame)


def _decode_cut_gif(frame: gif.Frame) -> tuple[Pixels, bool]:
    """Return the part of *frame* that can be decoded, and whether that is all.

    The decoder gives missing pixels the transparent colour, so rows that differ between two files with different
    transparent colours are missing. In an interlaced frame a missing row repeats the row above.
    """
    with decoding(), _allow_truncated():
        images = [Image.open(io.BytesIO(frame.file(clear)), formats=["GIF"]) for clear in (0, 255)]
        indexes = [np.asarray(image) for image in images]  # they are loaded here
    rows = (indexes[0] == indexes[1]).all(axis=1)
    image = Image.open(io.BytesIO(frame.file()), formats=["GIF"])
    with decoding(), _allow_truncated():
        image.load()
    pixels = pixels_of(image, None)
    whole = bool(rows.all())
    if frame.interlaced:
        above = np.maximum.accumulate(np.where(rows, np.arange(len(rows)), -1))
        pixels, rows = pixels[above], above >= 0
    return keep(pixels, rows), whole


@contextmanager
def _allow_truncated() -> Iterator[None]:
    """Let Pillow return the decoded part of a truncated file. Pillow's switch is global to the process."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _profile(image: Image.Image, data: bytes) -> bytes | None:
    """Return the ICC profile, or one made from the file's colour numbers.

    In a PNG the numbers take precedence (PNG 3, 4.3), in an AVIF the profile (MIAF, ISO 23000-22).
    """
    icc: bytes | None = image.info.get("icc_profile")
    if image.format in ("AVIF", "HEIF") and icc:
        return icc
    found = cicp.profile_of(data, image.format or "") or icc
    if found or image.format != "PNG" or "srgb" in image.info:
        return found
    return cicp.profile_of_gamma(image.info.get("gamma"))


def _declare_alpha(data: bytes) -> bytes:
    """Return *data*, with the alpha flag set if it is an animated WebP.

    Where frames leave the canvas uncovered it is transparent, but the decoder makes it opaque if the flag is missing.
    """
    if data[12:16] != b"VP8X" or data[:4] != b"RIFF" or not data[20] & VP8X_ANIMATION:
        return data
    return data[:20] + bytes([data[20] | VP8X_ALPHA]) + data[21:]


def _scale_transparency(image: Image.Image, data: bytes) -> None:
    """Convert the transparent colour (tRNS) of *image*, a PNG, to levels of 8 bits, the depth of its loaded pixels."""
    depth, given = data[24], image.info.get("transparency")
    if depth == 16 and isinstance(given, tuple):
        image.info["transparency"] = tuple(level >> 8 for level in given)
    elif depth in (2, 4) and isinstance(given, int) and image.mode == "L":
        image.info["transparency"] = given * 255 // ((1 << depth) - 1)


def pixels_of(image: Image.Image, icc: bytes | None) -> Pixels:
    """Return a loaded *image* as grey or RGB, with alpha if it has any. CMYK is converted by the profile *icc*."""
    if image.mode.startswith("I"):
        return _upper_half(image)
    if image.mode == "CMYK":
        image = from_cmyk(image, icc)
    wanted = _target_mode(image)
    return _copy_pixels(image if image.mode == wanted else image.convert(wanted))


def _upper_half(image: Image.Image) -> Pixels:
    """Return grey pixels of 16 bits as 8 bits."""
    levels = np.asarray(image).astype(np.uint32).clip(0, 0xFFFF)
    grey = (levels >> 8).astype(np.uint8)[..., None]
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    return np.dstack([grey, np.where(levels == clear, 0, 255).astype(np.uint8)])


def _copy_pixels(image: Image.Image) -> Pixels:
    """Return the pixels of *image*. A large one is copied in parts, since Pillow would need three times the memory."""
    width, height = image.size
    rows = max(1, AT_ONCE // width)
    if height <= rows:
        return np.asarray(image).reshape(height, width, -1)
    pixels = np.empty((height, width, len(image.getbands())), np.uint8)
    for top in range(0, height, rows):
        part = image.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = np.asarray(part).reshape(-1, *pixels.shape[1:])
    return pixels


def _target_mode(image: Image.Image) -> str:
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return "LA" if grey else "RGBA"
    return "L" if grey else "RGB"


@contextmanager
def decoding() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as those of damaged metadata
            yield
    except (BrokenImage, ImageTooLarge, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(str(error)) from None
    except Exception as error:  # decoders raise errors of any type: OSError, SyntaxError, struct.error, KeyError …
        raise BrokenImage(f"the file cannot be decoded: {str(error)[:100] or type(error).__name__}") from error

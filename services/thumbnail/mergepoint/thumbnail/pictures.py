"""Opens a file with the one decoder that its first bytes name, and gives its frames as pixels in sRGB's layout.

Knows Pillow. Everything a decoder may raise on a bad file means the same: the file is broken.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image

from . import cicp, jpeg, metadata, png
from .colours import from_cmyk
from .encoding import VP8X_ALPHA
from .errors import BrokenImage, ImageTooLarge
from .headers import Header, read_header
from .scaling import Pixels
from .spec import Limits
from .turning import ORIENTATIONS, Turn

ANIMATED = ("GIF", "WEBP")
# Loading a JPEG at half its size averages pixels as they are stored, not as light. Seen in a picture made this much
# smaller it still scores 90 SSIMULACRA2 and more; with colours as fine as its light (drawings, screens) it may not.
HALF_FROM = 3.5
FAST = {"JPEG": jpeg.read, "PNG": png.read}
VP8X_ANIMATION = 0x02  # RFC 9649, 2.7
AT_ONCE = 4_000_000  # pixels that are copied at once
WHOLE_UP_TO = 8_000_000  # pixels; above, memory matters more


class Picture:
    """One file, opened: its *header*, its size as it is loaded, its *icc* profile, how it must be turned."""

    def __init__(self, data: bytes, limits: Limits, *, frames: int = 1) -> None:
        self.header = read_header(data)
        animated = self.header.frames if self.header.format in ANIMATED else 1
        self.frames = min(animated, frames or animated)
        check_size(self.header, self.frames, limits)
        self.data = data
        with _decoding():
            image: Any = Image.open(io.BytesIO(_told(data)), formats=[self.header.format])
            self._check_again(image, limits)
            if self.header.format == "PNG":
                _scale_transparency(image, data)
            self.metadata = metadata.read(image, data)
            self.mode: str = image.mode
            self.icc = _profile(image, data)
            self.plays = _plays(image.info.get("loop"), self.header.format)
        self.width, self.height = image.size
        self._image = image

    @property
    def turn(self) -> Turn:
        return ORIENTATIONS[self.metadata.orientation]

    def shrink_for(self, scale: float) -> None:
        """Load it at half its size, if that loses nothing that matters when it is scaled by *scale* next."""
        fine = not self.header.half and self.header.pixels <= WHOLE_UP_TO
        if self.header.format == "JPEG" and scale <= 1 / HALF_FROM and not fine:
            with _decoding():
                self._image.draft(None, (self.width // 2, self.height // 2))
            self.width, self.height = self._image.size

    def first(self) -> Pixels:
        """Return the pixels of the first frame."""
        with _decoding():
            if self.header.format in FAST and "transparency" not in self._image.info:
                pixels = FAST[self.header.format](self.data, self.mode, self.width, self.height)
                if pixels is not None:
                    return pixels
            self._image.load()
            return pixels_of(self._image, self.icc)

    def all(self) -> Iterator[tuple[Pixels, int]]:
        """Yield the pixels of each frame, and for how many milliseconds it is shown; an animation that breaks off goes
        as far as it goes."""
        for number in range(self.frames):
            try:
                shown = self._frame(number)
            except BrokenImage:
                if number:
                    return
                raise
            yield shown

    def _frame(self, number: int) -> tuple[Pixels, int]:
        with _decoding():
            self._image.seek(number)
            self._image.load()
            return pixels_of(self._image, self.icc), int(self._image.info.get("duration") or 0)

    def _check_again(self, image: Image.Image, limits: Limits) -> None:
        """What the decoder found may be more than what we did."""
        width, height = image.size
        if width * height > max(self.header.pixels, limits.pixels_for(self.header.format)):
            raise ImageTooLarge(f"{width} by {height} pixels")


def _plays(loop: int | None, format: str) -> int:
    """Return how often an animation is shown, 0 for ever: GIF says how often again."""
    if format != "GIF":
        return loop or 0
    return loop + 1 if loop else (1 if loop is None else 0)


def _profile(image: Image.Image, data: bytes) -> bytes | None:
    """Return the colour profile: a number goes before one in PNG (third edition, 4.3), and after one in AVIF (MIAF)."""
    icc: bytes | None = image.info.get("icc_profile")
    if image.format == "AVIF" and icc:
        return icc
    found = cicp.profile_of(data, image.format or "") or icc
    if found or image.format != "PNG" or "srgb" in image.info:
        return found
    return cicp.profile_of_gamma(image.info.get("gamma"))


def _told(data: bytes) -> bytes:
    """Return *data*; an animated WebP says that it has alpha. Where its frames leave the canvas free it always has,
    and the decoder believes a file that denies it."""
    if data[12:16] != b"VP8X" or data[:4] != b"RIFF" or not data[20] & VP8X_ANIMATION:
        return data
    return data[:20] + bytes([data[20] | VP8X_ALPHA]) + data[21:]


def _scale_transparency(image: Image.Image, data: bytes) -> None:
    """Tell *image*, a PNG, which colour is transparent (tRNS) in levels of 8 bits, of which its pixels have as many."""
    depth, given = data[24], image.info.get("transparency")
    if depth == 16 and isinstance(given, tuple):
        image.info["transparency"] = tuple(level >> 8 for level in given)
    elif depth in (2, 4) and isinstance(given, int) and image.mode == "L":
        image.info["transparency"] = given * 255 // ((1 << depth) - 1)


def pixels_of(image: Image.Image, icc: bytes | None) -> Pixels:
    """Return a loaded *image* as grey or RGB, with alpha if it has any; CMYK by its profile."""
    if image.mode.startswith("I"):
        return _upper_half(image)
    if image.mode == "CMYK":
        image = from_cmyk(image, icc)
    wanted = _mode(image)
    return _copied(image if image.mode == wanted else image.convert(wanted))


def _upper_half(image: Image.Image) -> Pixels:
    """Return 16 bits of grey as 8."""
    levels = np.asarray(image).astype(np.uint32).clip(0, 0xFFFF)
    grey = (levels >> 8).astype(np.uint8)[..., None]
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    return np.dstack([grey, np.where(levels == clear, 0, 255).astype(np.uint8)])


def _copied(image: Image.Image) -> Pixels:
    """Return the pixels of *image*; of a large one some rows at a time, or Pillow needs three times the memory."""
    width, height = image.size
    rows = max(1, AT_ONCE // width)
    if height <= rows:
        return np.asarray(image).reshape(height, width, -1)
    pixels = np.empty((height, width, len(image.getbands())), np.uint8)
    for top in range(0, height, rows):
        part = image.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = np.asarray(part).reshape(-1, *pixels.shape[1:])
    return pixels


def _mode(image: Image.Image) -> str:
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return "LA" if grey else "RGBA"
    return "L" if grey else "RGB"


def check_size(header: Header, frames: int, limits: Limits) -> None:
    """Raise ImageTooLarge if so many *frames* of what *header* announces are more than is decoded for anybody."""
    if frames > limits.frames:
        raise ImageTooLarge(f"{frames} frames; {limits.frames} are allowed")
    most = limits.pixels_for(header.format)
    if frames > 1 and limits.frame_pixels:
        most = limits.frame_pixels * frames
    if header.pixels * frames > most:
        what = f"{header.width} by {header.height} pixels" + (f", {frames} frames" if frames > 1 else "")
        raise ImageTooLarge(f"{what}: of a {header.format} at most {most / 1e6:g} million are decoded")


@contextmanager
def _decoding() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that notes in a file are damaged, say
            yield
    except (BrokenImage, ImageTooLarge, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(str(error)) from None
    except Exception as error:  # decoders raise what they like: OSError, SyntaxError, struct.error, KeyError …
        raise BrokenImage(f"the file cannot be decoded: {str(error)[:100] or type(error).__name__}") from error

"""The size and kind of a picture as its file announces them, and their check against the limits. Knows no format."""

from dataclasses import dataclass

from ..errors import ImageTooLarge
from ..spec import Limits


@dataclass(frozen=True)
class Header:
    """An announced picture.

    *format* is Pillow's name. *width* and *height*, in pixels, are those of the canvas before any orientation.
    """

    format: str
    width: int
    height: int
    frames: int = 1
    half: bool = False
    """Whether the decoder can load it at half its size (JPEG) and its colours have no finer resolution than that."""
    space: str = "rgb"
    """``rgb``, ``grey`` or ``cmyk``."""
    depth: int = 8
    """The bits of a sample; for a picture with a palette, the bits of an index."""
    palette: bool = False
    lossless: bool = False
    """Whether a WebP is compressed without loss."""

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def pixels(self) -> int:
        return self.width * self.height


def check_size(header: Header, frames: int, limits: Limits) -> None:
    """Raise ImageTooLarge if *frames* frames of the size in *header* exceed *limits*."""
    if frames > limits.frames:
        raise ImageTooLarge(f"the picture has {frames} frames; at most {limits.frames} are allowed")
    most = limits.pixels_for(header.format)
    if frames > 1 and limits.frame_pixels:
        most = limits.frame_pixels * frames
    if header.pixels * frames > most:
        what = f"{header.width} by {header.height} pixels" + (f", {frames} frames" if frames > 1 else "")
        raise ImageTooLarge(f"the {header.format} has {what}; at most {most / 1e6:g} million pixels are decoded")

"""What a file announces of its picture: a value, and whether that is more than the limits allow. Knows no format."""

from dataclasses import dataclass

from ..errors import ImageTooLarge
from ..spec import Limits


@dataclass(frozen=True)
class Header:
    """*format* is Pillow's word. *width* and *height* are of the canvas, before any orientation."""

    format: str
    width: int
    height: int
    frames: int = 1
    half: bool = False
    """Whether the decoder can load it at half its size (JPEG), and its colours are not finer than that."""
    space: str = "rgb"
    """``rgb``, ``grey`` or ``cmyk``."""
    depth: int = 8
    """Bits of a sample; of a palette, of what counts its colours."""
    palette: bool = False
    lossless: bool = False
    """Of a WebP: no pixel is another than was given to its encoder."""

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def pixels(self) -> int:
        return self.width * self.height


def check_size(header: Header, frames: int, limits: Limits) -> None:
    """Raise ImageTooLarge if *frames* frames of the size in *header* exceed *limits*."""
    if frames > limits.frames:
        raise ImageTooLarge(f"{frames} frames; {limits.frames} are allowed")
    most = limits.pixels_for(header.format)
    if frames > 1 and limits.frame_pixels:
        most = limits.frame_pixels * frames
    if header.pixels * frames > most:
        what = f"{header.width} by {header.height} pixels" + (f", {frames} frames" if frames > 1 else "")
        raise ImageTooLarge(f"{what}: of a {header.format} at most {most / 1e6:g} million are decoded")

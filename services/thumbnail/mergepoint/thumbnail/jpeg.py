"""JPEG, decoded by libjpeg-turbo straight into an array: Pillow's way there is two copies longer."""

import simplejpeg

from .scaling import Pixels

SPACES = {"L": "GRAY", "RGB": "RGB"}  # Pillow's word → the decoder's


def read(data: bytes, mode: str, width: int, height: int) -> Pixels | None:
    """Return the pixels of a file that Pillow opens as *mode*, *width* × *height* large, which may be half of its size;
    or None where Pillow must decode, or refuse, it."""
    if mode not in SPACES:
        return None
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, SPACES[mode], min_width=width, min_height=height)
    except ValueError:  # warnings too
        return None
    return pixels if pixels.shape[:2] == (height, width) else None

"""Compares pictures by what they show, for formats whose encoders may choose other bytes on another processor.

python -m tests.contract.pixels <expected, a PNG in base64>   reads a picture; prints what differs, if anything does
"""

import base64
import io
import sys

import numpy as np
from PIL import Image

# Levels of 255 that two encoders of one format may differ by. What is turned, shifted or recoloured is far beyond.
MEAN, MOST = 2.0, 24


def shown(data: bytes) -> np.ndarray:
    """Return the pixels of a picture, height × width × 4."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))


def as_png(data: bytes) -> str:
    """Return what a picture shows as a PNG in base64."""
    target = io.BytesIO()
    Image.fromarray(shown(data)).save(target, "PNG", optimize=True)
    return base64.b64encode(target.getvalue()).decode()


def difference(expected: str, data: bytes) -> str | None:
    """Return how *data* differs from the PNG *expected*; None if it shows the same."""
    wanted, found = shown(base64.b64decode(expected)), shown(data)
    if wanted.shape != found.shape:
        return f"{found.shape[1]} by {found.shape[0]} pixels instead of {wanted.shape[1]} by {wanted.shape[0]}"
    levels = abs(_seen(wanted) - _seen(found))
    if levels.mean() > MEAN or levels.max() > MOST:
        return f"pixels differ by {levels.mean():.1f} levels, by {levels.max():.0f} at most"
    return None


def _seen(pixels: np.ndarray) -> np.ndarray:
    """Colours as far as their alpha shows them, and alpha."""
    colours, alpha = pixels[..., :3] / 255.0, pixels[..., 3:]
    return np.dstack([colours * alpha, alpha])


if __name__ == "__main__":
    print(difference(sys.argv[1], sys.stdin.buffer.read()) or "", end="")

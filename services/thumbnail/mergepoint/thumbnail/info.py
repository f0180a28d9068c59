"""Describes a picture: its properties, its colours, and placeholders to show while it loads."""

import base64
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from .codecs.encoding import Extras, encode
from .codecs.pictures import Picture
from .formats import FORMATS
from .pixels import hashes
from .pixels.colours import profile_name, to_srgb
from .pixels.effects import flatten, is_opaque, with_alpha
from .pixels.scaling import Pixels, resize
from .spec import Limits

SIDE = 32  # pixels: the longest side of the copy that is examined; hashes need no more, with seven waves at most
PLACEHOLDER_SIDE = 16
COLOURS = 6
LIMITS = Limits()


def info(image: BinaryIO | bytes, *, limits: Limits = LIMITS) -> Mapping[str, Any]:
    """Return the properties of *image*, a whole file. The service's README explains each entry.

    Raises NotAnImage, BrokenImage and ImageTooLarge.
    """
    data = image if isinstance(image, bytes) else image.read()
    picture = Picture(data, limits)
    orientation = picture.orientation
    width, height = orientation.size(picture.width, picture.height)
    picture.shrink_for(SIDE / max(width, height))
    small = orientation.apply(_shrink(picture.first()))
    small = to_srgb(small, picture.icc)
    rgb = flatten(small, (255, 255, 255))
    rgb = np.repeat(rgb, 3, axis=2) if rgb.shape[2] == 1 else rgb
    return {
        "type": FORMATS[picture.header.format].type,
        "bytes": len(data),
        "width": width,
        "height": height,
        "frames": picture.header.frames,
        "orientation": picture.metadata.orientation,
        "colour_space": picture.header.space,
        "bit_depth": picture.header.depth,
        "palette": picture.header.palette,
        "profile": profile_name(picture.icc),
        "alpha": not is_opaque(small),
        "dominant_colour": _dominant_colour(small),
        "blurhash": hashes.blurhash(rgb),
        "thumbhash": hashes.thumbhash(with_alpha(small)),
        "placeholder": _placeholder(small),
        "damage": picture.damage.what if picture.damage else None,
        "degraded": bool(picture.damage and picture.damage.missing),
    }


def _shrink(pixels: Pixels, side: int = SIDE) -> Pixels:
    height, width, _ = pixels.shape
    scale = min(1.0, side / max(width, height))
    return resize(pixels, max(1, round(width * scale)), max(1, round(height * scale)))


def _dominant_colour(small: Pixels) -> str:
    """Return the most frequent colour of the visible pixels, reduced to COLOURS colours, as rrggbb."""
    rgba = with_alpha(small)
    seen = rgba[rgba[..., 3] > 127][:, :3]
    if not len(seen):
        return "000000"
    few = Image.fromarray(seen[None]).quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    most = int(np.bincount(np.asarray(few).ravel()).argmax())
    red, green, blue = np.median(seen[np.asarray(few).ravel() == most], axis=0).astype(int)
    return f"{red:02x}{green:02x}{blue:02x}"


def _placeholder(small: Pixels) -> str:
    """Return a copy of at most PLACEHOLDER_SIDE pixels a side as a data URL (RFC 2397)."""
    tiny = _shrink(small, PLACEHOLDER_SIDE)
    data = encode(tiny, "WEBP", 40, None, Extras())
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"

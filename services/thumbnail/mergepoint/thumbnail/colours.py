"""Colour profiles: what a picture's numbers mean, turned into sRGB. A profile that cannot be read means sRGB."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from .scaling import Pixels

MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK"}  # ICC.1:2022, 7.2.8


def to_srgb(pixels: Pixels, icc: bytes | None) -> Pixels:
    """Return *pixels* in sRGB. They may have been scaled before: all common curves are near enough to sRGB's."""
    if not icc or _is_srgb(icc):
        return pixels
    colours, alpha = (pixels[..., :-1], pixels[..., -1:]) if pixels.shape[2] in (2, 4) else (pixels, None)
    image = Image.fromarray(colours[..., 0] if colours.shape[2] == 1 else np.ascontiguousarray(colours))
    converted = _convert(image, icc)
    if converted is None:
        return pixels
    colours = np.asarray(converted)
    return colours if alpha is None else np.concatenate([colours, alpha], axis=2)


def from_cmyk(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Return a CMYK *image* in sRGB, by its profile, or as ink on white without one."""
    return (_convert(image, icc) if icc else None) or image.convert("RGB")


def profile_name(icc: bytes | None) -> str | None:
    """Return what a profile calls itself, at most 100 characters, if it can be read."""
    if not icc:
        return None
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc))).strip()[:100] or None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _convert(image: Image.Image, icc: bytes) -> Image.Image | None:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if MODES.get(profile.profile.xcolor_space) != image.mode:
            return None
        transform = ImageCms.buildTransform(profile, _srgb(), image.mode, "RGB")
        converted = ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return converted


def _is_srgb(icc: bytes) -> bool:
    """Whether it is one of the common copies of sRGB, which say so in their first tags."""
    return b"sRGB IEC61966-2.1" in icc[:1024] and icc[16:20] == b"RGB "


@lru_cache(maxsize=1)
def _srgb() -> Any:
    return ImageCms.createProfile("sRGB")

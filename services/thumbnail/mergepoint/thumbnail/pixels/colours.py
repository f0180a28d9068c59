"""Converts colours to sRGB by a picture's ICC profile. An unreadable profile counts as sRGB."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from .scaling import Pixels

STEPS = 6  # levels of each channel in the colours that a profile is tried on
MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK"}  # ICC.1:2022, 7.2.8


def to_srgb(pixels: Pixels, icc: bytes | None) -> Pixels:
    """Return *pixels* in sRGB, converted by the profile *icc*.

    They may have been scaled before, since all common curves are near enough to sRGB's.
    """
    if not icc or not needs_conversion(icc):
        return pixels
    colours, alpha = (pixels[..., :-1], pixels[..., -1:]) if pixels.shape[2] in (2, 4) else (pixels, None)
    image = Image.fromarray(colours[..., 0] if colours.shape[2] == 1 else np.ascontiguousarray(colours))
    converted = _convert(image, icc)
    if converted is None:
        return pixels
    colours = np.asarray(converted)
    return colours if alpha is None else np.concatenate([colours, alpha], axis=2)


def needs_conversion(icc: bytes | None) -> bool:
    """Return whether *icc* describes another colour space than sRGB."""
    return bool(icc) and not _is_srgb(icc or b"")


def from_cmyk(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Return a CMYK *image* in sRGB: by its profile, or, without one, as ideal inks on white."""
    return (_convert(image, icc) if icc else None) or image.convert("RGB")


def profile_name(icc: bytes | None) -> str | None:
    """Return the description of the profile *icc*, at most 100 characters; None if it has none or is unreadable."""
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


@lru_cache(maxsize=32)
def _is_srgb(icc: bytes) -> bool:
    """Return whether *icc* is sRGB: by the name in its first tags, or because it changes colours by at most a level."""
    if icc[16:20] != b"RGB ":
        return False
    return b"sRGB IEC61966-2.1" in icc[:1024] or _changes(icc) <= 1


def _changes(icc: bytes) -> int:
    """Return the most levels by which a profile changes any of STEPS³ colours; 0 if it is unreadable."""
    levels = np.linspace(0, 255, STEPS).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    converted = _convert(Image.fromarray(colours), icc)
    return int(abs(np.asarray(converted).astype(int) - colours).max()) if converted else 0


@lru_cache(maxsize=1)
def _srgb() -> Any:
    return ImageCms.createProfile("sRGB")

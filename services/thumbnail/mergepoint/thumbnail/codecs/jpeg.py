"""JPEG, decoded by libjpeg-turbo directly into an array: Pillow would copy the pixels twice more."""

from collections.abc import Callable

import simplejpeg

from ..errors import BrokenImage
from ..files.damage import BAD_PIXELS, ENDS, Damage, Salvaged, alike, keep
from ..files.jpeg_repair import Repaired, repair
from ..pixels.scaling import Pixels

Colours = Callable[[Pixels], Pixels]
EXTRANEOUS = "extraneous bytes"  # libjpeg's warning if bytes follow the pixels, which are complete
SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}  # Pillow's name → the decoder's


def read(data: bytes, mode: str, width: int, height: int) -> Pixels | None:
    """Return the pixels of a file that Pillow opens as *mode*, scaled down to *width* × *height* pixels.

    None if the decoder reports any error or warning. CMYK has four channels.
    """
    try:
        return _decode(data, mode, width, height)
    except ValueError:
        return None


def salvage(data: bytes, mode: str, width: int, height: int, colours: Colours) -> Salvaged:
    """Return the remaining pixels of a damaged file that Pillow opens as *mode*, converted by *colours*.

    Raises BrokenImage if no row can be decoded.
    """
    try:
        found = repair(data)
        pixels, warning = _decode_tolerantly(found.data, mode, width, height)
        if not warning:
            return Salvaged(colours(pixels), _damage(found) if found.complete else Damage(ENDS, missing=True))
        if found.coarse:
            return Salvaged(colours(pixels), Damage(ENDS, missing=True))
        rows = alike(pixels, _decode(found.other, mode, width, height, strict=False))
    except IndexError:
        raise BrokenImage("the file ends before its first pixels") from None
    except ValueError as error:
        raise BrokenImage(f"the file cannot be decoded: {error}") from None
    if rows.all():
        return Salvaged(colours(pixels), _damage(found, BAD_PIXELS, missing=True))
    return Salvaged(keep(colours(pixels), rows), Damage(ENDS, missing=True))


def _decode_tolerantly(data: bytes, mode: str, width: int, height: int) -> tuple[Pixels, str]:
    """Return the pixels that can be decoded, and the decoder's warning about them; it is empty if there is none."""
    try:
        return _decode(data, mode, width, height), ""
    except ValueError as error:
        warning = "" if EXTRANEOUS in str(error) else str(error)
        return _decode(data, mode, width, height, strict=False), warning


def _damage(found: Repaired, what: str = "has bytes that belong to no segment", *, missing: bool = False) -> Damage:
    return Damage("has no end" if found.no_end else what, missing)


def _decode(data: bytes, mode: str, width: int, height: int, *, strict: bool = True) -> Pixels:
    """Return the pixels, or raise ValueError; with *strict*, also for the decoder's warnings."""
    pixels: Pixels = simplejpeg.decode_jpeg(data, SPACES[mode], min_width=width, min_height=height, strict=strict)
    if pixels.shape[:2] != (height, width):
        raise ValueError("another size than it announces")
    return 255 - pixels if mode == "CMYK" else pixels  # Adobe's programs, and others, write CMYK inverted

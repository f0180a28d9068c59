"""Reads formats of one frame that are decoded when they are opened: TIFF, BMP, and ICO unless it holds a PNG."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import BrokenImage
from ..files import bmp, tiff
from ..files.bmp import ico
from ..files.damage import Damage, Load, Salvaged
from ..files.tiff import repair as tiff_repair
from ..pixels.scaling import Pixels
from . import metadata
from .decoding import Opened, decoding
from .metadata import SourceMetadata


@dataclass(frozen=True)
class Still:
    """A decoded picture: its pixels, its damage, its ICC profile and its metadata."""

    pixels: Pixels
    damage: Damage | None = None
    icc: bytes | None = None
    metadata: SourceMetadata = field(default_factory=SourceMetadata)


def read(data: bytes, format: str, most_pixels: int) -> Still:
    """Return the picture in *data*, a TIFF, BMP or ICO; raise BrokenImage if no row can be decoded."""
    with decoding():
        return READERS[format](data, most_pixels)


def _tiff(data: bytes, most_pixels: int) -> Still:
    page = tiff.Page(data)
    profiles = set[bytes | None]()

    def load(file: bytes) -> Pixels:
        opened = Opened(file, "TIFF", most_pixels)
        profiles.add(opened.icc)
        return opened.pixels()

    found = tiff_repair.salvage(page, load) if tiff_repair.is_cut(page) else _load_or_salvage(page, load)
    pixels = found.pixels
    if page.inverted:
        pixels = _invert(pixels)
    return Still(pixels, found.damage, next(iter(profiles)), metadata.of_tiff(page))


def _load_or_salvage(page: tiff.Page, load: Load) -> Salvaged:
    try:
        return Salvaged(load(page.file()), None)
    except BrokenImage as error:
        try:
            return tiff_repair.salvage(page, load)
        except BrokenImage:
            raise error from None


def _invert(pixels: Pixels) -> Pixels:
    """Return grey *pixels* with black and white exchanged."""
    pixels = pixels.copy()
    pixels[..., 0] = 255 - pixels[..., 0]
    return pixels


def _bmp(data: bytes, most_pixels: int) -> Still:
    picture = bmp.read(data)
    return Still(*bmp.decode(picture), picture.icc)


def _ico(data: bytes, most_pixels: int) -> Still:
    pixels, damage = bmp.decode(bmp.of_icon(ico.largest(data).data))
    return Still(pixels, damage or ico.damage(data))


READERS: dict[str, Callable[[bytes, int], Still]] = {"TIFF": _tiff, "BMP": _bmp, "ICO": _ico}

"""What a camera or a person wrote into a file beside its pixels, and what of it goes into the answer.

EXIF, XMP and IPTC are read for the orientation and for who made a picture. What cannot be read is not there: a picture
that can be shown is not refused for its notes.
"""

import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from ..files import tiff, xmp
from . import png

ORIENTATION = 0x0112
OWNERS = (0x013B, 0x8298)  # EXIF: artist, copyright
IPTC = 0x0404  # of Photoshop's resources
IPTC_OWNERS = (80, 110, 116)  # in the record of the application: by-line, credit, copyright notice
RAW_PROFILE = "Raw profile type exif"
LONGEST = 60_000  # bytes: a segment of JPEG has no more, and larger notes are pictures of their own


@dataclass(frozen=True)
class Notes:
    """The notes of an answer, as files hold them."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    """The datasets alone."""


@dataclass(frozen=True)
class Metadata:
    """The notes of a source."""

    exif: Any = field(default_factory=Image.Exif)
    xmp: bytes = b""
    iptc: bytes = b""

    @property
    def orientation(self) -> int:
        """The number that EXIF says, 1 to 8; XMP's is ignored, as browsers ignore it."""
        number = self.exif.get(ORIENTATION, 1)
        return number if isinstance(number, int) and 1 <= number <= 8 else 1

    def all(self) -> Notes:
        """Return everything but the orientation, which has been applied or given up."""
        kept = Image.Exif()
        with suppress(Exception):  # a hostile value of any kind
            kept.load(self.exif.tobytes())
            kept.pop(ORIENTATION, None)
        return Notes(_written(kept), _short(xmp.upright(self.xmp)), _short(self.iptc))

    def owners(self) -> Notes:
        """Return who made the picture and who may copy it."""
        kept = Image.Exif()
        for tag in OWNERS:
            value = self.exif.get(tag)
            if isinstance(value, str | bytes):
                kept[tag] = value
        owned = b"".join(
            whole for record, dataset, whole in _datasets(self.iptc) if record == 2 and dataset in IPTC_OWNERS
        )
        return Notes(_written(kept), _short(xmp.owners(self.xmp)), _short(owned))


def read(image: Image.Image, data: bytes) -> Metadata:
    """Return the notes of *image*, which is opened from *data*; a PNG may be loaded for them, if any stand last."""
    if image.format == "PNG" and png.told_late(data):
        image.load()
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
    resources = image.info.get("photoshop")
    iptc = resources.get(IPTC) if isinstance(resources, dict) else None
    return Metadata(_exif(image.info), packet, iptc if isinstance(iptc, bytes) else b"")


def of_tiff(page: tiff.Page) -> Metadata:
    """Return the notes that stand in the directory of a TIFF's page."""
    exif = Image.Exif()
    with suppress(Exception):
        exif.load(page.notes())
    return Metadata(exif, page.bytes_of(tiff.XMP), page.bytes_of(tiff.IPTC))


def _exif(info: Mapping[Any, Any]) -> Any:
    """Return what *info* has as EXIF. (Pillow's own reading would add an orientation from XMP.)"""
    exif = Image.Exif()
    with suppress(Exception):  # readers of notes raise what they like
        written = info.get("exif")
        if written is None and RAW_PROFILE in info:  # as ImageMagick wrote it into PNG
            written = bytes.fromhex("".join(info[RAW_PROFILE].split("\n")[3:]))
        if written:
            exif.load(written)
            return exif
    return Image.Exif()


def photoshop_segment(iptc: bytes) -> bytes:
    """Return *iptc* as JPEG holds it (APP13)."""
    resource = b"8BIM" + struct.pack(">HHI", IPTC, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    content = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def _datasets(iptc: bytes) -> list[tuple[int, int, bytes]]:
    """Return record, number and all of each dataset (IIM 4.2, 1.6), up to the first that is none."""
    found, at = [], 0
    while at + 5 <= len(iptc) and iptc[at] == 0x1C:
        record, number, length = struct.unpack_from(">BBH", iptc, at + 1)
        end = at + 5 + length
        if length & 0x8000 or end > len(iptc):
            break
        found.append((record, number, iptc[at:end]))
        at = end
    return found


def _written(exif: Any) -> bytes:
    if not len(exif):
        return b""
    with suppress(Exception):
        return _short(bytes(exif.tobytes()))
    return b""


def _short(notes: bytes) -> bytes:
    return notes if len(notes) <= LONGEST else b""

"""Reads EXIF, XMP and IPTC of a source, and chooses the part of them that an answer keeps.

The orientation and the owners of a picture come from here. Unreadable metadata counts as missing; it is never an error.
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
IPTC = 0x0404  # the number of Photoshop's resource that holds IPTC
IPTC_OWNERS = (80, 110, 116)  # datasets of the application record (IIM 4.2): by-line, credit, copyright notice
RAW_PROFILE = "Raw profile type exif"
LONGEST = 60_000  # bytes: a JPEG segment holds 64 KB, and larger metadata contains pictures of its own


@dataclass(frozen=True)
class Metadata:
    """The metadata of an answer, as bytes to be written to a file."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    """The datasets, without a Photoshop resource around them."""


@dataclass(frozen=True)
class SourceMetadata:
    """The metadata of a source, as it was read."""

    exif: Any = field(default_factory=Image.Exif)
    xmp: bytes = b""
    iptc: bytes = b""

    @property
    def orientation(self) -> int:
        """EXIF's number, from 1 to 8; 1 if it is missing or invalid. XMP's is ignored, as in browsers."""
        number = self.exif.get(ORIENTATION, 1)
        return number if isinstance(number, int) and 1 <= number <= 8 else 1

    def all(self) -> Metadata:
        """Return all metadata except for the orientation, which has been applied or is not wanted."""
        kept = Image.Exif()
        with suppress(Exception):  # a hostile value can raise any exception
            kept.load(self.exif.tobytes())
            kept.pop(ORIENTATION, None)
        return Metadata(_serialize(kept), _unless_too_long(xmp.upright(self.xmp)), _unless_too_long(self.iptc))

    def owners(self) -> Metadata:
        """Return only the fields that name the picture's author and copyright."""
        kept = Image.Exif()
        for tag in OWNERS:
            value = self.exif.get(tag)
            if isinstance(value, str | bytes):
                kept[tag] = value
        owned = b"".join(
            whole for record, dataset, whole in _datasets(self.iptc) if record == 2 and dataset in IPTC_OWNERS
        )
        return Metadata(_serialize(kept), _unless_too_long(xmp.owners(self.xmp)), _unless_too_long(owned))


def read(image: Image.Image, data: bytes) -> SourceMetadata:
    """Return the metadata of *image*, opened from *data*. A PNG is loaded first if any of it comes after the pixels."""
    if image.format == "PNG" and png.has_late_metadata(data):
        image.load()
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
    resources = image.info.get("photoshop")
    iptc = resources.get(IPTC) if isinstance(resources, dict) else None
    return SourceMetadata(_exif(image.info), packet, iptc if isinstance(iptc, bytes) else b"")


def of_tiff(page: tiff.Page) -> SourceMetadata:
    """Return the metadata in the directory of *page*."""
    exif = Image.Exif()
    with suppress(Exception):
        exif.load(page.metadata_file())
    return SourceMetadata(exif, page.bytes_of(tiff.XMP), page.bytes_of(tiff.IPTC))


def _exif(info: Mapping[Any, Any]) -> Any:
    """Return the EXIF of *info*, empty if there is none. (Pillow's own reading would add an orientation from XMP.)"""
    exif = Image.Exif()
    with suppress(Exception):  # readers of EXIF raise errors of any kind
        written = info.get("exif")
        if written is None and RAW_PROFILE in info:  # as ImageMagick wrote it into PNG
            written = bytes.fromhex("".join(info[RAW_PROFILE].split("\n")[3:]))
        if written:
            exif.load(written)
            return exif
    return Image.Exif()


def photoshop_segment(iptc: bytes) -> bytes:
    """Return *iptc* as a segment of a JPEG (APP13)."""
    resource = b"8BIM" + struct.pack(">HHI", IPTC, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    content = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def _datasets(iptc: bytes) -> list[tuple[int, int, bytes]]:
    """Return record, number and whole bytes of each dataset (IIM 4.2, 1.6), up to the first invalid one."""
    found, at = [], 0
    while at + 5 <= len(iptc) and iptc[at] == 0x1C:
        record, number, length = struct.unpack_from(">BBH", iptc, at + 1)
        end = at + 5 + length
        if length & 0x8000 or end > len(iptc):
            break
        found.append((record, number, iptc[at:end]))
        at = end
    return found


def _serialize(exif: Any) -> bytes:
    if not len(exif):
        return b""
    with suppress(Exception):
        return _unless_too_long(bytes(exif.tobytes()))
    return b""


def _unless_too_long(data: bytes) -> bytes:
    return data if len(data) <= LONGEST else b""

"""TIFF (6.0, and BigTIFF): reads the first page, and writes a plain file of that page alone for the decoder.

The decoder gets the file's own pixels with a directory that is written here. It holds only numbers that were checked,
no second page, and no orientation (which would otherwise be applied twice). This module knows no decoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...errors import BrokenImage
from . import tags
from .directory import BIG, BYTES, MOST_PARTS, NUMBERS, Entry, pack, read_entries, unpack, write_file

MOST_SAMPLES = 6  # samples of a pixel; the decoder supports no more
MOST_TILE = 4096 * 4096  # pixels: a tile is decoded whole, however small the picture is
MOST_GROWTH, ROOM = 2, 1024  # a compressed strip or tile has at most this many times its pixels' bytes, plus this many


@dataclass(frozen=True)
class Part:
    """A strip or tile: its offset, its number of bytes, and how many of these are *missing* from the file."""

    at: int
    count: int
    missing: int = 0


class Page:
    """The first page of *data*: its size in pixels, and how its pixels are stored.

    Raises BrokenImage if they are stored in a way that is not decoded, struct.error or IndexError if the directory is
    cut off.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = BIG in data[2:4]
        self.entries = dict(read_entries(data, self.order, big=self.big))
        self.width, self.height = self._number(tags.WIDTH), self._number(tags.HEIGHT)
        self.compression = self._number(tags.COMPRESSION, tags.NONE)
        self.photometric = self._number(tags.PHOTOMETRIC, tags.WHITE_IS_ZERO)
        self.samples = self._number(tags.SAMPLES, 1)
        self.planes = self.samples if self._number(tags.PLANAR, 1) == 2 else 1
        self.tiled = tags.TILE_OFFSETS in self.entries
        self._check()
        self.depth = self._depth()
        self.extras = self._extras()
        self.band = self._number(tags.TILE_HEIGHT) if self.tiled else self._rows_per_strip()
        """The number of rows of a strip, or of a row of tiles."""
        self.tile_width = self._number(tags.TILE_WIDTH) if self.tiled else self.width
        if self.tiled and not 0 < self.band * self.tile_width <= MOST_TILE:
            raise BrokenImage(f"the TIFF has tiles of {self.tile_width} by {self.band} pixels")

    def _rows_per_strip(self) -> int:
        return max(1, min(self._number(tags.ROWS_PER_STRIP, self.height), self.height))

    @property
    def colours(self) -> int:
        """The number of samples of a pixel that are colours, and not alpha or anything else."""
        return tags.COLOURS_OF[self.photometric]

    @property
    def bands(self) -> int:
        return -(-self.height // self.band)

    @property
    def across(self) -> int:
        return -(-self.width // self.tile_width)

    @property
    def inverted(self) -> bool:
        """Whether white is 0 in a layout where the decoder does not support that. The decoder's file then says that
        black is 0, and the caller must invert its pixels."""
        return self.photometric == tags.WHITE_IS_ZERO and (self.depth > 8 or bool(self.extras))

    @cached_property
    def parts(self) -> Sequence[Part]:
        """All strips or tiles: plane after plane, each from top to bottom, and tiles from left to right."""
        wanted = self.planes * self.bands * self.across
        if wanted > MOST_PARTS:
            raise BrokenImage(f"the TIFF has {wanted} strips or tiles")
        offsets = self._numbers(tags.TILE_OFFSETS if self.tiled else tags.STRIP_OFFSETS)
        counts = self._numbers(tags.TILE_COUNTS if self.tiled else tags.STRIP_COUNTS)
        return [self._part(number, offsets, counts) for number in range(wanted)]

    def row_bytes(self) -> int:
        """Return the number of uncompressed bytes in a row of a strip or tile."""
        return -(-self.tile_width * self.depth * (self.samples // self.planes) // 8)

    def parts_of(self, band: int) -> list[Part]:
        """Return the strips or tiles of the rows in *band*, of all planes."""
        firsts = [(plane * self.bands + band) * self.across for plane in range(self.planes)]
        return [part for first in firsts for part in self.parts[first : first + self.across]]

    def whole_bands(self) -> int:
        """Return the number of bands before the first with missing bytes."""
        whole = (not any(part.missing for part in self.parts_of(band)) for band in range(self.bands))
        return next((band for band, there in enumerate(whole) if not there), self.bands)

    def file(self, first: int = 0, rows: int | None = None, filler: bytes = b"\0") -> bytes:
        """Return a TIFF of *rows* rows (None: all) from the band *first* on, with *filler* for missing bytes."""
        rows = self.height - first * self.band if rows is None else rows
        count, band = -(-rows // self.band), self.band
        if count == 1:  # decode only the wanted rows of a strip or tile; tiles have a multiple of 16 rows
            band = min(band, -(-rows // 16) * 16 if self.tiled else rows)
        chosen = [self.parts_of(number) for number in range(first, first + count)]
        ordered = [
            part for plane in range(self.planes) for band_ in chosen
            for part in band_[plane * self.across : (plane + 1) * self.across]
        ]  # fmt: skip
        body, end = [self.data[8:]], len(self.data)
        places = []
        for part in ordered:
            if part.missing:
                there = self.data[part.at : part.at + part.count - part.missing]
                body += [there, filler * part.missing]
                places.append(end)
                end += part.count
            else:
                places.append(part.at)
        return write_file(self.order, body, end, self._fields(rows, band, places, [part.count for part in ordered]))

    def metadata_file(self) -> bytes:
        """Return a TIFF with the metadata and without pixels. The EXIF and GPS directories keep their offsets."""
        kept = [tag for tag in tags.NOTES if tag in self.entries]
        if self.big:  # the other directories of BigTIFF have another layout
            kept = [tag for tag in kept if tag not in (tags.EXIF_IFD, tags.GPS_IFD)]
        return write_file(self.order, [self.data[8:]], len(self.data), {tag: self.entries[tag] for tag in kept})

    def bytes_of(self, tag: int) -> bytes:
        """Return the value of a field of bytes; empty if the page has no such field."""
        entry = self.entries.get(tag)
        return entry.raw if entry and entry.type in BYTES else b""

    def _fields(self, rows: int, band: int, offsets: list[int], counts: list[int]) -> dict[int, Entry]:
        fields = {tag: self.entries[tag] for tag in tags.COPIED if tag in self.entries}
        longs = {tags.WIDTH: [self.width], tags.HEIGHT: [rows]}
        places, sizes = (tags.TILE_OFFSETS, tags.TILE_COUNTS) if self.tiled else (tags.STRIP_OFFSETS, tags.STRIP_COUNTS)
        longs |= {places: offsets, sizes: counts}
        longs |= (
            {tags.TILE_WIDTH: [self.tile_width], tags.TILE_HEIGHT: [band]}
            if self.tiled
            else {tags.ROWS_PER_STRIP: [band]}
        )
        photometric = tags.BLACK_IS_ZERO if self.inverted else self.photometric
        shorts = {
            tags.COMPRESSION: [self.compression], tags.PHOTOMETRIC: [photometric], tags.SAMPLES: [self.samples],
            tags.BITS: [self.depth] * self.samples, tags.PLANAR: [2 if self.planes > 1 else 1],
        }  # fmt: skip
        if self.extras:
            shorts[tags.EXTRAS] = list(self.extras)
        fields |= {tag: Entry(4, pack(self.order, "I", values)) for tag, values in longs.items()}
        return fields | {tag: Entry(3, pack(self.order, "H", values)) for tag, values in shorts.items()}

    def _part(self, number: int, offsets: Sequence[int], counts: Sequence[int]) -> Part:
        at = offsets[number] if number < len(offsets) else len(self.data)
        there = max(0, len(self.data) - at) if at else 0
        band = number // self.across % self.bands
        rows = self.band if self.tiled else min(self.band, self.height - band * self.band)
        count = rows * self.row_bytes()
        if self.compression != tags.NONE:  # files often give a wrong size for uncompressed strips
            told = counts[number] if number < len(counts) else 0
            count = min(told or there, max(there, MOST_GROWTH * count + ROOM))
        return Part(at, count, count - min(count, there)) if count and there else Part(at, 1, 1)

    def _check(self) -> None:
        """Raise BrokenImage if the pixels are stored in a way that is not decoded."""
        if self.compression not in tags.COMPRESSIONS:
            raise BrokenImage(f"the TIFF is compressed in a way that is not decoded, number {self.compression}")
        if self.photometric not in tags.COLOURS_OF:
            raise BrokenImage(f"the TIFF has colours that are not decoded, photometric {self.photometric}")
        if self.samples > MOST_SAMPLES:
            raise BrokenImage(f"the TIFF has {self.samples} samples a pixel; {MOST_SAMPLES} are decoded")
        if any(number not in (tags.UNSIGNED, tags.UNDEFINED) for number in self._numbers(tags.SAMPLE_FORMAT)):
            raise BrokenImage("the TIFF has samples that are not decoded: signed, complex or of floating point")
        coarse = list(self._numbers(tags.SUBSAMPLING)) or [2, 2]
        if self.photometric == tags.YCBCR and self.compression == tags.NONE and coarse != [1, 1]:
            raise BrokenImage("the TIFF has colours of less resolution and no compression, which is not decoded")

    def _depth(self) -> int:
        depths = set(self._numbers(tags.BITS)[: self.samples]) or {1}
        depth = max(depths)
        if (
            len(depths) > 1
            or depth not in tags.DEPTHS[self.photometric]
            or self.samples < tags.COLOURS_OF[self.photometric]
        ):
            raise BrokenImage(f"the TIFF has samples that are not decoded, of {', '.join(map(str, depths))} bits")
        return depth

    def _extras(self) -> tuple[int, ...]:
        """Return the meaning of each sample beyond the colours."""
        count = self.samples - tags.COLOURS_OF[self.photometric]
        known = list(self._numbers(tags.EXTRAS))[:count]
        if not known and count == 1 and self.photometric == tags.RGB:
            known = [tags.ALPHA]  # most programs mean alpha and do not say so
        known += [tags.NOT_ALPHA] * (count - len(known))
        if known and (self.photometric in (tags.INKS, tags.YCBCR) or known[0] not in (tags.ASSOCIATED, tags.ALPHA)):
            known[0] = tags.NOT_ALPHA
        return *known[:1], *([tags.NOT_ALPHA] * (count - 1))

    def _number(self, tag: int, default: int = 0) -> int:
        found = self._numbers(tag)
        return found[0] if found else default

    def _numbers(self, tag: int) -> Sequence[int]:
        entry = self.entries.get(tag)
        return unpack(self.order, entry) if entry and entry.type in NUMBERS else ()

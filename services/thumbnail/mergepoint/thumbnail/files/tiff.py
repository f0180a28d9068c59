"""TIFF (6.0, and BigTIFF): its first page, read by us, and a plain file of that page alone for the decoder.

The decoder gets a directory that is written here, over the file's own pixels. It holds only numbers that were checked,
no second page, and no orientation (which would be applied twice otherwise). Knows no decoder.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..errors import BrokenImage

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
BIG = b"+"
LAYOUTS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "8s", 6: "b", 7: "s", 9: "i", 10: "8s", 13: "I", 16: "Q", 18: "Q"}
BYTES, NUMBERS = (1, 2, 7), (1, 3, 4, 13, 16, 18)  # types (TIFF 6.0, section 2; BigTIFF)
MOST_ENTRIES = 1000  # of a directory: more are not read
MOST_PARTS = 200_000  # strips and tiles; a strip may be one row of one colour
MOST_SAMPLES = 6  # of a pixel; the decoder knows no more
MOST_TILE = 4096 * 4096  # pixels: a tile is decoded whole, however small the picture is
MOST_GROWTH, ROOM = 2, 1024  # times, and bytes: more no strip or tile grows by being compressed
LONGEST = 1 << 16  # bytes of a field, but for those in LONGER

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR = 273, 274, 277, 278, 279, 284
T4, T6, PREDICTOR, COLOURS, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 292, 293, 317, 320, 322, 323, 324, 325
EXTRAS, SAMPLE_FORMAT, JPEG_TABLES, COEFFICIENTS, SUBSAMPLING, BLACK_WHITE = 338, 339, 347, 529, 530, 532
XMP, IPTC, ICC = 700, 33723, 34675
LONGER = dict.fromkeys((STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, TILE_COUNTS), 8 * MOST_PARTS) | {ICC: 4 << 20}
COPIED = (FILL_ORDER, T4, T6, PREDICTOR, COLOURS, JPEG_TABLES, COEFFICIENTS, SUBSAMPLING, BLACK_WHITE, ICC)
EXIF_IFD, GPS_IFD = 34665, 34853
# What EXIF 2.32, 4.6.4, has in the first directory and is not about how the pixels are stored
NOTES = (270, 271, 272, ORIENTATION, 282, 283, 296, 305, 306, 315, 316, 33432, EXIF_IFD, GPS_IFD)

NONE = 1
# CCITT, LZW, JPEG, Deflate (and its older number), PackBits, LZMA, Zstandard. Not 6, JPEG as it was in TIFF at first.
COMPRESSIONS = (NONE, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, INKS, YCBCR = 0, 1, 2, 3, 5, 6
COLOURS_OF = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4, YCBCR: 3}
UNSIGNED, UNDEFINED = 1, 4  # of SampleFormat
NOT_ALPHA, ASSOCIATED, ALPHA = 0, 1, 2  # of ExtraSamples
DEPTHS = {
    WHITE_IS_ZERO: (1, 2, 4, 8, 16), BLACK_IS_ZERO: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8),
    INKS: (8, 16), YCBCR: (8,),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A field of a directory: its type, and its values as the file has them."""

    type: int
    raw: bytes


@dataclass(frozen=True)
class Part:
    """A strip or tile: where it begins, its *count* of bytes, and how many of these are *missing*."""

    at: int
    count: int
    missing: int = 0


class Page:
    """The first page of *data*: its size, and how its pixels are stored. Raises BrokenImage, IndexError and
    struct.error."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = BIG in data[2:4]
        self.entries = dict(_entries(data, self.order, big=self.big))
        self.width, self.height = self._number(WIDTH), self._number(HEIGHT)
        self.compression = self._number(COMPRESSION, NONE)
        self.photometric = self._number(PHOTOMETRIC, WHITE_IS_ZERO)
        self.samples = self._number(SAMPLES, 1)
        self.planes = self.samples if self._number(PLANAR, 1) == 2 else 1
        self.tiled = TILE_OFFSETS in self.entries
        self._check()
        self.depth = self._depth()
        self.extras = self._extras()
        self.band = self._number(TILE_HEIGHT) if self.tiled else self._rows_per_strip()
        """How many rows a strip has, or a row of tiles."""
        self.tile_width = self._number(TILE_WIDTH) if self.tiled else self.width
        if self.tiled and not 0 < self.band * self.tile_width <= MOST_TILE:
            raise BrokenImage(f"the TIFF has tiles of {self.tile_width} by {self.band} pixels")

    def _rows_per_strip(self) -> int:
        return max(1, min(self._number(ROWS_PER_STRIP, self.height), self.height))

    @property
    def colours(self) -> int:
        """How many samples of a pixel are not alpha or anything else."""
        return COLOURS_OF[self.photometric]

    @property
    def bands(self) -> int:
        return -(-self.height // self.band)

    @property
    def across(self) -> int:
        return -(-self.width // self.tile_width)

    @property
    def inverted(self) -> bool:
        """Whether white is 0 in a way that the decoder does not know, so that the file does not say it."""
        return self.photometric == WHITE_IS_ZERO and (self.depth > 8 or bool(self.extras))

    @cached_property
    def parts(self) -> Sequence[Part]:
        """All strips or tiles: those of a plane from top to bottom, tiles of a row from left to right."""
        wanted = self.planes * self.bands * self.across
        if wanted > MOST_PARTS:
            raise BrokenImage(f"the TIFF has {wanted} strips or tiles")
        offsets = self._numbers(TILE_OFFSETS if self.tiled else STRIP_OFFSETS)
        counts = self._numbers(TILE_COUNTS if self.tiled else STRIP_COUNTS)
        return [self._part(number, offsets, counts) for number in range(wanted)]

    def row_bytes(self) -> int:
        """Return how many bytes a row of a strip or tile has, where nothing is compressed."""
        return -(-self.tile_width * self.depth * (self.samples // self.planes) // 8)

    def parts_of(self, band: int) -> list[Part]:
        """Return the strips or tiles that hold these rows, of all planes."""
        firsts = [(plane * self.bands + band) * self.across for plane in range(self.planes)]
        return [part for first in firsts for part in self.parts[first : first + self.across]]

    def whole_bands(self) -> int:
        """Return of how many bands, from the first, all bytes are in the file."""
        whole = (not any(part.missing for part in self.parts_of(band)) for band in range(self.bands))
        return next((band for band, there in enumerate(whole) if not there), self.bands)

    def file(self, first: int = 0, rows: int | None = None, filler: bytes = b"\0") -> bytes:
        """Return a file of *rows* rows from the band *first* on, with *filler* for missing bytes."""
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
        return self._assemble(body, end, self._fields(rows, band, places, [part.count for part in ordered]))

    def metadata_file(self) -> bytes:
        """Return a file with the metadata and without pixels; its other directories stay where they were."""
        kept = [tag for tag in NOTES if tag in self.entries]
        if self.big:  # whose other directories have another layout
            kept = [tag for tag in kept if tag not in (EXIF_IFD, GPS_IFD)]
        return self._assemble([self.data[8:]], len(self.data), {tag: self.entries[tag] for tag in kept})

    def bytes_of(self, tag: int) -> bytes:
        """Return the value of a field that is bytes; none, if it has none."""
        entry = self.entries.get(tag)
        return entry.raw if entry and entry.type in BYTES else b""

    def _fields(self, rows: int, band: int, offsets: list[int], counts: list[int]) -> dict[int, Entry]:
        fields = {tag: self.entries[tag] for tag in COPIED if tag in self.entries}
        longs = {WIDTH: [self.width], HEIGHT: [rows]}
        places, sizes = (TILE_OFFSETS, TILE_COUNTS) if self.tiled else (STRIP_OFFSETS, STRIP_COUNTS)
        longs |= {places: offsets, sizes: counts}
        longs |= {TILE_WIDTH: [self.tile_width], TILE_HEIGHT: [band]} if self.tiled else {ROWS_PER_STRIP: [band]}
        photometric = BLACK_IS_ZERO if self.inverted else self.photometric
        shorts = {
            COMPRESSION: [self.compression], PHOTOMETRIC: [photometric], SAMPLES: [self.samples],
            BITS: [self.depth] * self.samples, PLANAR: [2 if self.planes > 1 else 1],
        }  # fmt: skip
        if self.extras:
            shorts[EXTRAS] = list(self.extras)
        fields |= {tag: Entry(4, self._pack("I", values)) for tag, values in longs.items()}
        return fields | {tag: Entry(3, self._pack("H", values)) for tag, values in shorts.items()}

    def _pack(self, layout: str, values: Sequence[int]) -> bytes:
        return struct.pack(f"{self.order}{len(values)}{layout}", *values)

    def _assemble(self, body: list[bytes], end: int, fields: Mapping[int, Entry]) -> bytes:
        """Return a file with *fields* as its directory after *body*, which ends at *end*."""
        pad = bytes(end % 2)
        at = end + len(pad)
        directory, values = struct.pack(f"{self.order}H", len(fields)), b""
        beyond = at + 2 + 12 * len(fields) + 4
        for tag, entry in sorted(fields.items()):
            layout, raw = LAYOUTS[entry.type], entry.raw
            type_ = entry.type
            if layout == "Q":  # which only BigTIFF has; of what is copied
                raw, type_ = self._pack("I", [min(n, 2**32 - 1) for n in self._unpack(entry)]), 4
            count = len(raw) // struct.calcsize(f"={LAYOUTS[type_]}")
            directory += struct.pack(f"{self.order}HHI", tag, type_, count)
            if len(raw) <= 4:
                directory += raw.ljust(4, b"\0")
            else:
                directory += struct.pack(f"{self.order}I", beyond + len(values))
                values += raw + bytes(len(raw) % 2)
        head = (b"II*\0" if self.order == "<" else b"MM\0*") + struct.pack(f"{self.order}I", at)
        return b"".join([head, *body, pad, directory, bytes(4), values])

    def _part(self, number: int, offsets: Sequence[int], counts: Sequence[int]) -> Part:
        at = offsets[number] if number < len(offsets) else len(self.data)
        there = max(0, len(self.data) - at) if at else 0
        band = number // self.across % self.bands
        rows = self.band if self.tiled else min(self.band, self.height - band * self.band)
        count = rows * self.row_bytes()
        if self.compression != NONE:  # files often give a wrong size for uncompressed strips
            told = counts[number] if number < len(counts) else 0
            count = min(told or there, max(there, MOST_GROWTH * count + ROOM))
        return Part(at, count, count - min(count, there)) if count and there else Part(at, 1, 1)

    def _check(self) -> None:
        """Raise BrokenImage if the pixels are stored in a way that is not decoded."""
        if self.compression not in COMPRESSIONS:
            raise BrokenImage(f"the TIFF is compressed in a way that is not decoded, number {self.compression}")
        if self.photometric not in COLOURS_OF:
            raise BrokenImage(f"the TIFF has colours that are not decoded, photometric {self.photometric}")
        if self.samples > MOST_SAMPLES:
            raise BrokenImage(f"the TIFF has {self.samples} samples a pixel; {MOST_SAMPLES} are decoded")
        if any(number not in (UNSIGNED, UNDEFINED) for number in self._numbers(SAMPLE_FORMAT)):
            raise BrokenImage("the TIFF has samples that are not decoded: signed, complex or of floating point")
        coarse = list(self._numbers(SUBSAMPLING)) or [2, 2]
        if self.photometric == YCBCR and self.compression == NONE and coarse != [1, 1]:
            raise BrokenImage("the TIFF has colours of less resolution and no compression, which is not decoded")

    def _depth(self) -> int:
        depths = set(self._numbers(BITS)[: self.samples]) or {1}
        depth = max(depths)
        if len(depths) > 1 or depth not in DEPTHS[self.photometric] or self.samples < COLOURS_OF[self.photometric]:
            raise BrokenImage(f"the TIFF has samples that are not decoded, of {', '.join(map(str, depths))} bits")
        return depth

    def _extras(self) -> tuple[int, ...]:
        """Return the meaning of each sample beyond the colours."""
        count = self.samples - COLOURS_OF[self.photometric]
        known = list(self._numbers(EXTRAS))[:count]
        if not known and count == 1 and self.photometric == RGB:
            known = [ALPHA]  # most programs mean alpha and do not say so
        known += [NOT_ALPHA] * (count - len(known))
        first = [NOT_ALPHA if self.photometric in (INKS, YCBCR) else number for number in known[:1]]
        return tuple(number if number in (ASSOCIATED, ALPHA) else NOT_ALPHA for number in first) + (NOT_ALPHA,) * (
            count - len(first)
        )

    def _number(self, tag: int, default: int = 0) -> int:
        found = self._numbers(tag)
        return found[0] if found else default

    def _numbers(self, tag: int) -> Sequence[int]:
        entry = self.entries.get(tag)
        return self._unpack(entry) if entry and entry.type in NUMBERS else ()

    def _unpack(self, entry: Entry) -> Sequence[int]:
        layout = LAYOUTS[entry.type]
        size = struct.calcsize(f"={layout}")
        return struct.unpack(f"{self.order}{len(entry.raw) // size}{layout}", entry.raw)


def _entries(data: bytes, order: str, *, big: bool) -> Iterator[tuple[int, Entry]]:
    """Yield the fields of the first directory that are in the file, by tag; of two the last is yielded first."""
    (at,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, 8 if big else 4)
    (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, at)
    at += 8 if big else 2
    size, short = (20, 8) if big else (12, 4)
    found = []
    for place in range(at, at + size * min(count, MOST_ENTRIES), size):
        tag, type_, number = struct.unpack_from(f"{order}HH{'Q' if big else 'I'}", data, place)
        length = number * struct.calcsize(f"={LAYOUTS.get(type_, 's')}")
        start = place + size - short
        if length > short:
            (start,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, start)
        if type_ in LAYOUTS and 0 < length <= LONGER.get(tag, LONGEST) and start + length <= len(data):
            found.append((tag, Entry(type_, data[start : start + length])))
    yield from reversed(found)

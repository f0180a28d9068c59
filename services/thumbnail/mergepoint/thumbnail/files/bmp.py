"""BMP, in all kinds that Windows and OS/2 wrote, and the pictures without a file header that ICO holds: decoded here.

Pillow refuses most masks, ignores alpha, and decodes runs in Python as well. Where the documentation is silent, this
module follows browsers, by the BMP Suite (https://entropymine.com/jason/bmpsuite). Knows numpy alone.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BrokenImage
from ..pixels.scaling import Pixels
from .damage import ENDS, Damage, Rows, keep

FILE_HEAD = 14  # bytes
CORE = 12  # bytes of the header of OS/2 1.x, and Windows 2
SIZES = (CORE, 16, 40, 52, 56, 64, 108, 124)  # of headers
PLAIN, RLE8, RLE4, MASKS, ALPHA_MASKS = 0, 1, 2, 3, 6
NAMES = {4: "JPEG", 5: "PNG", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
OS2 = 64  # bytes of a header that calls other things 3 and 4: Huffman's codes, runs of 24 bits
DEPTHS = {PLAIN: (1, 2, 4, 8, 16, 24, 32), RLE8: (8,), RLE4: (4,), MASKS: (16, 32), ALPHA_MASKS: (16, 32)}
USUAL = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
ICON_ALPHA = 0xFF000000
EMBEDDED = b"DEBM"  # BITMAPV5HEADER, bV5CSType: PROFILE_EMBEDDED, its bytes from the last
AT_ONCE = 1 << 20  # pixels: those in masks take 8 bytes each while they are taken apart
END_OF_LINE, END_OF_PICTURE, DELTA = 0, 1, 2


@dataclass(frozen=True)
class Bitmap:
    """A header, and where colours and pixels begin. In an *icon* a mask follows the pixels, and alpha counts."""

    data: bytes
    at: int
    """Where the header begins."""
    width: int
    height: int
    bits: int
    compression: int
    upside_down: bool
    masks: tuple[int, int, int, int]
    colours: int
    """How many colours the palette has."""
    palette_at: int
    pixels_at: int
    icon: bool = False

    @property
    def indexed(self) -> bool:
        return self.bits <= 8

    @property
    def depth(self) -> int:
        """Bits of a sample, or of an index."""
        return self.bits if self.indexed else max(mask.bit_count() for mask in self.masks[:3]) or 8

    @property
    def stride(self) -> int:
        return (self.width * self.bits + 31) // 32 * 4

    @property
    def icc(self) -> bytes | None:
        """The colour profile that stands in the file."""
        size = struct.unpack_from("<I", self.data, self.at)[0]
        if size < 124 or self.data[self.at + 56 : self.at + 60] != EMBEDDED:
            return None
        start, length = struct.unpack_from("<II", self.data, self.at + 112)
        return self.data[self.at + start : self.at + start + length] or None


def read(data: bytes) -> Bitmap:
    """Return the header of a file; raise BrokenImage or struct.error."""
    (pixels_at,) = struct.unpack_from("<I", data, 10)
    return _header(data, FILE_HEAD, pixels_at)


def of_icon(data: bytes) -> Bitmap:
    """Return the header of an icon's picture, which has no file header, and whose height includes the mask's."""
    return _header(data, 0, 0, icon=True)


def _header(data: bytes, at: int, pixels_at: int, *, icon: bool = False) -> Bitmap:
    (size,) = struct.unpack_from("<I", data, at)
    if size not in SIZES:
        raise BrokenImage(f"the BMP has an unknown header, of {size} bytes")
    compression = colours = 0
    if size == CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, at + 4)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, at + 4)
        if size >= 40:
            compression, colours = struct.unpack_from("<I12xI", data, at + 16)
    if bits not in DEPTHS.get(compression, ()) or (size == OS2 and compression >= MASKS):
        how = f" as {NAMES[compression]}" if compression in NAMES else f", compression {compression}"
        raise BrokenImage(f"the BMP has pixels that are not decoded, of {bits} bits{how}")
    if width < 0 or (height < 0 and compression in (RLE8, RLE4)):
        raise BrokenImage("the BMP announces a negative size")
    masks, after = _masks(data, at, size, bits, compression)
    masks = (*masks[:3], ICON_ALPHA) if icon and bits == 32 and not masks[3] else masks
    most = 1 << bits if bits <= 8 else 0
    entry = 3 if size == CORE else 4
    colours = min(colours or most, most)
    if pixels_at > after:
        colours = min(colours, (pixels_at - after) // entry)
    pixels_at = max(pixels_at, after + colours * entry)
    rows = abs(height) // 2 if icon else abs(height)
    return Bitmap(data, at, width, rows, bits, compression, height > 0, masks, colours, after, pixels_at, icon)


def _masks(data: bytes, at: int, size: int, bits: int, compression: int) -> tuple[tuple[int, int, int, int], int]:
    """Return where in a pixel red, green, blue and alpha are, and where the palette begins."""
    after = at + size
    if compression not in (MASKS, ALPHA_MASKS):
        return USUAL.get(bits, (0, 0, 0, 0)), after
    count = 4 if compression == ALPHA_MASKS or size >= 56 else 3
    masks = struct.unpack_from(f"<{count}I", data, at + 40)
    if not all(masks[:3]) or any(mask >> bits for mask in masks):
        raise BrokenImage("the BMP's colour masks are empty, or exceed the bits of its pixels")
    return (*masks[:3], masks[3] if count == 4 else 0), after if size >= 52 else after + 4 * count


def decode(picture: Bitmap) -> tuple[Pixels, Damage | None]:
    """Return the pixels, and the damage if some are missing; raise BrokenImage if no row is there."""
    if picture.compression in (RLE8, RLE4):
        pixels, rows, ended = _decode_runs(picture)
    else:
        pixels, rows = _decode_plain(picture)
        ended = bool(rows.all())
    if picture.upside_down:
        pixels, rows = pixels[::-1], rows[::-1]
    if picture.icon and pixels.shape[2] < 4:
        pixels = _apply_mask(picture, pixels)
    return keep(pixels, rows), None if ended else Damage(ENDS, missing=not rows.all())


def _read_rows(picture: Bitmap) -> tuple[NDArray[np.uint8], Rows]:
    """Return the bytes of all rows as they are stored, zeros where the file ends, and which are there."""
    length = picture.stride * picture.height
    found = np.frombuffer(picture.data, np.uint8)[picture.pixels_at : picture.pixels_at + length]
    needed = (picture.width * picture.bits + 7) // 8  # the padding of the last row is not needed
    rows = np.arange(picture.height) * picture.stride + needed <= len(found)
    if len(found) < length:
        found = np.concatenate([found, np.zeros(length - len(found), np.uint8)])
    return found.reshape(picture.height, picture.stride), rows


def _decode_plain(picture: Bitmap) -> tuple[Pixels, Rows]:
    stored, rows = _read_rows(picture)
    if picture.indexed:
        return _apply_palette(picture, _unpack_indexes(stored, picture.bits, picture.width)), rows
    if picture.bits == 24:
        return stored[:, : picture.width * 3].reshape(picture.height, -1, 3)[..., ::-1].copy(), rows
    words = stored.view("<u2" if picture.bits == 16 else "<u4")[:, : picture.width]
    return _split_channels(words, picture.masks, rows), rows


def _unpack_indexes(stored: NDArray[np.uint8], bits: int, width: int) -> NDArray[np.uint8]:
    """Return one index for each pixel, of which a byte has several, the first in its upper bits."""
    if bits == 8:
        return stored[:, :width]
    each = [stored >> shift & (1 << bits) - 1 for shift in range(8 - bits, -1, -bits)]
    return np.stack(each, axis=2).reshape(len(stored), -1)[:, :width]


def _apply_palette(picture: Bitmap, indexes: NDArray[np.uint8]) -> Pixels:
    """Return the colours of *indexes*; those beyond the palette are black."""
    entry = 3 if struct.unpack_from("<I", picture.data, picture.at)[0] == CORE else 4
    found = picture.data[picture.palette_at : picture.palette_at + picture.colours * entry]
    found = found[: len(found) // entry * entry]
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(found) // entry] = np.frombuffer(found, np.uint8).reshape(-1, entry)[:, 2::-1]
    if (palette[:, :1] == palette).all():
        return palette[:, :1][indexes]
    return palette[indexes]


def _split_channels(words: NDArray[np.unsignedinteger], masks: tuple[int, ...], rows: Rows) -> Pixels:
    """Return what *masks* take from *words*; alpha that is 0 everywhere is none, as many programs leave it."""
    alpha = bool(masks[3]) and bool((words[rows] & masks[3]).any())
    taken = masks if alpha else masks[:3]
    pixels = np.empty((*words.shape, len(taken)), np.uint8)
    step = max(1, AT_ONCE // max(1, words.shape[1]))
    for top in range(0, len(words), step):
        part = words[top : top + step].astype(np.uint64)
        for channel, mask in enumerate(taken):
            low = (mask & -mask).bit_length() - 1
            most = mask >> low
            pixels[top : top + step, :, channel] = ((part & mask) >> low) * 255 // most
    return pixels


def _apply_mask(picture: Bitmap, pixels: Pixels) -> Pixels:
    """Return *pixels* of an icon with alpha by its mask of one bit, which follows them; without it all is opaque."""
    stride = (picture.width + 31) // 32 * 4
    start = picture.pixels_at + picture.stride * picture.height
    found = np.frombuffer(picture.data, np.uint8)[start : start + stride * picture.height]
    clear = np.zeros((picture.height, stride), np.uint8)
    clear.ravel()[: len(found)] = found
    hidden = _unpack_indexes(clear, 1, picture.width)
    hidden = hidden[::-1] if picture.upside_down else hidden
    return np.dstack([pixels, np.where(hidden, 0, 255).astype(np.uint8)])


def _decode_runs(picture: Bitmap) -> tuple[Pixels, Rows, bool]:
    """Return the pixels of runs (RLE8, RLE4), which rows are there, and whether the end is marked. Skipped pixels
    are transparent."""
    width, height, data, at = picture.width, picture.height, picture.data, picture.pixels_at
    runs = Runs(data, nibbles=picture.compression == RLE4)
    indexes, seen = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    x = y = 0
    ended = False
    while y < height and at + 2 <= len(data):
        value = data[at + 1]
        if data[at]:
            drawn, at = runs.stretch(at, width - x)
        elif value > DELTA:
            drawn, at = runs.literal(at + 2, value)
            if len(drawn) < value:
                break
        else:
            at += 2
            if value == END_OF_PICTURE:
                ended = True
                break
            if value == END_OF_LINE:
                x, y = 0, y + 1
            elif at + 2 <= len(data):
                x, y = min(width, x + data[at]), y + data[at + 1]
                at += 2
            continue
        drawn = drawn[: width - x]
        indexes[y, x : x + len(drawn)] = drawn
        seen[y, x : x + len(drawn)] = 255
        x += len(drawn)
    ended = ended or data[at : at + 2] == bytes([0, END_OF_PICTURE])
    full = height if ended else min(height, y + (x >= width))
    pixels = _apply_palette(picture, indexes)
    if not seen[:full].all():
        pixels = np.dstack([pixels, seen])
    return pixels, np.arange(height) < full, ended


class Runs:
    """Compressed pixels: pairs of how many and of which index, or, of RLE4, of which two in turn; and, after a zero,
    indexes as they are. Pairs are taken many at once, since Python needs a microsecond for each."""

    def __init__(self, data: bytes, *, nibbles: bool) -> None:
        self._data = np.frombuffer(data, np.uint8)
        self._nibbles = nibbles
        zeros = np.flatnonzero(self._data == 0)
        self._zeros = zeros[zeros % 2 == 0], zeros[zeros % 2 == 1]

    def stretch(self, at: int, room: int) -> tuple[NDArray[np.uint8], int]:
        """Return *room* or more of the pixels of the pairs from *at*, if there are so many, and where the pairs end."""
        zeros = self._zeros[at % 2]
        number = int(np.searchsorted(zeros, at))
        end = int(zeros[number]) if number < len(zeros) else len(self._data) - (len(self._data) - at) % 2
        pairs = self._data[at : min(end, at + 2 * max(1, room))].reshape(-1, 2)
        counts = pairs[:, 0].astype(np.int64)
        pairs = pairs[: int(np.searchsorted(np.cumsum(counts), room)) + 1]
        counts = counts[: len(pairs)]
        values = np.repeat(pairs[:, 1], counts)
        if self._nibbles:
            place = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
            values = np.where(place % 2, values & 15, values >> 4)
        return values, end

    def literal(self, at: int, count: int) -> tuple[NDArray[np.uint8], int]:
        """Return so many indexes from *at*, less if the file ends, and where the next pair is: at an even distance."""
        length = (count + 1) // 2 if self._nibbles else count
        found = self._data[at : at + length]
        if self._nibbles:
            found = np.stack([found >> 4, found & 15], axis=1).ravel()[:count]
        return found, at + length + length % 2

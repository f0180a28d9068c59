"""The headers of BMP, of Windows and OS/2, and of the pictures without a file header that ICO holds."""

import struct
from dataclasses import dataclass

from ...errors import BrokenImage

FILE_HEAD = 14  # bytes of the file header before the bitmap's header
CORE = 12  # bytes of the header of OS/2 1.x, and Windows 2
SIZES = (CORE, 16, 40, 52, 56, 64, 108, 124)  # of headers
PLAIN, RLE8, RLE4, MASKS, ALPHA_MASKS = 0, 1, 2, 3, 6
NAMES = {4: "JPEG", 5: "PNG", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
OS2 = 64  # bytes of the header of OS/2 2.x, where compression 3 and 4 mean Huffman codes and runs of 24 bits
DEPTHS = {PLAIN: (1, 2, 4, 8, 16, 24, 32), RLE8: (8,), RLE4: (4,), MASKS: (16, 32), ALPHA_MASKS: (16, 32)}
USUAL = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
ICON_ALPHA = 0xFF000000
EMBEDDED = b"DEBM"  # PROFILE_EMBEDDED, the bV5CSType of a BITMAPV5HEADER, in little-endian order


@dataclass(frozen=True)
class Bitmap:
    """A header, and the offsets of palette and pixels. In an *icon* a mask follows the pixels, and alpha is used."""

    data: bytes
    at: int
    """The offset of the header, in bytes."""
    width: int
    height: int
    bits: int
    compression: int
    upside_down: bool
    masks: tuple[int, int, int, int]
    colours: int
    """The number of colours in the palette."""
    palette_at: int
    pixels_at: int
    icon: bool = False

    @property
    def indexed(self) -> bool:
        return self.bits <= 8

    @property
    def depth(self) -> int:
        """The bits of a sample, or of a palette index."""
        return self.bits if self.indexed else max(mask.bit_count() for mask in self.masks[:3]) or 8

    @property
    def stride(self) -> int:
        return (self.width * self.bits + 31) // 32 * 4

    @property
    def icc(self) -> bytes | None:
        """The embedded ICC profile; None if the file has none."""
        size = struct.unpack_from("<I", self.data, self.at)[0]
        if size < 124 or self.data[self.at + 56 : self.at + 60] != EMBEDDED:
            return None
        start, length = struct.unpack_from("<II", self.data, self.at + 112)
        return self.data[self.at + start : self.at + start + length] or None


def read(data: bytes) -> Bitmap:
    """Return the header of the BMP file *data*; raise BrokenImage if it is invalid, struct.error if it is cut off."""
    (pixels_at,) = struct.unpack_from("<I", data, 10)
    return _header(data, FILE_HEAD, pixels_at)


def of_icon(data: bytes) -> Bitmap:
    """Return the header of an icon's picture; raise BrokenImage or struct.error.

    Such a picture has no file header, and the height in its header includes the mask.
    """
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
    """Return the bit masks of red, green, blue and alpha in a pixel, and the offset of the palette."""
    after = at + size
    if compression not in (MASKS, ALPHA_MASKS):
        return USUAL.get(bits, (0, 0, 0, 0)), after
    count = 4 if compression == ALPHA_MASKS or size >= 56 else 3
    masks = struct.unpack_from(f"<{count}I", data, at + 40)
    if not all(masks[:3]) or any(mask >> bits for mask in masks):
        raise BrokenImage("the BMP's colour masks are empty, or exceed the bits of its pixels")
    return (*masks[:3], masks[3] if count == 4 else 0), after if size >= 52 else after + 4 * count

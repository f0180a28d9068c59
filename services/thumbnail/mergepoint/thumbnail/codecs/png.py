"""PNG, decoded by kornia-rs and compressed by ISA-L: both are two to seven times as fast as zlib, which Pillow uses.

Knows pixels of 8 bits for each channel. Pillow reads the other kinds of PNG (palettes, 16 bits).
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from isal import isal_zlib
from kornia_rs.io import decode_image_png_u8

from ..files.png import apng
from ..files.png.chunks import chunk
from ..pixels.palettes import Indexed
from ..pixels.scaling import Pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MODES = {"L": "mono", "RGB": "rgb", "RGBA": "rgba"}  # Pillow's name → the decoder's
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # number of channels → colour type (PNG 3, 11.2.1)
XMP = b"XML:com.adobe.xmp" + bytes(5)  # neither compressed nor translated; XMP 3, 1.1.5
METADATA = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
PALETTE = 3  # the colour type of a picture with a palette
INDEXED_LEVEL = 6  # zlib's level: drawings become a tenth smaller than with ISA-L, and have a third of the bytes
LEVEL = 2  # ISA-L's level: files as small as with zlib's levels 1 to 4, in a fifth of the time of level 1
# The filter is chosen on TRIED of each OF rows, and used for all rows. A choice for each row by the sum of differences,
# which PNG suggests, gave larger files of both photographs and drawings.
TRIED, OF = 16, 128


def read(data: bytes, mode: str, width: int, height: int) -> Pixels | None:
    """Return the pixels of a file that Pillow opens as *mode*; None if Pillow must decode or refuse it."""
    if mode not in MODES:
        return None
    try:
        pixels: Pixels = decode_image_png_u8(data, (height, width), MODES[mode])
    except Exception:  # kornia-rs raises no subclass
        return None
    return pixels


def has_late_metadata(data: bytes) -> bool:
    """Return whether metadata follows the pixels, so that a decoder must read all pixels to find it."""
    at, pixels = len(SIGNATURE), False
    while at + 8 <= len(data):
        kind = data[at + 4 : at + 8]
        pixels = pixels or kind == b"IDAT"
        if pixels and kind in METADATA:
            return True
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False


def write(
    pixels: Pixels,
    exif: bytes = b"",
    xmp: bytes = b"",
    icc: bytes = b"",
    animation: "Animation | None" = None,
) -> bytes:
    """Return *pixels* (height × width × 1 to 4 channels) as a PNG with this metadata.

    If *animation* is given, *pixels* are its first frame.
    """
    height, width, channels = pixels.shape
    about = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    return b"".join(
        [
            SIGNATURE,
            *chunk(b"IHDR", about),
            *_metadata_chunks(exif, xmp, icc),
            *(animation.opening_chunks(pixels) if animation else ()),
            *chunk(b"IDAT", _compress(pixels)),
            *(animation.later_chunks(pixels) if animation else ()),
            *chunk(b"IEND", b""),
        ]
    )


def _metadata_chunks(exif: bytes, xmp: bytes, icc: bytes) -> Iterable[bytes]:
    if icc:
        yield from chunk(b"iCCP", b"icc\0\0" + isal_zlib.compress(icc, LEVEL))
    if exif:
        yield from chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    if xmp:
        yield from chunk(b"iTXt", XMP + xmp)


def write_indexed(image: Indexed, exif: bytes = b"", xmp: bytes = b"", icc: bytes = b"") -> bytes:
    """Return *image*, a picture with a palette, as a PNG."""
    about = struct.pack(">IIBBBBB", image.width, len(image.rows), image.bits, PALETTE, 0, 0, 0)
    clear = image.colours[image.colours[:, 3] < 255][:, 3]
    rows = np.pad(image.rows, ((0, 0), (1, 0)))  # no filter: differences between palette indexes mean nothing
    return b"".join(
        [
            SIGNATURE,
            *chunk(b"IHDR", about),
            *_metadata_chunks(exif, xmp, icc),
            *chunk(b"PLTE", image.colours[:, :3].tobytes()),
            *(chunk(b"tRNS", clear.tobytes()) if len(clear) else ()),
            *chunk(b"IDAT", zlib.compress(rows.tobytes(), INDEXED_LEVEL)),
            *chunk(b"IEND", b""),
        ]
    )


@dataclass(frozen=True)
class Animation:
    """The *later* frames of an animation, the duration of the first in milliseconds, and how often the animation plays
    (0 means for ever)."""

    later: Sequence[apng.LaterFrame]
    first_duration: int
    plays: int

    def opening_chunks(self, first: Pixels) -> Iterable[bytes]:
        return apng.opening_chunks(first, self.first_duration, len(self.later) + 1, self.plays)

    def later_chunks(self, first: Pixels) -> Iterable[bytes]:
        for change in apng.changes(first, self.later):
            yield from apng.encode_change(change, _compress(change.pixels))


def _compress(pixels: Pixels) -> bytes:
    packed: bytes = isal_zlib.compress(_filter_rows(pixels), LEVEL)
    return packed


def _filter_rows(pixels: Pixels) -> Pixels:
    """Return the rows of *pixels*, each after its filter's number, with the filter that compresses a sample best."""
    rows = pixels.reshape(len(pixels), -1)
    sample = np.arange(len(rows)) % OF < TRIED
    filtered = _try_filters(rows, pixels.shape[2])
    return min(filtered, key=lambda lines: len(isal_zlib.compress(lines[sample], LEVEL)))


def _try_filters(rows: Pixels, channels: int) -> list[Pixels]:
    """Return *rows* filtered by None, Sub, Up and Average (PNG 3, 9.2). Paeth costs more time than it is worth."""
    left, up = np.zeros_like(rows), np.zeros_like(rows)
    left[:, channels:] = rows[:, :-channels]
    up[1:] = rows[:-1]
    average = (left & up) + ((left ^ up) >> 1)
    filtered = np.zeros((4, len(rows), 1 + rows.shape[1]), np.uint8)
    for number, expected in enumerate((np.zeros_like(rows[:1]), left, up, average)):
        filtered[number, :, 0] = number
        np.subtract(rows, expected, out=filtered[number, :, 1:])
    return list(filtered)

"""Decodes all kinds of BMP that Windows and OS/2 wrote, and the pictures in ICO.

Pillow refuses most masks, ignores alpha, and also decodes runs in Python. Where the documentation is silent, this
module does what browsers do with the BMP Suite (https://entropymine.com/jason/bmpsuite). It knows only numpy.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from ...pixels.scaling import Pixels
from ..damage import ENDS, Damage, Rows, keep
from .header import CORE, RLE4, RLE8, Bitmap
from .runs import Runs

AT_ONCE = 1 << 20  # pixels split at once: each takes 8 bytes while its channels are extracted
END_OF_LINE, END_OF_PICTURE, DELTA = 0, 1, 2


def decode(picture: Bitmap) -> tuple[Pixels, Damage | None]:
    """Return the pixels, and the damage if some are missing (else None); raise BrokenImage if no row is whole."""
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
    """Return the stored bytes of all rows, with zeros after the end of the file, and which rows are whole."""
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
    """Return one index for each pixel. A byte holds several indexes, the first in its upper bits."""
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
    """Return the channels that *masks* select in *words*.

    Many programs write 0 as the alpha of every pixel; such a picture is opaque.
    """
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
    """Return *pixels* of an icon with alpha from the one-bit mask that follows them; without a mask all is opaque."""
    stride = (picture.width + 31) // 32 * 4
    start = picture.pixels_at + picture.stride * picture.height
    found = np.frombuffer(picture.data, np.uint8)[start : start + stride * picture.height]
    clear = np.zeros((picture.height, stride), np.uint8)
    clear.ravel()[: len(found)] = found
    hidden = _unpack_indexes(clear, 1, picture.width)
    hidden = hidden[::-1] if picture.upside_down else hidden
    return np.dstack([pixels, np.where(hidden, 0, 255).astype(np.uint8)])


def _decode_runs(picture: Bitmap) -> tuple[Pixels, Rows, bool]:
    """Return the pixels of runs (RLE8, RLE4), which rows are whole, and whether the end is marked.

    Skipped pixels are transparent.
    """
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

"""Colours that a file names by number (ITU-T H.273) and not by a profile: AVIF's ``nclx``, PNG's ``cICP``.

Each becomes the profile that says the same. Brightness beyond white (PQ, HLG) is not mapped: such a file is read as if
it said nothing.
"""

import io
import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from .headers import boxes

Matrix = NDArray[np.float64]
MOST_CHUNKS = 1000  # before the pixels
D65, DCI = (0.3127, 0.3290), (0.314, 0.351)
# By number: name, x and y of red, green, blue, white
PRIMARIES = {
    9: ("Rec. 2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    11: ("DCI P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), DCI),
    12: ("Display P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
}
TRANSFERS = (1, 2, 6, 13, 14, 15)  # near enough to sRGB's curve
D50 = np.array([0.96422, 1.0, 0.82521])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
NAME = "sRGB built-in"  # of the profile that is changed here, which has room for as many letters


def profile_of(data: bytes, format: str) -> bytes | None:
    """Return a profile (ICC) of the colours that *data* names by number; None if it does not, or they are sRGB's."""
    try:
        named = _of_avif(data) if format == "AVIF" else _of_png(data) if format == "PNG" else None
    except (struct.error, IndexError):
        return None
    if not named or named[0] not in PRIMARIES or named[1] not in TRANSFERS:
        return None
    return _profile(named[0])


def _of_avif(data: bytes) -> tuple[int, int] | None:
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"colr" and data[start : start + 4] == b"nclx" and end - start >= 8:
            return struct.unpack_from(">HH", data, start + 4)
    return None


def _of_png(data: bytes) -> tuple[int, int] | None:
    at = 8
    for _ in range(MOST_CHUNKS):
        if data[at + 4 : at + 8] == b"IDAT":
            break
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"cICP" and length == 4:
            return data[at + 8], data[at + 9]
        at += 12 + length
    return None


@lru_cache
def _profile(number: int) -> bytes:
    """Return sRGB's profile with other primaries."""
    name, *corners, white = PRIMARIES[number]
    matrix = _to_d50(_to_xyz(np.array(corners), np.array(white)), np.array(white))
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for column, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ")):
        at = data.index(tag)
        (start,) = struct.unpack_from(">I", data, at + 4)
        struct.pack_into(">3i", data, start + 8, *(round(value * 65536) for value in matrix[:, column]))
    written = NAME.encode("utf-16-be")
    start = data.index(written)
    data[start : start + len(written)] = name.ljust(len(NAME)).encode("utf-16-be")
    ImageCms.ImageCmsProfile(io.BytesIO(data))
    return bytes(data)


def _xyz(place: Matrix) -> Matrix:
    x, y = place
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_xyz(corners: Matrix, white: Matrix) -> Matrix:
    """Return the matrix from red, green and blue to XYZ in which all three at full are *white*."""
    columns = np.stack([_xyz(corner) for corner in corners], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, _xyz(white)))


def _to_d50(matrix: Matrix, white: Matrix) -> Matrix:
    """Return *matrix* for eyes that take D50 for white, as profiles have it."""
    cones = BRADFORD @ D50 / (BRADFORD @ _xyz(white))
    return np.asarray(np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ matrix)

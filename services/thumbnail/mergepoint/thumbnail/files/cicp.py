"""Colour spaces that a file names by number (ITU-T H.273) instead of by a profile: AVIF's ``nclx``, PNG's ``cICP``.

Each becomes the equivalent profile (ICC.1:2022). In high dynamic range (PQ, HLG), levels up to white (203 candelas per
square metre, ITU-R BT.2408) keep their brightness, and brighter levels become white.
"""

import struct
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .probe import boxes

Reals = NDArray[np.float64]
MOST_CHUNKS = 1000  # that are searched before the pixels
D65, DCI = (0.3127, 0.3290), (0.314, 0.351)
# For each number: the name, and x and y of red, green, blue and white
PRIMARIES = {
    1: ("sRGB", (0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65),
    9: ("Rec. 2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    11: ("DCI P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), DCI),
    12: ("Display P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
}
USUAL = (1, 2, 6, 13, 14, 15)  # transfer characteristics that are near enough to sRGB's curve
WHITE = 203.0  # candelas per square metre
STEPS = 4096  # entries of a curve that is written as a table
LEAST_GAMMA, MOST_GAMMA, NEAR = 0.2, 5.0, 0.05
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def profile_of(data: bytes, format: str) -> bytes | None:
    """Return an ICC profile of the colour space that *data* names by number; None if it names none, or sRGB."""
    try:
        named = _of_avif(data) if format in ("AVIF", "HEIF") else _of_png(data) if format == "PNG" else None
    except (struct.error, IndexError):
        return None
    if not named or named[0] not in PRIMARIES or named[1] not in (*USUAL, *BRIGHT):
        return None
    return None if named[0] == 1 and named[1] in USUAL else _profile(*named)


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


def _perceptual(levels: Reals) -> Reals:
    """PQ (SMPTE ST 2084): return the light, in candelas per square metre, of *levels* from 0 to 1."""
    base = levels ** (1 / 78.84375)
    light = np.maximum(base - 0.8359375, 0) / (18.8515625 - 18.6875 * base)
    return np.asarray(10_000 * light ** (1 / 0.1593017578125))


def _hybrid(levels: Reals) -> Reals:
    """HLG (ARIB STD-B67): return the light of *levels* on a screen of 1000 candelas per square metre."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(levels <= 0.5, levels**2 / 3, (np.exp((levels - c) / a) + b) / 12)
    return np.asarray(1000 * scene**1.2)


BRIGHT: dict[int, tuple[str, Callable[[Reals], Reals]]] = {16: ("PQ", _perceptual), 18: ("HLG", _hybrid)}


def profile_of_gamma(gamma: object) -> bytes | None:
    """Return an ICC profile with sRGB's primaries and the curve of PNG's ``gAMA``.

    None if *gamma* is no number from LEAST_GAMMA to MOST_GAMMA, or near sRGB's.
    """
    if not isinstance(gamma, float) or not LEAST_GAMMA <= gamma <= MOST_GAMMA or abs(gamma * 2.2 - 1) < NEAR:
        return None
    return _of_curve(f"gamma {gamma:g}", 1, b"para" + bytes(4) + struct.pack(">HHi", 0, 0, *_fixed_point(1 / gamma)))


@lru_cache
def _profile(primaries: int, transfer: int) -> bytes:
    name = PRIMARIES[primaries][0]
    if transfer in BRIGHT:
        name, curve = f"{name} {BRIGHT[transfer][0]}", _table(BRIGHT[transfer][1])
    else:
        curve = (
            b"para"
            + bytes(4)
            + struct.pack(">HH5i", 3, 0, *_fixed_point(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
        )
    return _of_curve(name, primaries, curve)


def _of_curve(name: str, primaries: int, curve: bytes) -> bytes:
    _, *corners, white = PRIMARIES[primaries]
    matrix = _to_d50(np.array(corners), np.array(white))
    tags = {b"desc": _text(name), b"cprt": _text("none"), b"wtpt": _place(D50)}
    tags |= {tag: _place(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix.T, strict=True)}
    return _write_profile(tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def _write_profile(tags: dict[bytes, bytes]) -> bytes:
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x3i48x",
        start + len(body),
        0x04300000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        b"acsp",
        *_fixed_point(*D50),
    )
    return header + struct.pack(">I", len(tags)) + table + body


def _fixed_point(*values: float) -> tuple[int, ...]:
    return tuple(round(value * 65536) for value in values)


def _place(xyz: Reals) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *_fixed_point(*xyz))


def _text(words: str) -> bytes:
    written = words.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(written), 28) + written


def _table(light: Callable[[Reals], Reals]) -> bytes:
    levels = light(np.linspace(0, 1, STEPS)) / WHITE
    return b"curv" + bytes(4) + struct.pack(">I", STEPS) + (levels.clip(0, 1) * 65535).round().astype(">u2").tobytes()


def _xyz(place: Reals) -> Reals:
    x, y = place
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_d50(corners: Reals, white: Reals) -> Reals:
    """Return the matrix from linear RGB to XYZ, adapted to the white D50 (Bradford), as ICC profiles require."""
    columns = np.stack([_xyz(corner) for corner in corners], axis=1)
    matrix = columns * np.linalg.solve(columns, _xyz(white))
    cones = BRADFORD @ D50 / (BRADFORD @ _xyz(white))
    return np.asarray(np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ matrix)

"""Colour profiles made from their definitions (ICC.1:2022), and what their numbers are in sRGB, reckoned here."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Place = tuple[float, float]
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Space:
    """The places (x, y) of red, green, blue and white, and the exponent of the curve."""

    red: Place
    green: Place
    blue: Place
    white: Place = (0.3127, 0.3290)
    exponent: float = 2.2

    def to_d50(self) -> Reals:
        """Return the matrix from light to XYZ, for eyes that take D50 for white."""
        corners = np.stack([_xyz(place) for place in (self.red, self.green, self.blue)], axis=1)
        matrix = corners * np.linalg.solve(corners, _xyz(self.white))
        scale = (BRADFORD @ D50) / (BRADFORD @ _xyz(self.white))
        return np.asarray(np.linalg.inv(BRADFORD) @ np.diag(scale) @ BRADFORD @ matrix)

    def profile(self) -> bytes:
        tags = {name: _place(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), self.to_d50().T, strict=True)}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(self.exponent))
        return _profile(b"RGB ", tags)

    def in_srgb(self, levels: tuple[int, ...]) -> Reals:
        """Return what *levels* of this space are in sRGB, from 0 to 255."""
        light = np.linalg.solve(SRGB.to_d50(), self.to_d50() @ (np.array(levels) / 255) ** self.exponent).clip(0, 1)
        return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255)


SRGB = Space((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SPACES = {
    "Display P3": Space((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "Adobe RGB": Space((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    "ProPhoto": Space((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585), 1.8),
    "Rec. 2020": Space((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
}


def grey_profile(exponent: float) -> bytes:
    return _profile(b"GRAY", {b"kTRC": _curve(exponent)})


def _xyz(place: Place) -> Reals:
    x, y = place
    return np.array([x / y, 1, (1 - x - y) / y])


def _place(xyz: Reals) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65536) for value in xyz))


def _curve(exponent: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(exponent * 256)) + bytes(2)


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    name = b"desc" + bytes(4) + struct.pack(">I", 5) + b"made\0" + bytes(78)
    tags = {b"desc": name + bytes(-len(name) % 4), b"wtpt": _place(D50), **tags}
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", at, len(content))
        at, body = at + len(content), body + content
    head = bytearray(128)
    head[0:4], head[8:12] = struct.pack(">I", at), bytes([2, 0x40, 0, 0])
    head[12:24], head[36:40] = b"mntr" + space + b"XYZ ", b"acsp"
    head[68:80] = _place(D50)[8:]
    return bytes(head) + struct.pack(">I", len(tags)) + table + body

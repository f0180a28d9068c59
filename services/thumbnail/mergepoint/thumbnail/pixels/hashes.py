"""BlurHash and ThumbHash: pictures of some thirty bytes, to be shown while the real one loads.

https://github.com/woltapp/blurhash and https://evanw.github.io/thumbhash define their numbers.
"""

import base64
import math

import numpy as np
from numpy.typing import NDArray

from .scaling import Pixels

Reals = NDArray[np.float64]
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def blurhash(rgb: Pixels, across: int = 4, down: int = 3) -> str:
    """Return the BlurHash of *rgb* (height × width × 3) with *across* × *down* waves, each from 1 to 9."""
    levels = rgb.astype(np.float64) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    height, width, _ = rgb.shape
    waves_x = np.cos(math.pi * np.outer(np.arange(across), np.arange(width)) / width)
    waves_y = np.cos(math.pi * np.outer(np.arange(down), np.arange(height)) / height)
    factors = np.einsum("jy,yxc,ix->jic", waves_y, linear, waves_x) / (width * height)
    factors[1:] *= 2
    factors[0, 1:] *= 2
    first, rest = factors[0, 0], factors.reshape(-1, 3)[1:]
    most = float(abs(rest).max())
    scale = max(0, min(82, math.floor(most * 166 - 0.5)))
    strongest = (scale + 1) / 166
    parts = [_base83(across - 1 + (down - 1) * 9, 1), _base83(scale, 1), _base83(_srgb24(first), 4)]
    quantum = np.sign(rest) * np.sqrt(abs(rest) / strongest) * 9 + 9.5
    for red, green, blue in np.clip(np.floor(quantum), 0, 18).astype(int):
        parts.append(_base83(int(red * 361 + green * 19 + blue), 2))
    return "".join(parts)


def _srgb24(linear: Reals) -> int:
    levels = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)
    red, green, blue = np.floor(np.clip(levels, 0, 1) * 255 + 0.5).astype(int)
    return int(red) << 16 | int(green) << 8 | int(blue)


def _base83(value: int, length: int) -> str:
    return "".join(DIGITS[value // 83**place % 83] for place in range(length - 1, -1, -1))


def thumbhash(rgba: Pixels) -> str:
    """Return the ThumbHash of *rgba* (at most 100 × 100 × 4) in base64."""
    height, width, _ = rgba.shape
    values = rgba.astype(np.float64) / 255
    alpha = values[..., 3]
    total = float(alpha.sum())
    mean = (values[..., :3] * alpha[..., None]).sum((0, 1)) / total if total else np.zeros(3)
    red, green, blue = np.moveaxis(mean * (1 - alpha[..., None]) + values[..., :3] * alpha[..., None], -1, 0)
    clear = total < width * height - 1e-9
    limit = 5 if clear else 7
    across = max(1, _round(limit * width / max(width, height)))
    down = max(1, _round(limit * height / max(width, height)))
    light = _channel((red + green + blue) / 3, max(3, across), max(3, down))
    yellow = _channel((red + green) / 2 - blue, 3, 3)
    reddish = _channel(red - green, 3, 3)
    lying = width > height
    head = _round(63 * light[0]) | _round(31.5 + 31.5 * yellow[0]) << 6 | _round(31.5 + 31.5 * reddish[0]) << 12
    head |= _round(31 * light[1]) << 18 | clear << 23
    more = (down if lying else across) | _round(63 * yellow[1]) << 3 | _round(63 * reddish[1]) << 9 | lying << 15
    data = bytearray(head.to_bytes(3, "little") + more.to_bytes(2, "little"))
    waves = [*light[2], *yellow[2], *reddish[2]]
    if clear:
        veil = _channel(alpha, 5, 5)
        data.append(_round(15 * veil[0]) | _round(15 * veil[1]) << 4)
        waves += veil[2]
    nibbles = [_round(15 * wave) for wave in waves]
    nibbles += [0] * (len(nibbles) % 2)
    data += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return base64.b64encode(data).decode()


def _channel(values: Reals, across: int, down: int) -> tuple[float, float, list[float]]:
    """Return the mean, the strength of the strongest wave, and all waves relative to it, from 0 to 1."""
    height, width = values.shape
    waves_x = np.cos(math.pi / width * np.outer(np.arange(across), np.arange(width) + 0.5))
    waves_y = np.cos(math.pi / height * np.outer(np.arange(down), np.arange(height) + 0.5))
    # Beyond the 12th digit, results depend on the processor: a wave of strength 0 could round to either side of a half.
    factors = np.round(waves_y @ values @ waves_x.T / (width * height), 12)
    kept = [
        float(factors[y, x]) for y in range(down) for x in range(across) if x * down < across * (down - y) and (x or y)
    ]
    scale = max(map(abs, kept), default=0.0)
    if scale < 1e-9:  # a channel of one level: only rounding errors are left
        return float(factors[0, 0]), 0.0, [0.5 if scale else 0.0] * len(kept)
    return float(factors[0, 0]), scale, [0.5 + 0.5 / scale * wave for wave in kept]


def _round(value: float) -> int:
    return math.floor(value + 0.5)

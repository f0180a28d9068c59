"""Parses the arguments of imgproxy's options, texts between colons: numbers, colours, formats, encoded words."""

import base64
import math
import re

from ..spec import Colour

FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "gif": "GIF"}
# imgproxy's other formats. Options may name them where that has no effect here.
OTHER_FORMATS = ("jxl", "ico", "svg", "heic", "bmp", "tiff")
HEX = re.compile(r"[0-9a-f]{3}|[0-9a-f]{6}", re.ASCII | re.IGNORECASE)
ESCAPE = re.compile(rb"%([0-9a-fA-F]{0,2})")
LARGEST = 1_000_000


class BadArgument(ValueError):
    """An option does not accept this argument. The message says which arguments it accepts."""


def at_most(count: int, arguments: list[str]) -> None:
    """Raise BadArgument if there are more *arguments* than *count*."""
    if len(arguments) > count:
        raise BadArgument(f"at most {count} argument{'s' if count > 1 else ''} {'are' if count > 1 else 'is'} expected")


def whole(text: str, least: int = 0, most: int = LARGEST) -> int:
    """Return the whole number *text*; raise BadArgument unless it is from *least* to *most*."""
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", text) or not least <= int(text) <= most:
        raise BadArgument(f"a whole number from {least} to {most} is expected")
    return int(text)


def number(text: str, least: float, most: float = LARGEST) -> float:
    """Return the number *text*; raise BadArgument unless it is from *least* to *most*."""
    try:
        value = float(text) if re.fullmatch(r"[0-9.eE+-]{1,20}", text) else math.nan
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise BadArgument(f"a number from {least:g} to {most:g} is expected")
    return value


def above_zero(text: str) -> float:
    return number(text, 1e-6)


def boolean(text: str) -> bool:
    """Return whether *text* is one of imgproxy's words for true. Every other text means false."""
    return text in ("1", "t", "T", "true", "TRUE", "True")


def colour(text: str) -> Colour:
    if not HEX.fullmatch(text):
        raise BadArgument("a colour in hexadecimal is expected")
    digits = text if len(text) == 6 else "".join(digit * 2 for digit in text)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def parse_format(text: str) -> str:
    if text not in FORMATS:
        raise BadArgument(f"one of {', '.join(FORMATS)} is expected")
    return FORMATS[text]


def from_base64(text: str) -> bytes:
    """Return the bytes of base64url *text*, padded or not; raise ValueError if it is not base64url."""
    text = text.rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


def unescape(text: str) -> bytes:
    """Return the bytes of percent-encoded *text*; raise ValueError if a percent sign stands alone."""
    return ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()) or _refuse_lone_percent(), text.encode())


def _refuse_lone_percent() -> bytes:
    raise ValueError("a percent sign without two digits")

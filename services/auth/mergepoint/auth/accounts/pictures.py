"""Avatars: a user's picture made small by the thumbnail service, as a signed link of imgproxy's form."""

import hashlib
import hmac
import re

from ..errors import Invalid
from ..signing.identity import encode

SIDE = 56  # pixels: 28 on a page, for screens with two pixels in each
ADDRESS = re.compile(r"https?://[^\s\"'<>\\\x00-\x1f\x7f]{1,900}")


def checked(address: str) -> str:
    """Return *address* if it may be where a picture is, or raise Invalid."""
    if not ADDRESS.fullmatch(address) or not address.isascii():
        raise Invalid("picture", "an address that begins with https:// is expected")
    return address


def avatar(picture: str | None, key: bytes, salt: bytes) -> str | None:
    """Return the path at which thumbnail shows *picture*; None without a picture or a key."""
    if not picture or not key:
        return None
    path = f"/rs:fill:{SIDE}:{SIDE}/{encode(picture.encode())}.webp"
    return f"/thumbnail/{encode(hmac.digest(key, salt + path.encode(), hashlib.sha256))}{path}"

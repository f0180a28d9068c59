"""Avatars: signed links (in imgproxy's form) by which the thumbnail service makes a user's picture small."""

import hashlib
import hmac
import re

from ..base64url import encode
from ..errors import Invalid

SIDE = 56  # pixels: 28 on a page, for screens with two pixels in each
ADDRESS = re.compile(r"https?://[^\s\"'<>\\\x00-\x1f\x7f]{1,900}")


def check_address(address: str) -> str:
    """Return *address* if it is a possible address of a picture, else raise Invalid."""
    if not ADDRESS.fullmatch(address) or not address.isascii():
        raise Invalid("picture", "send an address that begins with https://")
    return address


def avatar(picture: str | None, key: bytes, salt: bytes) -> str | None:
    """Return the path of the avatar made of *picture*, an address; None without a picture or a key.

    *key* and *salt* are bytes: the first ones of THUMBNAIL_KEYS and THUMBNAIL_SALTS.
    """
    if not picture or not key:
        return None
    path = f"/rs:fill:{SIDE}:{SIDE}/{encode(picture.encode())}.webp"
    return f"/thumbnail/{encode(hmac.digest(key, salt + path.encode(), hashlib.sha256))}{path}"

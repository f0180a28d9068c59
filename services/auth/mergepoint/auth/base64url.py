"""Base64url without padding (RFC 7515, section 2)."""

import base64


def encode(data: bytes) -> str:
    """Return *data* in letters, digits, ``-`` and ``_``."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of *text*."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

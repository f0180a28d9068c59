"""The hash under which secrets and names are stored; nothing here needs a slow one, since each secret is random."""

import hashlib


def digest(text: str) -> str:
    """Return the SHA-256 of *text* in 64 hexadecimal digits."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

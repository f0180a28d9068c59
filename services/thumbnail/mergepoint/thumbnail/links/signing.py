"""Signatures of links, as imgproxy's client libraries make them: HMAC-SHA256 over salt and path, in base64url."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass


class BadSignature(ValueError):
    """No key has signed this path."""

    code = "bad_signature"


@dataclass(frozen=True)
class Signer:
    """Signs with the first of the *pairs* of key and salt, and accepts signatures of all of them.

    *size* is the length of a signature in bytes, at most 32.
    """

    pairs: Sequence[tuple[bytes, bytes]]
    size: int = 32

    def sign(self, path: str) -> str:
        """Return the signature of *path*, which begins with a slash."""
        return self._encode(self._digest(*self.pairs[0], path))

    def check(self, signature: str, path: str) -> None:
        """Raise BadSignature unless one of the keys has signed *path*."""
        try:
            given = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        except (binascii.Error, ValueError):
            given = b""
        good = [hmac.compare_digest(given, self._digest(*pair, path)) for pair in self.pairs]
        if not any(good) or self._encode(given) != signature.rstrip("="):
            raise BadSignature("the signature does not belong to this path, or its key was withdrawn")

    def _digest(self, key: bytes, salt: bytes, path: str) -> bytes:
        return hmac.new(key, salt + path.encode("latin-1", "replace"), hashlib.sha256).digest()[: self.size]

    @staticmethod
    def _encode(digest: bytes) -> str:
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def parse_pairs(keys: str, salts: str) -> list[tuple[bytes, bytes]]:
    """Return pairs of key and salt from two lists of hexadecimal words with commas between them.

    Raises ValueError if a word is not hexadecimal or the lists differ in length.
    """
    found = [[bytes.fromhex(word.strip()) for word in words.split(",") if word.strip()] for words in (keys, salts)]
    return list(zip(*found, strict=True))

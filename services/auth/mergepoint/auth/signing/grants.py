"""The form of grants: JWTs (RFC 7519) for nobody but ourselves, signed by HMAC with a key of their own.

A grant outlives the keys that sign identities, which rotate; and nothing that takes an identity takes one of these, nor
the other way round: algorithm, key, type and audience differ. What a grant says is not known here.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..base64url import decode, encode
from ..errors import InvalidToken

AUDIENCE = "mergepoint-door"
HEAD = encode(json.dumps({"alg": "HS256", "typ": "mergepoint-grant"}, separators=(",", ":")).encode())
SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")
LONGEST = 4096  # characters


class GrantTokens:
    """Writes and reads grants; *key* are 32 bytes."""

    def __init__(self, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._key, self._clock = key, clock

    def sign(self, claims: Mapping[str, Any], *, expires: float) -> str:
        """Return *claims* as a grant that is good until *expires*, in seconds since 1970."""
        whole = {"aud": AUDIENCE, "iat": int(self._clock()), "exp": int(expires), **claims}
        signed = f"{HEAD}.{encode(json.dumps(whole, separators=(',', ':')).encode())}"
        return f"{signed}.{encode(self._mac(signed))}"

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of a grant that we have signed and that is still good, or raise InvalidToken."""
        parts = SHAPE.fullmatch(token) if len(token) <= LONGEST else None
        # Compared as it is written, so that a signature has one spelling.
        if parts is None or parts[1] != HEAD or not self._is_ours(token):
            raise InvalidToken("not a grant of ours")
        claims: dict[str, Any] = json.loads(decode(parts[2]))
        if claims["aud"] != AUDIENCE or claims["exp"] <= self._clock():
            raise InvalidToken("a grant that has expired")
        return claims

    def _is_ours(self, token: str) -> bool:
        signed, _, signature = token.rpartition(".")
        return hmac.compare_digest(encode(self._mac(signed)), signature)

    def _mac(self, signed: str) -> bytes:
        return hmac.digest(self._key, signed.encode(), hashlib.sha256)

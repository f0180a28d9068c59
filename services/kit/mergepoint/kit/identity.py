"""Verifies who asks: the signed identity that nginx passes to a service in ``Mergepoint-Identity``.

One algorithm, Ed25519, and keys from one place. Nothing in the token decides how it is checked.
"""

import base64
import binascii
import contextlib
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = "Mergepoint-Identity"
LONGEST = 4096  # characters
LIFETIME = 60  # seconds that an identity may be good for
SKEW = 5  # seconds that our clock may be behind
SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
LOOK_AGAIN = 1.0  # seconds between two requests for keys that nobody knows
KEEP = 300.0  # seconds that a set of keys is kept

FindKey = Callable[[str], bytes | None]


class InvalidIdentity(ValueError):
    """Not an identity for us, from now, signed with a key that we know."""

    code = "invalid_identity"


def verify(token: str, *, audience: str, find_key: FindKey, now: Callable[[], float] = time.time) -> dict[str, Any]:
    """Return the claims of *token*: sub, name, email, admin, scope …, or raise InvalidIdentity.

    *find_key* turns a key's id into the 32 bytes of the public key, or None: ``Keys(url).find`` will do.
    """
    try:
        if len(token) > LONGEST or not (parts := SHAPE.fullmatch(token)):
            raise InvalidIdentity("not a token")
        head, claims = json.loads(_decode(parts[1])), json.loads(_decode(parts[2]))
        if head.get("alg") != "EdDSA" or not set(head) <= {"alg", "kid", "typ"}:  # so neither crit, jwk, jku nor x5u
            raise InvalidIdentity("another algorithm, or a header that we do not know")
        if not isinstance(head.get("kid"), str) or not (key := find_key(head["kid"])):
            raise InvalidIdentity("signed with an unknown key")
        Ed25519PublicKey.from_public_bytes(key).verify(_decode(parts[3]), f"{parts[1]}.{parts[2]}".encode())
        issued, expires = claims["iat"], claims["exp"]
        if type(issued) is not int or type(expires) is not int or not issued < expires <= issued + LIFETIME:
            raise InvalidIdentity("without a short life")
        if not issued - SKEW <= now() < expires:
            raise InvalidIdentity("expired, or from the future")
        if claims["aud"] != audience or not isinstance(claims["sub"], str):
            raise InvalidIdentity("for another service")
    except (InvalidSignature, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise error if isinstance(error, InvalidIdentity) else InvalidIdentity("not a good token") from error
    return dict(claims)


class Keys:
    """The public keys at *url* (``http://…/auth/jwks.json``), fetched when an unknown one is met; threads share it."""

    def __init__(self, url: str, *, timeout: float = 2, fetch: Callable[[str, float], bytes] | None = None) -> None:
        self._url, self._timeout, self._fetch = url, timeout, fetch or _fetch
        self._known: dict[str, bytes] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()

    def find(self, kid: str) -> bytes | None:
        """Return a public key, or None if nobody there knows it. Keys that cannot be fetched stay as they were."""
        age = time.monotonic() - self._fetched
        if age > KEEP or (kid not in self._known and age > LOOK_AGAIN):
            with self._lock:
                if time.monotonic() - self._fetched >= age:  # nobody else did meanwhile
                    self._load()
        return self._known.get(kid)

    def _load(self) -> None:
        with contextlib.suppress(
            OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError, RecursionError
        ):
            self._known = read_keys(json.loads(self._fetch(self._url, self._timeout)))
        self._fetched = time.monotonic()


def read_keys(jwks: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the Ed25519 keys of a JWK set (RFC 8037) by their ids."""
    usable = (key for key in jwks["keys"] if key.get("kty") == "OKP" and key.get("crv") == "Ed25519")
    return {key["kid"]: _decode(key["x"]) for key in usable}


def _decode(text: str) -> bytes:
    """Base64url without padding, in its one spelling (RFC 7515, section 2)."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise binascii.Error("bits left over")
    return data


def _fetch(url: str, timeout: float) -> bytes:
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        data: bytes = answer.read(65536)
    return data

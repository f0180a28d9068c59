"""Identities: short-lived JWTs (RFC 7519) that tell a service who asks, and the Ed25519 keys that sign them.

The keys are in a file, not in the database. A key is published before its first signature and for some time after its
last, so that every signature can be verified.
"""

import contextlib
import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mergepoint.kit.database.files import write_once

from ..base64url import decode, encode

KEYS = "identity-keys.json"  # the name of their file
LIFETIME = 60  # seconds for which an identity is valid
CHECK_INTERVAL = 1.0  # seconds until a worker notices that the file has changed
PUBLISHED_BEFORE = 5.0  # seconds between a key's publication and its first signature
PUBLISHED_AFTER = 600.0  # seconds between a key's last signature and its removal


@dataclass(frozen=True)
class SigningKey:
    """A key that signs from *begins* on and is published until *ends*, in seconds since 1970."""

    kid: str
    private: Ed25519PrivateKey
    begins: float
    ends: float | None
    head: str  # the JWT's header, encoded

    @property
    def public(self) -> dict[str, str]:
        """The public key as a JWK (RFC 8037)."""
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": encode(raw), "kid": self.kid, "alg": "EdDSA", "use": "sig"}


class IdentityKeys:
    """Signs with the current key. The keys are in *folder*, which all processes share."""

    def __init__(self, folder: Path, issuer: str, *, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / KEYS
        self._issuer = issuer
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._keys: list[SigningKey] = []
        if not self._path.exists():
            with contextlib.suppress(FileExistsError):
                write_once(self._path, _encode_keys([_new(begins=0.0)]))

    def sign(self, claims: Mapping[str, Any], audience: str) -> str:
        """Return *claims* as a JWT for the service *audience*, valid for 60 seconds."""
        now = self._clock()
        key = self._current(now)
        whole = {"iss": self._issuer, "aud": audience, "iat": int(now), "exp": int(now) + LIFETIME, **claims}
        # In UTF-8 without escapes, which are up to six times as long and might not fit into a header.
        claimed = json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()
        signed = f"{key.head}.{encode(claimed)}"
        return f"{signed}.{encode(key.private.sign(signed.encode()))}"

    def jwks(self) -> dict[str, Any]:
        """Return the published keys as a JWK set (RFC 7517)."""
        now = self._clock()
        return {"keys": [key.public for key in self._load() if key.ends is None or now < key.ends]}

    def rotate(self) -> str:
        """Make a new key, which signs a few seconds later; return its id. The others go when they end."""
        now = self._clock()
        with self._exclusive():
            new = _new(begins=now + PUBLISHED_BEFORE)
            leaves = new["begins"] + PUBLISHED_AFTER
            stay = [entry for entry in self._entries() if entry["ends"] is None or now < entry["ends"]]
            kept = [entry | {"ends": entry["ends"] or leaves} for entry in stay]
            temporary = self._path.with_suffix(f".{secrets.token_hex(4)}")
            write_once(temporary, _encode_keys([*kept, new]))
            os.replace(temporary, self._path)
        return str(new["kid"])

    def look_again(self) -> None:
        """Notice at the next call, not within a second, that another process has changed the keys."""
        self._looked_at = float("-inf")

    def _current(self, now: float) -> SigningKey:
        keys = self._load()
        ready = [key for key in keys if key.begins <= now]
        return max(ready or keys, key=lambda key: key.begins)

    def _load(self) -> list[SigningKey]:
        moment = time.monotonic()
        if self._keys and moment - self._looked_at < CHECK_INTERVAL:
            return self._keys
        with self._lock:
            found = os.stat(self._path)
            if (stamp := (found.st_ino, found.st_mtime_ns)) != self._stamp:
                self._keys = [_decode_key(entry) for entry in self._entries()]
                self._stamp = stamp
            self._looked_at = moment
            return self._keys

    def _entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self._path.read_text())["keys"]
        return entries

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        with open(self._path.with_suffix(".lock"), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _new(*, begins: float) -> dict[str, Any]:
    private = encode(Ed25519PrivateKey.generate().private_bytes_raw())
    return {"kid": secrets.token_hex(8), "private": private, "begins": begins, "ends": None}


def _encode_keys(entries: list[dict[str, Any]]) -> bytes:
    return json.dumps({"keys": entries}, indent=1).encode()


def _decode_key(entry: Mapping[str, Any]) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(decode(entry["private"]))
    head = encode(json.dumps({"alg": "EdDSA", "kid": entry["kid"], "typ": "JWT"}, separators=(",", ":")).encode())
    return SigningKey(entry["kid"], private, entry["begins"], entry["ends"], head)

"""The service's own secret, in a file that nobody else may read, and what is sealed with it."""

import base64
import contextlib
import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from mergepoint.kit.database.files import write_once

BYTES = 32
SECRET = "secret"  # the name of its file


def load_secret(folder: Path) -> bytes:
    """Return the secret in *folder*; the first call makes it."""
    path = folder / SECRET
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        write_once(path, secrets.token_bytes(BYTES))
    found = path.read_bytes()
    if len(found) < BYTES:
        raise ValueError(f"{path}: {len(found)} bytes, {BYTES} are expected")
    return found


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return a key of its own for *purpose*."""
    return hmac.digest(secret, f"mergepoint.auth.{purpose}".encode(), hashlib.sha256)


class Seal:
    """Encrypts what must be read again, such as a TOTP secret: a copy of the database alone does not tell it."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, data: bytes) -> bytes:
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes) -> bytes | None:
        """Return what was sealed, or None when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None

"""The service's own secret, in a file that only its user may read, and encryption with keys derived from it."""

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
    """Return the secret in *folder*; the first call makes it. Raise ValueError if the file is too short."""
    path = folder / SECRET
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        write_once(path, secrets.token_bytes(BYTES))
    found = path.read_bytes()
    if len(found) < BYTES:
        raise ValueError(f"{path}: {len(found)} bytes, {BYTES} are expected; restore it from a backup")
    return found


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return the key for *purpose*, 32 bytes derived from *secret* by HMAC-SHA256."""
    return hmac.digest(secret, f"mergepoint.auth.{purpose}".encode(), hashlib.sha256)


class Seal:
    """Encrypts secrets that must be read again, such as those of TOTP: a copy of the database does not reveal them."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, data: bytes) -> bytes:
        """Return *data* encrypted and signed."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes) -> bytes | None:
        """Return the sealed data; None if it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None

"""Files in a service's folder: written whole, once, for this user only."""

import os
import secrets
from pathlib import Path


def write_once(path: Path, data: bytes) -> None:
    """Write a new file whole, for ourselves only; raise FileExistsError if there is one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        temporary.unlink()

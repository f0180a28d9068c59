"""Return addresses that are too long for a cookie or a query: put aside in files, under random keys.

They are not in the database: if one is lost, a login leads to the account's page, no more. Visitors may create them, so
their number is limited.
"""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

LIFETIME = 3600.0  # seconds
MAX_TARGETS = 1000  # of at most 8 KB each
KEY = re.compile(r"~[A-Za-z0-9_-]{22}")  # never an address, which begins with a slash


class Targets:
    """Puts addresses aside in *folder* under unguessable keys, and finds them."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock

    def put(self, target: str) -> str | None:
        """Return a key for *target*, good for an hour or until a thousand others follow; None without a file."""
        key = "~" + secrets.token_urlsafe(16)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._delete_oldest()
            descriptor = os.open(self._folder / key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{self._clock()} {target}")
        except OSError:
            return None
        return key

    def find(self, key: str) -> str | None:
        """Return the address under *key*; None if there is none, or no longer."""
        if not KEY.fullmatch(key):
            return None
        try:
            at, _, target = (self._folder / key).read_text().partition(" ")
        except OSError:
            return None
        return target if self._clock() - float(at) <= LIFETIME else None

    def _delete_oldest(self) -> None:
        ages: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another worker was first
                ages.append((path.stat().st_mtime, path))
        ages.sort(reverse=True)
        for number, (at, path) in enumerate(ages):
            if number >= MAX_TARGETS - 1 or time.time() - at > LIFETIME:
                path.unlink(missing_ok=True)

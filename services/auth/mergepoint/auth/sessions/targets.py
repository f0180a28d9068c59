"""Where to go after a login, when that is too long for the cookie or the address which carries it: put aside.

In files, since what is lost only leads home: a backup has none, and a service on another machine finds none. Anybody
may put something aside, so there is only so much room.
"""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

LIFETIME = 3600.0  # seconds
ROOM = 1000  # of at most 8 KB each
KEY = re.compile(r"~[A-Za-z0-9_-]{22}")  # an address begins with a slash


class Targets:
    """Puts addresses aside in *folder* under keys that nobody guesses, and finds them."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock

    def put(self, target: str) -> str | None:
        """Return a key that is good for an hour, unless a thousand others come after it; None if it cannot be kept."""
        key = "~" + secrets.token_urlsafe(16)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._make_room()
            descriptor = os.open(self._folder / key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{self._clock()} {target}")
        except OSError:
            return None
        return key

    def find(self, key: str) -> str | None:
        """Return what is put aside under *key*, if it still is."""
        if not KEY.fullmatch(key):
            return None
        try:
            at, _, target = (self._folder / key).read_text().partition(" ")
        except OSError:
            return None
        return target if self._clock() - float(at) <= LIFETIME else None

    def _make_room(self) -> None:
        ages: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another worker was first
                ages.append((path.stat().st_mtime, path))
        ages.sort(reverse=True)
        for number, (at, path) in enumerate(ages):
            if number >= ROOM - 1 or time.time() - at > LIFETIME:
                path.unlink(missing_ok=True)

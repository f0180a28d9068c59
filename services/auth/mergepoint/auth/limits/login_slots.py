"""How many may log in at once in a process, most of them waiting to be refused: other threads are for everybody else.

A place is held as long as an attempt takes. The last few are for networks that hold none, so that a flood from some
leaves room for others.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from ..errors import Overloaded


class Room:
    """For three quarters of so many *threads*."""

    def __init__(self, threads: int = 32) -> None:
        self._places = max(threads * 3 // 4, 1)
        self._reserved = self._places // 6
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def place(self, network: str) -> Iterator[None]:
        """Take a place, or raise Overloaded at once: waiting for one would take a thread as well."""
        with self._lock:
            free = self._places - self._inside.total()
            if free <= (self._reserved if self._inside[network] else 0):
                raise Overloaded
            self._inside[network] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[network] -= 1
                if not self._inside[network]:
                    del self._inside[network]

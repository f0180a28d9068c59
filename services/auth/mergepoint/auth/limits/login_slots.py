"""How many logins one process serves at once; most of them wait for their refusal, and other requests need threads too.

A slot is held as long as an attempt takes. The last few slots are reserved for networks that hold none, so that a flood
from some networks leaves slots for the others.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from ..errors import Overloaded


class LoginSlots:
    """Three quarters of a process's *threads*, at least one; a sixth of them is reserved."""

    def __init__(self, threads: int = 32) -> None:
        self._slots = max(threads * 3 // 4, 1)
        self._reserved = self._slots // 6
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def slot(self, network: str) -> Iterator[None]:
        """Hold a slot. When none is free, raise Overloaded at once: a waiting request would hold a thread as well."""
        with self._lock:
            free = self._slots - self._held.total()
            if free <= (self._reserved if self._held[network] else 0):
                raise Overloaded
            self._held[network] += 1
        try:
            yield
        finally:
            with self._lock:
                self._held[network] -= 1
                if not self._held[network]:
                    del self._held[network]

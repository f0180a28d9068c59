"""The line in front of what costs much: so many at once in the whole service, the others wait, fair by network.

Places are record locks on an unnamed file that all processes of the service inherit: the kernel gives back what a
killed one had. Within a process, whoever waits takes turns by network, so that a flood from one is one among many.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator

from ..errors import Overloaded

LOOK_AGAIN = 0.005  # seconds until a place may have become free in another process


class Line:
    """*places* calls at once, *own* of them in one process. Make it before the processes are forked that share them."""

    def __init__(
        self,
        places: int = 2,
        *,
        own: int | None = None,
        patience: float = 1.0,
        longest: int = 64,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = os.memfd_create("mergepoint-auth-line")
        self._places = places
        self._own = own or places
        self._patience = patience
        self._longest = longest
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[object]] = OrderedDict()
        self._mine: set[int] = set()

    @contextlib.contextmanager
    def turn(self, network: str) -> Iterator[None]:
        """Wait for a place, or raise Overloaded after *patience* seconds."""
        place = self._take(network)
        try:
            yield
        finally:
            self._give(place)

    def _take(self, network: str) -> int:
        ends = self._clock() + self._patience
        me = object()
        with self._changed:
            if sum(map(len, self._waiting.values())) >= self._longest:
                raise Overloaded
            self._waiting.setdefault(network, deque()).append(me)
            try:
                while (place := self._free(me)) is None:
                    left = ends - self._clock()
                    if left <= 0:
                        raise Overloaded
                    self._changed.wait(min(left, LOOK_AGAIN if self._is_first(me) else left))
                self._waiting.move_to_end(network)  # the next turn is another network's
                return place
            finally:
                self._waiting[network].remove(me)
                if not self._waiting[network]:
                    del self._waiting[network]
                self._changed.notify_all()

    def _is_first(self, me: object) -> bool:
        return next(iter(self._waiting.values()))[0] is me

    def _free(self, me: object) -> int | None:
        """A place that nobody has, if it is *me* whose turn it is."""
        if not self._is_first(me) or len(self._mine) >= self._own:
            return None
        for place in range(self._places):
            if place not in self._mine and self._lock(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._mine.add(place)
                return place
        return None

    def _give(self, place: int) -> None:
        with self._changed:
            self._mine.discard(place)
            self._lock(place, fcntl.LOCK_UN)
            self._changed.notify_all()

    def _lock(self, place: int, operation: int) -> bool:
        try:
            fcntl.lockf(self._file, operation, 1, place)
        except OSError:
            return False
        return True

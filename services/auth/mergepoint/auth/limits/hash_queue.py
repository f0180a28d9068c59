"""The queue in front of password hashes: few at once in the whole service, the others wait, fairly by network.

Slots are record locks on an unnamed file that all processes of the service inherit, so the kernel frees the slots of a
killed process. Within one process, networks take turns, so that a flood from one network counts as one.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator

from ..errors import Overloaded

POLL_INTERVAL = 0.005  # seconds between two looks for a slot that another process may have freed
TIMEOUT = 1.0  # seconds that a call waits for a slot
MAX_WAITING = 64  # calls in one process


class HashQueue:
    """*slots* calls at once, *per_process* of them in one process. Create it before forking the processes."""

    def __init__(
        self,
        slots: int = 2,
        *,
        per_process: int | None = None,
        timeout: float = TIMEOUT,
        max_waiting: int = MAX_WAITING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = os.memfd_create("mergepoint-auth-hash-queue")
        self._slots = slots
        self._per_process = per_process or slots
        self._timeout = timeout
        self._max_waiting = max_waiting
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[object]] = OrderedDict()
        self._held: set[int] = set()

    @contextlib.contextmanager
    def slot(self, network: str) -> Iterator[None]:
        """Hold a slot. Raise Overloaded when none is free within *timeout* seconds, or too many calls wait already."""
        slot = self._acquire(network)
        try:
            yield
        finally:
            self._release(slot)

    def _acquire(self, network: str) -> int:
        deadline = self._clock() + self._timeout
        ticket = object()
        with self._changed:
            if sum(map(len, self._waiting.values())) >= self._max_waiting:
                raise Overloaded
            self._waiting.setdefault(network, deque()).append(ticket)
            try:
                while (slot := self._try_acquire(ticket)) is None:
                    left = deadline - self._clock()
                    if left <= 0:
                        raise Overloaded
                    self._changed.wait(min(left, POLL_INTERVAL if self._is_next(ticket) else left))
                self._waiting.move_to_end(network)  # the next turn is another network's
                return slot
            finally:
                self._waiting[network].remove(ticket)
                if not self._waiting[network]:
                    del self._waiting[network]
                self._changed.notify_all()

    def _is_next(self, ticket: object) -> bool:
        return next(iter(self._waiting.values()))[0] is ticket

    def _try_acquire(self, ticket: object) -> int | None:
        """Return a free slot if *ticket* is next in the queue, else None."""
        if not self._is_next(ticket) or len(self._held) >= self._per_process:
            return None
        for slot in range(self._slots):
            if slot not in self._held and self._lock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._held.add(slot)
                return slot
        return None

    def _release(self, slot: int) -> None:
        with self._changed:
            self._held.discard(slot)
            self._lock(slot, fcntl.LOCK_UN)
            self._changed.notify_all()

    def _lock(self, slot: int, operation: int) -> bool:
        try:
            fcntl.lockf(self._file, operation, 1, slot)
        except OSError:
            return False
        return True

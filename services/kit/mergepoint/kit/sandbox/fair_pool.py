"""A pool of items for threads: the thread that has waited longest gets the next one.

``queue.SimpleQueue`` wakes a thread that waits, but one that was just running may take the item first, every time.
"""

import queue
import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairPool(Generic[Item]):
    """Items to be taken and given back; each goes to the thread that has waited longest.

    When nobody waits, the item given back latest is taken first, and what was given as *last* when there is no other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: deque[Item] = deque()
        self._waiting: deque[queue.SimpleQueue[Item]] = deque()

    def give(self, item: Item, *, last: bool = False) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(item)
            elif last:
                self._free.append(item)
            else:
                self._free.appendleft(item)

    def take(self, timeout: float) -> Item:
        """Return an item, or raise ``queue.Empty`` if there is none for *timeout* seconds."""
        with self._lock:
            if self._free:
                return self._free.popleft()
            turn: queue.SimpleQueue[Item] = queue.SimpleQueue()
            self._waiting.append(turn)
        try:
            return turn.get(timeout=timeout)
        except BaseException:
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    raise
            self.give(turn.get())  # it came just now
            raise

    def free(self) -> Iterable[Item]:
        """Return the items that nobody has taken."""
        return tuple(self._free)

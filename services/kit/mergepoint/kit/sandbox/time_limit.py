"""How long a call may take: a deadline in processor time, and a longer one while others have the processor.

Neighbours on a busy machine take time that a call does not use, so its own work is counted. What sleeps or starves must
end too: after five times as much of all time, which is what one of nine runners on two processors needs.
"""

import time
from collections.abc import Callable

TIMES = 5.0
LONGEST = 10.0  # seconds of all time, for one call: nginx waits 20 for an answer


def longest(seconds: float) -> float:
    """Return how many seconds may pass while a call works for *seconds*."""
    return max(seconds, min(seconds * TIMES, LONGEST))


class TimeLimit:
    """The time left to a call, or to several that share it: processor time, and elapsed time since the first began."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.processor = seconds
        self._longest = longest(seconds)
        self._clock = clock
        self._ends: float | None = None
        self._whole: TimeLimit | None = None

    def begin(self) -> None:
        """Let time pass from now on, unless it does: to wait for the first child is not a call's time."""
        if self._whole:
            self._whole.begin()
        if self._ends is None:
            self._ends = self._clock() + self._longest

    @property
    def wall(self) -> float:
        """Return how many seconds may still pass."""
        left = self._longest if self._ends is None else self._ends - self._clock()
        return min(left, self._whole.wall) if self._whole else left

    @property
    def over(self) -> bool:
        return min(self.processor, self.wall) <= 0

    def part(self, seconds: float) -> "TimeLimit":
        """Return the limit of one call that may take *seconds*, if there are so many left; it spends of this one."""
        part = TimeLimit(min(seconds, self.processor), clock=self._clock)
        part._whole = self
        return part

    def or_at_least(self, seconds: float) -> "TimeLimit":
        """Return what is left, or the limit of a call that may take *seconds*, whichever is more."""
        more = TimeLimit(max(seconds, self.processor), clock=self._clock)
        more._longest = max(longest(seconds), self.wall)
        return more

    def spend(self, processor: float) -> None:
        """Note that so many seconds were worked."""
        self.processor -= processor
        if self._whole:
            self._whole.spend(processor)

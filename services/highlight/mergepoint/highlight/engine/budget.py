"""Limits the time that the engine spends on preparation, so that no text waits long for work that helps later ones.

All times are processor time, in seconds. A share of the time of each text may be spent. Most of it is for small work at
once, up to a limit for one text; the rest is saved until it is enough for a larger piece of work.
"""

from time import process_time

# The limit for a text is one and a half times Pygments' time plus a millisecond. These stay below it, since estimates
# of costs may be too low.
SHARE, AT_ONCE = 0.25, 0.4e-3
# With a share of 2 %, work of 10 ms is done after half a second of texts, so never within the first twenty texts.
SAVED_SHARE, SAVED = 0.02, 30e-3


class Budget:
    """The seconds that may be spent now: *at_once* on small work, *saved* on larger work."""

    def __init__(self) -> None:
        self.at_once, self.saved = AT_ONCE, 0.0
        self._last = process_time()

    def begin(self) -> None:
        """Start a text: the time before it earns nothing, and a debt of the last text is forgotten."""
        self._last = process_time()
        self.at_once = max(self.at_once, 0.0)

    def earn(self) -> None:
        """Add a share of the processor time since the last call."""
        now = process_time()
        worked = max(now - self._last, 0.0)  # negative in a process that was just forked
        self._last = now
        self.at_once = min(self.at_once + worked * SHARE, AT_ONCE)
        self.saved = min(self.saved + worked * SAVED_SHARE, SAVED)

    def allows(self, seconds: float) -> bool:
        """Return whether work of about *seconds* may be done now."""
        return seconds <= max(self.at_once, self.saved)

    def could_allow(self, seconds: float) -> bool:
        """Return whether work of *seconds* may be done at the beginning of a text."""
        return seconds <= AT_ONCE

    def pay(self) -> None:
        """Subtract the time since the last call, which was spent on preparation."""
        now = process_time()
        took = max(now - self._last, 0.0)
        self._last = now
        if took > self.at_once and self.saved >= took:
            self.saved -= took
        else:
            self.at_once -= took


class Unlimited(Budget):
    """No limit, for preparation in the background."""

    def allows(self, seconds: float) -> bool:
        return True

    could_allow = allows

"""The time that the engine may spend on its own preparation, so that no text waits for work that later ones gain by.

Time is a processor's. A share of what texts take is put aside: most of it for small work at once, up to what one text
may lose; the rest is saved for work that costs more, however long that takes.
"""

from time import process_time

# A text may take half as long again as with Pygments, and a millisecond; these leave room for low estimates.
SHARE, AT_ONCE = 0.25, 0.4e-3
# One part of fifty: work of 10 ms is done after half a second of texts, so never within the first twenty texts.
SAVED_SHARE, SAVED = 0.02, 30e-3


class Budget:
    """Seconds that may be spent: *at_once* and *saved*."""

    def __init__(self) -> None:
        self.at_once, self.saved = AT_ONCE, 0.0
        self._last = process_time()

    def begin(self) -> None:
        """A text begins: the time of the program before it earns nothing, and no text pays for another's debt."""
        self._last = process_time()
        self.at_once = max(self.at_once, 0.0)

    def earn(self) -> None:
        """Put aside a share of the processor time since the last call."""
        now = process_time()
        worked = max(now - self._last, 0.0)  # less in a process that was just forked
        self._last = now
        self.at_once = min(self.at_once + worked * SHARE, AT_ONCE)
        self.saved = min(self.saved + worked * SAVED_SHARE, SAVED)

    def allows(self, seconds: float) -> bool:
        """Whether work of about *seconds* may be done now."""
        return seconds <= max(self.at_once, self.saved)

    def could_allow(self, seconds: float) -> bool:
        """Whether work of *seconds* may be done at the beginning of a text."""
        return seconds <= AT_ONCE

    def pay(self) -> None:
        """Take the time since the last call, which was preparation, off the time that was put aside."""
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

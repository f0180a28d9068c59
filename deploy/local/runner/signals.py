"""Receives the signals that end a run. A signal only sets a flag and wakes up ``wait``; it interrupts nothing."""

import os
import select
import signal
import time
from types import FrameType

from .parent import Make

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)
AGAIN = 1.0  # seconds: make passes on signals to the whole group, so a second one soon after may be the same


class Signals:
    """``ending`` says that the run was told to end; ``hurried`` that Ctrl-C came again later, so that nothing waits."""

    def __init__(self) -> None:
        self.ending = self.hurried = False
        self._make = Make()
        self._since = 0.0
        self._wakes, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def install(self) -> None:
        """Handle all signals that end a run, except for a hang-up that nohup(1) ignores; also wake up for SIGCHLD."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in ENDS:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._remember)

    def wait(self, seconds: float) -> bool:
        """Wait until a signal or the end of a child, at most *seconds*; return whether the run shall end."""
        if select.select([self._wakes], [], [], max(seconds, 0))[0]:
            os.read(self._wakes, 4096)
        self.ending = self.ending or self._make.has_ended()
        return self.ending

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.ending:
            self.ending, self._since = True, now
        elif number == signal.SIGINT and now > self._since + AGAIN:
            self.hurried = True

"""How a run is told to end. A signal interrupts nothing: it is remembered, and wakes up who waits."""

import os
import select
import signal
import time
from types import FrameType

from .parent import Make

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)
AGAIN = 1.0  # seconds; make passes on what a whole group was sent, so the second signal may be the first


class Signals:
    """``ending``: the run shall end; ``hurried``: somebody pressed Ctrl-C again, later, and does not want to wait."""

    def __init__(self) -> None:
        self.ending = self.hurried = False
        self._make = Make()
        self._since = 0.0
        self._wakes, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def install(self) -> None:
        """Take all that end a run, but for a hang-up that nohup(1) has us ignore; wake up when a child ends, too."""
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

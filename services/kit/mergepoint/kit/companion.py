"""A program beside gunicorn's workers, forked from its master and forked again when it ends.

The master has no threads and has loaded everything, so a fork is quick, safe and shares its memory. The companion then
starts wherever the service does: by `make run`, in a container, under systemd.
"""

import contextlib
import ctypes
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

import structlog

from .sandbox.zygote import close_all_but

PR_SET_PDEATHSIG = 1  # prctl(2)
PAUSE = 1.0  # seconds before one that ended is started again
END_WITHIN = 3.0  # seconds
OWNERS_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2,
                  signal.SIGTTIN, signal.SIGTTOU, signal.SIGWINCH, signal.SIGCHLD)  # fmt: skip

log = structlog.get_logger()


class Companion:
    """Runs *program* in a process of its own. It belongs to the process that made it."""

    def __init__(self, program: Callable[[], object], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._program, self._clock = program, clock
        self._pid = 0
        self._began = -PAUSE

    def ensure(self) -> None:
        """Start it, unless it runs or has only just been started."""
        if self._runs() or self._clock() - self._began < PAUSE:
            return
        if self._pid:
            log.warning("companion ended; starting it again", pid=self._pid)
        self._began, owner = self._clock(), os.getpid()
        self._pid = os.fork()
        if not self._pid:
            become(self._program, owner)

    def end(self) -> None:
        """End the program; kill it if that takes longer than END_WITHIN seconds."""
        ends = self._clock() + END_WITHIN
        with contextlib.suppress(ProcessLookupError):
            while self._runs():
                os.kill(self._pid, signal.SIGTERM if self._clock() < ends else signal.SIGKILL)
                time.sleep(0.02)

    def _runs(self) -> bool:
        if not self._pid:
            return False
        try:
            return os.waitpid(self._pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:  # gunicorn has reaped it
            return False


def become(program: Callable[[], object], owner: int, kept: int = -1) -> NoReturn:
    """Run *program* in this fork, without the owner's descriptors (but for *kept*) and signal handlers; it ends if the
    owner does.
    """
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == owner:
            signal.set_wakeup_fd(-1)
            for number in OWNERS_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            close_all_but(kept)
            program()
            status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)

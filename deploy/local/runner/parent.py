"""Watches the `make` that started us.

It passes on only SIGTERM. After an interrupt it waits for us to end, and if it is killed we stay behind.
"""

import ctypes
import os
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
ITS_OWN = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


class Make:
    """The `make` that started us, if one did."""

    def __init__(self) -> None:
        self._pid = os.getppid()
        if not _comm(self._pid).endswith("make"):
            self._pid = 0
        else:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def has_ended(self) -> bool:
        """Return whether make has ended, or was told to: it blocks a signal while it handles it."""
        return bool(self._pid) and (os.getppid() != self._pid or bool(_blocked(self._pid) & _mask(ITS_OWN)))


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _blocked(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk:")), 0)


def _mask(numbers: tuple[signal.Signals, ...]) -> int:
    return sum(1 << (number - 1) for number in numbers)

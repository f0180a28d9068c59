"""Starts programs that end with us, each in a session of its own, and finds and kills all processes of a session."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

# The kernel sends a child SIGTERM when we end, however that happens (prctl(2), PR_SET_PDEATHSIG).
DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")
KILLED_WITHIN = 5.0  # seconds until the kernel has ended a killed process


def start(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, output: int, errors: int
) -> subprocess.Popen[bytes]:
    """Start *command* in *folder*, detached from our terminal, so that only we get a Ctrl-C there."""
    return subprocess.Popen(
        [*DIES_WITH_US, *command],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        start_new_session=True,
    )


def family(session: int) -> set[int]:
    """Return the processes of a session, in whatever process groups, without zombies."""
    return {pid for pid, its_session, _ in _alive() if its_session == session}


def dwellers(folder: Path) -> set[int]:
    """Return the processes without a terminal whose working directory is *folder*: those of the run that made it."""
    found = set()
    for pid, _, terminal in _alive():
        with contextlib.suppress(OSError):
            if not terminal and os.readlink(f"/proc/{pid}/cwd") == str(folder):
                found.add(pid)
    return found


def kill(find: Callable[[], set[int]]) -> None:
    """Kill the processes that *find* returns, until it returns none: a process may have forked meanwhile."""
    ends = time.monotonic() + KILLED_WITHIN
    while (pids := find()) and time.monotonic() < ends:
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _alive() -> Iterator[tuple[int, int, int]]:
    """Yield id, session and terminal's number (0: none) of each process that is no zombie (proc(5))."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            state, _, _, session, terminal, *_ = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            if state != "Z":
                yield int(name), int(session), int(terminal)

"""Processes that end with us, and the whole family of one: each program is started in a session of its own."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

# The kernel tells a child when we are gone, however that happened (prctl(2), PR_SET_PDEATHSIG).
DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")
KILLED_WITHIN = 5.0  # seconds; a killed process ends when the kernel gets to it


def start(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, output: int, errors: int
) -> subprocess.Popen[bytes]:
    """Start *command* in *folder*, away from our terminal: a Ctrl-C there is ours to pass on."""
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
    """Return the processes of a session, whatever groups they have made in it; zombies are none."""
    found = set()
    for pid in _all():
        with contextlib.suppress(OSError):
            state, _parent, _group, its_session, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if int(its_session) == session and state != "Z":
                found.add(pid)
    return found


def dwellers(folder: Path) -> set[int]:
    """Return the processes that work in *folder*: those of the run that made it, and of no other."""
    found = set()
    for pid in _all():
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/cwd") == str(folder):
                found.add(pid)
    return found


def kill(find: Callable[[], set[int]]) -> None:
    """Kill all that *find* finds, until it finds none: a process may have forked meanwhile."""
    ends = time.monotonic() + KILLED_WITHIN
    while (pids := find()) and time.monotonic() < ends:
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _all() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())

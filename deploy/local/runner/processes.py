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
    return {pid for pid, its_session, _ in _alive() if its_session == session}


def dwellers(folder: Path) -> set[int]:
    """Return the processes that work in *folder*: those of the run that made it; a person's have a terminal."""
    found = set()
    for pid, _, terminal in _alive():
        with contextlib.suppress(OSError):
            if not terminal and os.readlink(f"/proc/{pid}/cwd") == str(folder):
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


def _alive() -> Iterator[tuple[int, int, int]]:
    """Each process that is no zombie: its id, its session, the number of its terminal, or 0 for none (proc(5))."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            state, _, _, session, terminal, *_ = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            if state != "Z":
                yield int(name), int(session), int(terminal)

"""Measures promises in seconds on a machine that also works for others.

While a `Stopwatch` runs, a thread counts who wants a processor: the processes of this test run, and all others. From
both follows how much longer than alone our work takes, and *seconds* are the wall time divided by that. On an idle
machine they are wall seconds.
"""

import os
import pathlib
import threading
import time
from types import TracebackType

EVERY = 0.2  # seconds between two looks, each of which costs some ms
BUSY = 1.1  # how much slower than an idle machine one is that works for others too
PRESSURE = 0.1  # the share of time in which somebody waits for a processor, on a machine that works for others too
CORES = len(os.sched_getaffinity(0))


class Stopwatch:
    """A context; `seconds` may be read within it and afterwards, `busy` afterwards."""

    def __init__(self) -> None:
        self._looks: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._ended: float | None = None

    def __enter__(self) -> "Stopwatch":
        self._look()
        self._waited = waited()
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended = time.monotonic()
        self._waited = waited() - self._waited
        self._stop.set()
        self._thread.join()
        self._look()

    @property
    def wall(self) -> float:
        """Seconds on the clock."""
        return (self._ended or time.monotonic()) - self._began

    @property
    def slowness(self) -> float:
        """How many times as long as alone our work takes; at least 1."""
        return sum(self._looks) / len(self._looks)

    @property
    def busy(self) -> bool:
        """Whether the machine worked for others too. What they want between two looks shows in how long all waited."""
        return self.slowness > BUSY or self._waited > PRESSURE * self.wall

    @property
    def seconds(self) -> float:
        """What the clock would have shown on a machine that works for nobody else."""
        return self.wall / self.slowness

    def _watch(self) -> None:
        while not self._stop.wait(EVERY):
            self._look()

    def _look(self) -> None:
        ours, others = running()
        self._looks.append(slowness(ours, others, CORES))


def slowness(ours: int, others: int, cores: int) -> float:
    """Return how many times as long *ours* processes take beside *others* as alone, on *cores* shared evenly."""
    return max(1.0, (ours + others) / max(ours, cores))


def waited() -> float:
    """Return for how many seconds somebody has waited for a processor since the machine started; 0 where none says."""
    try:
        some = (
            pathlib.Path("/proc/pressure/cpu").read_text().partition("\n")[0]
        )  # Linux, Documentation/accounting/psi.rst
    except OSError:
        return 0.0
    return int(some.rpartition("total=")[2]) / 1e6


def running() -> tuple[int, int]:
    """Return how many processes want a processor now: of this test run, and others.

    Those with a lowered priority do not count: they hardly keep others from working.
    """
    states = dict(filter(None, map(_stat, pathlib.Path("/proc").iterdir())))
    ours = _tree(os.getpid(), {pid: parent for pid, (parent, _) in states.items()})
    wanting = {pid for pid, (_, wants) in states.items() if wants}
    return len(wanting & ours), len(wanting - ours)


def _stat(folder: pathlib.Path) -> tuple[int, tuple[int, bool]] | None:
    """Return pid, parent and whether the process wants a processor, see proc(5)."""
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split() if folder.name.isdigit() else []
    except (FileNotFoundError, ProcessLookupError):
        return None
    if not fields:
        return None
    state, parent, nice = fields[0], int(fields[1]), int(fields[16])
    return int(folder.name), (parent, state == "R" and nice <= 0)


def _tree(root: int, parents: dict[int, int]) -> set[int]:
    found, grew = {root}, True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grew = bool(more)
    return found

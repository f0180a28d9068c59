"""The master of a worker: without threads and connections, so that it may fork.

It forks the process that performs jobs, and again when that ends; and one beside it for a job that must run alone. It
ends the leases of those that died, since it knows that nobody holds them.
"""

import contextlib
import gc
import os
import select
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from mergepoint.kit.companion import become

from .worker import alone_name, name_of_process

CHECK_EVERY = 0.2  # seconds
DRAIN = 12.0  # seconds until a worker that was told to end is killed
# Looks at a stopped process until it is killed: three seconds. It may hold the lock of a SQLite database, for which all
# others wait, and in a while its jobs would be another's anyway. Looks and not seconds: we may be stopped as well.
STOPPED_LOOKS = 15
ID_BYTES = 22  # of a job's id

log = structlog.get_logger()


class Supervisor:
    """Calls *perform* in the process that performs jobs, with its name and a pipe. What is written there is the id of a
    job for *perform_alone*, which is called in another process; *end_leases* in a third, with the names of the dead.
    """

    def __init__(
        self,
        perform: Callable[[str, int], object],
        perform_alone: Callable[[str, str], object],
        end_leases: Callable[[Sequence[str]], object],
    ) -> None:
        self._perform, self._perform_alone, self._end_leases = perform, perform_alone, end_leases
        self._pid, self._name = 0, ""
        self._alone_pid = 0
        self._stopped: Counter[int] = Counter()  # looks at processes that were found stopped
        self._dead: list[str] = []  # processes whose leases are still to be ended
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)

    def run(self) -> None:
        """Keep one process at work until SIGTERM or SIGINT, then let it finish."""
        ended: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: ended.append(number))
        while not ended:
            self._kill_stopped()
            self._look_after_alone()
            self._ensure()
            with contextlib.suppress(InterruptedError):
                select.select([self._reading], [], [], CHECK_EVERY)
        self._end()

    def _ensure(self) -> None:
        if not _has_ended(self._pid):
            return
        if self._pid:
            log.warning("worker ended; starting it again", pid=self._pid)
            self._dead.append(self._name)
            self._pid = 0
        self._report_dead()
        self._name = name = name_of_process()
        gc.collect()
        gc.freeze()  # what is loaded by now stays shared: collecting garbage would write to all of it
        self._pid = _fork(lambda: self._perform(name, self._writing), kept=self._writing)

    def _look_after_alone(self) -> None:
        """Start a process for the job that is asked for, unless there is one: a job more is asked for again."""
        if self._alone_pid:
            status = _status(self._alone_pid)
            if status is None:
                return
            if status:
                log.warning("a job ended its process", status=status)
                self._dead.append(alone_name(self._name, self._alone_pid))
                self._report_dead()
            self._alone_pid = 0
        with contextlib.suppress(BlockingIOError):
            asked, worker = os.read(self._reading, 1 << 16), self._name
            if id := asked[-ID_BYTES - 1 : -1].decode():
                self._alone_pid = _fork(lambda: self._perform_alone(alone_name(worker, os.getpid()), id))

    def _kill_stopped(self) -> None:
        self._stopped = Counter(
            {pid: self._stopped[pid] + 1 for pid in (self._pid, self._alone_pid) if is_stopped(pid)}
        )
        for pid, looks in self._stopped.items():
            if looks > STOPPED_LOOKS:
                log.warning("a stopped worker is killed", pid=pid)
                os.kill(pid, signal.SIGKILL)

    def _report_dead(self) -> None:
        if not self._dead:
            return
        names = list(self._dead)
        if os.waitpid(_fork(lambda: self._end_leases(names)), 0)[1] == 0:
            self._dead.clear()  # else the database is away, and leases end by themselves

    def _end(self) -> None:
        pids = [pid for pid in (self._pid, self._alone_pid) if not _has_ended(pid)]
        ends, number = time.monotonic() + DRAIN, signal.SIGTERM
        for pid in pids:
            os.kill(pid, number)
        while pids := [pid for pid in pids if not _has_ended(pid)]:
            if time.monotonic() > ends:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(CHECK_EVERY / 4)


def _fork(program: Callable[[], object], *, kept: int = -1) -> int:
    """Call *program* in a process of its own, which does not outlive this one (PR_SET_PDEATHSIG, see kit.companion)."""
    owner = os.getpid()
    pid = os.fork()
    if not pid:
        become(program, owner, kept)
    return pid


def _status(pid: int) -> int | None:
    """Return how the process *pid* has ended: its status, or the number of a signal below 0; None while it runs."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if found else None


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped (SIGSTOP); proc_pid_stat(5)."""
    try:
        return bool(pid) and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def _has_ended(pid: int) -> bool:
    return not pid or _status(pid) is not None

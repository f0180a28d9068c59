"""The worker: ``python -m mergepoint.jobs.worker``. A master without threads forks the process that performs jobs, and
again when it ends; since it knows then that the process is dead, its jobs need not wait for their leases to end.
"""

import argparse
import gc
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from mergepoint.kit import logs
from mergepoint.kit.companion import become
from mergepoint.kit.config import load

from .config import Settings
from .engine import Engine
from .performing.worker import Worker, alone_name, name_of_process, start_alone
from .queue import leases
from .storage.store import Store

CHECK_EVERY = 0.2  # seconds
DRAIN = 12.0  # seconds until a worker that was told to end is killed
CONNECTIONS = 8  # to the database: threads take turns

log = structlog.get_logger()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM; with ``--only ID``, perform one job and end."""
    options = _parser().parse_args(arguments)
    settings = load(Settings)
    logs.configure("jobs")
    if not settings.door:
        print("JOBS_DOOR is not set: the path of nginx's Unix socket, or host:port, is expected", file=sys.stderr)
        return 78  # EX_CONFIG, sysexits(3)
    if options.only:
        _run(settings, alone_name(options.of, os.getpid()), options.only)
        return 0
    _supervise(settings, options.alive)
    return 0


def _supervise(settings: Settings, alive: Path | None) -> None:
    """Keep one process at work until SIGTERM or SIGINT, then let it finish."""
    ended: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: ended.append(number))
    process = Process(settings, alive)
    while not ended:
        process.ensure()
        time.sleep(CHECK_EVERY)
    process.end()


class Process:
    """The process that performs jobs; it does not outlive this one (PR_SET_PDEATHSIG, see kit.companion)."""

    def __init__(self, settings: Settings, alive: Path | None = None) -> None:
        self._settings, self._alive = settings, alive
        self._pid, self._name = 0, ""
        self._dead: list[str] = []  # processes whose leases are still to be ended

    def ensure(self) -> None:
        """Start it, unless it runs; end the leases of one that has died."""
        if self._runs():
            return
        if self._pid:
            log.warning("worker ended; starting it again", pid=self._pid)
            self._dead.append(self._name)
            self._pid = 0
        self._end_leases()
        owner, self._name = os.getpid(), name_of_process()
        gc.collect()
        gc.freeze()  # what is loaded by now stays shared: collecting garbage would write to all of it
        self._pid = os.fork()
        if not self._pid:
            become(lambda: _run(self._settings, self._name, alive=self._alive), owner)

    def end(self) -> None:
        """Let it finish its jobs; kill it if that takes too long."""
        ends = time.monotonic() + DRAIN
        if self._runs():
            os.kill(self._pid, signal.SIGTERM)
        while self._runs():
            if time.monotonic() > ends:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(CHECK_EVERY / 4)

    def _runs(self) -> bool:
        try:
            return bool(self._pid) and os.waitpid(self._pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:
            return False

    def _end_leases(self) -> None:
        """In a process that ends: this one never has a connection or a thread, since it is forked."""
        if not self._dead:
            return
        names, owner = list(self._dead), os.getpid()
        pid = os.fork()
        if not pid:
            become(lambda: end_leases(self._settings, names), owner)
        if os.waitpid(pid, 0)[1] == 0:
            self._dead.clear()  # else the database is away, and leases end by themselves


def end_leases(settings: Settings, names: Sequence[str]) -> None:
    """End the leases of dead processes and of those that they had started."""
    store = Store(settings.database)
    with store.write() as connection:
        store.take_turn(connection)
        for name in names:
            leases.end_leases(connection, name)


def _run(settings: Settings, name: str, only: str = "", *, alive: Path | None = None) -> None:
    """Perform jobs as the process *name* until SIGTERM."""
    engine = Engine(
        Store(settings.database, connections=CONNECTIONS),
        settings.state,
        name,
        concurrency=lambda _service: settings.concurrency,
        keep=settings.keep,
    )
    worker = Worker(
        engine,
        settings.door,
        slots=settings.slots,
        most=settings.max_result_bytes,
        alone=start_alone(name),
        looked=alive.touch if alive else lambda: None,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    if only:
        worker.run_one(only)
    elif worker.wait_for_tables():
        log.info("worker runs", worker=name, slots=settings.slots, door=settings.door)
        worker.run()
    engine.store.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mergepoint.jobs.worker", description="Performs jobs until SIGTERM."
    )
    parser.add_argument("--only", metavar="ID", help="perform one job, and end")
    parser.add_argument(
        "--alive", metavar="FILE", type=Path, help="touch this file each time that the database has answered"
    )
    parser.add_argument("--of", metavar="WORKER", default="", help="the process that asks for that")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""The worker: ``python -m mergepoint.jobs.worker``. It performs jobs by threads in a process that its master forks."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import structlog

from mergepoint.kit import logs
from mergepoint.kit.config import load
from mergepoint.kit.fetch.post import Poster

from .config import Settings
from .engine import Engine
from .performing.callbacks import Callbacks
from .performing.supervisor import Supervisor
from .performing.worker import Worker, ask_for
from .queue import leases
from .storage.store import Store

CONNECTIONS = 4  # to the database: the loop, the writer, the leases; threads with large bodies take turns

log = structlog.get_logger()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM."""
    options = _parser().parse_args(arguments)
    settings = load(Settings)
    logs.configure("jobs")
    if not settings.door:
        print("JOBS_DOOR is not set: the path of nginx's Unix socket, or host:port, is expected", file=sys.stderr)
        return 78  # EX_CONFIG, sysexits(3)
    perform, alone = partial(_perform, settings, options.alive), partial(_perform_alone, settings)
    Supervisor(perform, alone, partial(end_leases, settings)).run()
    return 0


def end_leases(settings: Settings, names: Sequence[str]) -> None:
    """End the leases of dead processes."""
    store = Store(settings.database)
    with store.write() as connection:
        store.take_turn(connection)
        for name in names:
            leases.end_leases(connection, name)


def _perform(settings: Settings, alive: Path | None, name: str, pipe: int) -> None:
    """Perform jobs as the process *name* until SIGTERM; ask the master by *pipe* for jobs that must run alone."""
    worker = _worker(settings, name)
    if worker.wait_for_tables():
        log.info("worker runs", worker=name, pid=os.getpid(), slots=settings.slots, door=settings.door)
        worker.run(ask_for(pipe), looked=alive.touch if alive else lambda: None)


def _perform_alone(settings: Settings, name: str, id: str) -> None:
    """Perform the job *id*, which has cost two workers."""
    _worker(settings, name).run_one(id)


def _worker(settings: Settings, name: str) -> Worker:
    """Return the worker of a process that was just forked; SIGTERM stops it."""
    store = Store(settings.database, connections=CONNECTIONS)
    concurrency = lru_cache(settings.concurrency_of)
    engine = Engine(store, settings.state, name, concurrency=concurrency, keep=settings.keep)
    callbacks = Callbacks(engine, Poster(settings.callbacks)) if settings.callbacks else None
    most = settings.max_result_bytes
    worker = Worker(engine, settings.door, slots=settings.slots, most=most, callbacks=callbacks)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    return worker


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mergepoint.jobs.worker", description="Performs jobs until SIGTERM."
    )
    parser.add_argument(
        "--alive", metavar="FILE", type=Path, help="touch this file each time that the database has answered"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""The loop of a worker: claims as many jobs as it has free threads, keeps their leases, and drains at the end."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable

import structlog

from ..engine import Engine
from ..errors import StoreUnavailable
from ..queue.job import Job
from . import door
from .attempt import Attempt
from .callbacks import Callbacks

POLL = 0.08  # seconds between two looks for a job: an idle worker has it within 150 ms
PROMOTE_EVERY = 0.25  # seconds
HEARTBEAT_EVERY = 2.0  # seconds
LOOK_EVERY = 1.0  # seconds
GRACE = 9.0  # seconds that running jobs have to finish; gunicorn's and compose's are 10
AWAY = 0.5  # seconds until a database, or nginx, that is away is asked again

log = structlog.get_logger()


def name_of_process() -> str:
    """Return what this process is called in the rows of its jobs: nothing else ever had that name."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{time.time_ns() % 10**12}"


class Worker:
    """Performs jobs of *engine* by *slots* threads, until `stop`; an answer may have *most* bytes. *address* is the
    door's. *callbacks* are sent meanwhile, if there are any to be sent.
    """

    def __init__(
        self, engine: Engine, address: str, *, slots: int, most: int, callbacks: Callbacks | None = None
    ) -> None:
        self._engine, self._address, self._slots, self._most = engine, address, slots, most
        self._callbacks = callbacks
        self._is_closed = False  # the door: nginx is away
        self._found_some = False  # whether the last claim found jobs: if so, the next one follows without a look
        self._is_unsure = False  # whether the last claim was committed
        self._running: dict[str, Attempt] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what runs has finished or was given back."""
        self._stopping.set()
        self._wake.set()

    def wait_for_tables(self) -> bool:
        """Wait until the service, which may start at the same time, has made them; False if `stop` came before."""
        while not self._stopping.is_set():
            with contextlib.suppress(StoreUnavailable):
                self._engine.store.check()
                return True
            self._stopping.wait(AWAY)
        return False

    def run(self, ask_for_alone: Callable[[str], object], looked: Callable[[], object] = lambda: None) -> None:
        """Perform jobs. *ask_for_alone* is called with the ids of jobs that must run alone, each more than once;
        *looked* about each second, after the database has answered.
        """
        threading.Thread(target=self._keep_leases, args=(looked,), name="leases", daemon=True).start()
        if self._callbacks:
            self._callbacks.start()
        promoted = 0.0
        while not self._stopping.is_set():
            self._wake.clear()
            if not self._is_open():
                self._stopping.wait(AWAY)
                continue
            try:
                if time.monotonic() - promoted > PROMOTE_EVERY:
                    promoted = time.monotonic()
                    for id in self._engine.promote():
                        ask_for_alone(id)
                claimed = self._claim()
            except StoreUnavailable as error:
                log.warning("no database", detail=str(error.__cause__)[:300])
                self._stopping.wait(AWAY)
                continue
            if not claimed:
                self._wake.wait(POLL)
        self._drain()

    def run_one(self, id: str) -> None:
        """Perform one job that must run alone."""
        threading.Thread(target=self._keep_leases, name="leases", daemon=True).start()
        while not (self._stopping.is_set() or door.is_open(self._address)):
            self._stopping.wait(AWAY)
        job = None if self._stopping.is_set() else self._engine.claim_alone(id)
        if job is None:
            return
        self._start(job)
        while self._running and not self._stopping.is_set():
            self._stopping.wait(POLL)
        self._drain()

    def _is_open(self) -> bool:
        """Whether jobs may be claimed: once an attempt has found the door closed, not until it is open again."""
        if self._is_closed and door.is_open(self._address):
            self._is_closed = False
            log.info("the door is open again", door=self._address)
        return not self._is_closed

    def _claim(self) -> int:
        free = self._slots - len(self._running)
        if free <= 0 or not (self._found_some or self._is_unsure or self._engine.has_work()):
            return 0
        if self._is_unsure:
            self._engine.release_unknown(list(self._running))
        self._is_unsure = True
        jobs = self._engine.claim(free)
        self._is_unsure, self._found_some = False, bool(jobs)
        for job in jobs:
            self._start(job)
        return len(jobs)

    def _start(self, job: Job) -> None:
        attempt = Attempt(self._engine, job, self._address, most=self._most)
        with self._lock:
            self._running[attempt.token] = attempt
        threading.Thread(target=self._perform, args=(attempt,), name=f"job {job.id}", daemon=True).start()

    def _perform(self, attempt: Attempt) -> None:
        try:
            attempt.run()
        finally:
            if attempt.found_closed and not self._is_closed:
                self._is_closed = True
                log.warning("nobody listens at the door; jobs wait", door=self._address)
            with self._lock:
                del self._running[attempt.token]
            self._wake.set()
            if self._callbacks:
                self._callbacks.wake()

    def _keep_leases(self, looked: Callable[[], object] = lambda: None) -> None:
        beaten = 0.0
        while True:
            try:
                if self._running and time.monotonic() - beaten >= HEARTBEAT_EVERY:
                    beaten = time.monotonic()
                    self._beat()
                else:
                    self._engine.look()
                looked()
            except StoreUnavailable:
                log.warning("heartbeat", detail="the database is away")
            except Exception:
                log.exception("heartbeat")  # the next one may go well, and without any all jobs here would be lost
            time.sleep(LOOK_EVERY)

    def _beat(self) -> None:
        with self._lock:
            attempts = dict(self._running)
        held = self._engine.heartbeat(list(attempts))
        for token, attempt in attempts.items():
            if token not in held:
                attempt.lose()  # cancelled, or taken by another; one that has just finished has nothing to lose

    def _drain(self) -> None:
        ends = time.monotonic() + GRACE
        if self._callbacks:
            self._callbacks.stop()
        while self._is_busy() and time.monotonic() < ends:
            time.sleep(POLL)
        with self._lock:
            left = list(self._running.values())
        for attempt in left:
            attempt.give_back()
        while self._running and time.monotonic() < ends + 1:
            time.sleep(POLL)

    def _is_busy(self) -> bool:
        return bool(self._running or (self._callbacks and not self._callbacks.is_idle))


def alone_name(worker: str, pid: int) -> str:
    """Return what the process *pid*, which the master of *worker* has forked for one job, is called."""
    return f"{worker[:50]}/{pid}"


def ask_for(pipe: int) -> Callable[[str], None]:
    """Return what asks the master, by a *pipe*, for a process for one job's id."""
    os.set_blocking(pipe, False)

    def ask(id: str) -> None:
        with contextlib.suppress(OSError):  # full, since one runs; or the master is gone
            os.write(pipe, f"{id}\n".encode())

    return ask

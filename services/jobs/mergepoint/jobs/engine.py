"""What a worker does with the queue: it claims jobs, keeps their leases, and says how they ended."""

import contextlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from .core import KEEP
from .errors import LeaseLost, StoreUnavailable
from .queue import callbacks, claims, fairness, leases, outcomes, sweeping
from .queue.callbacks import Delivery, Tried
from .queue.claims import Concurrency
from .queue.job import Job, find
from .queue.outcomes import Outcome
from .queue.progress import check_progress, report
from .storage.contents import SMALL, Contents
from .storage.store import Clock, Store, database_time
from .storage.writer import Writer

Result = TypeVar("Result")


class Engine:
    """The queue as the process *worker* uses it. *concurrency* says how many jobs of a service may run at a time."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        worker: str,
        *,
        concurrency: Concurrency = lambda _service: 2,
        keep: float = KEEP,
        clock: Clock = database_time,
    ) -> None:
        self.store, self.worker, self.clock = store, worker, clock
        self.writer = Writer(store, clock)
        self.contents = Contents(store, folder)
        self._concurrency, self._keep = concurrency, keep
        self._last_told = ""  # the owner whose callbacks were claimed last
        self._bodies: dict[str, bytes] = {}  # of requests of claimed jobs

    def claim(self, count: int) -> list[Job]:
        """Lease up to *count* jobs and return them."""
        jobs = self._write(
            lambda connection, now: claims.claim(
                connection, now, self.worker, count, concurrency=self._concurrency, keep=self._keep
            )
        )
        small = [job.request_content for job in jobs if job.size_request <= SMALL]
        if small:
            with contextlib.suppress(StoreUnavailable):  # each is read when it is needed, then
                self._bodies |= self.contents.read_small(small)
        return jobs

    def claim_alone(self, id: str) -> Job | None:
        """Lease a job that must run alone; None if it is no longer there to be run."""
        return self._write(lambda connection, now: claims.claim_alone(connection, now, self.worker, id))

    def read_request(self, job: Job) -> bytes:
        """Return the body of a job's request; a small one was read when the job was claimed."""
        body = self._bodies.pop(job.request_content, None)
        return self.contents.read(job.request_content) if body is None else body

    def heartbeat(self, tokens: Collection[str]) -> set[str]:
        """Renew leases; return those that are still held."""
        return self._write(lambda connection, now: leases.heartbeat(connection, now, tokens))

    def look(self) -> None:
        """Note that somebody looks: see queue/leases.py."""
        self._write(leases.look)

    def promote(self) -> list[str]:
        """Rank the jobs whose time has come, and queue those whose lease has ended; return the ids of jobs that wait to
        be run alone.
        """
        with self.store.read() as connection:
            seen = claims.glance(connection, self.clock(connection))
            suspects = claims.suspects(connection) if seen.suspect else []
        if seen.ended:
            self._write(lambda connection, now: claims.take_back(connection, now, keep=self._keep))
        if seen.due:
            self._write(fairness.promote)
        return suspects

    def has_work(self) -> bool:
        """Whether `claim` may find a job."""
        with self.store.read() as connection:
            return claims.is_any_ready(connection)

    def report(self, job: Job, progress: Mapping[str, Any]) -> None:
        """Write how far a job is; raise Invalid for what is no progress, LeaseLost if the job is no longer ours."""
        token, checked = str(job.lease_token), check_progress(progress)
        self._write(lambda connection, _now: report(connection, job.id, token, checked))

    def finish(self, job: Job, outcome: Outcome) -> None:
        """End a job. Raise LeaseLost if it is no longer ours. After StoreUnavailable, which may have come when all was
        committed, it may be called again.
        """
        token, keep = str(job.lease_token), self._keep
        try:
            self._write(
                lambda connection, now: outcomes.finish(
                    connection, now, self.contents, job.id, token, outcome, keep=keep
                )
            )
        except LeaseLost:
            if not outcome.answer:
                raise
            if self._has_result(job.id, outcome.answer.content.id):
                return
            self.contents.discard(outcome.answer.content)
            raise

    def retry(self, job: Job, delay: float, code: str, detail: str) -> None:
        """Queue a job for another attempt after *delay* seconds."""
        token = str(job.lease_token)
        self._write(
            lambda connection, now: outcomes.retry(
                connection, now, job.id, token, delay=delay, code=code, detail=detail
            )
        )

    def release(self, job: Job) -> None:
        """Give a job back; the attempt does not count."""
        token = str(job.lease_token)
        self._write(lambda connection, now: outcomes.release(connection, now, job.id, token))

    def release_unknown(self, tokens: Collection[str]) -> int:
        """Give back the jobs that are leased to us without our knowledge, beside *tokens*: the answer to a claim that
        was committed got lost. Return how many there were.
        """
        return self._write(lambda connection, now: outcomes.release_unknown(connection, now, self.worker, tokens))

    def has_callbacks(self) -> bool:
        """Whether `claim_callbacks` may find one."""
        with self.store.read() as connection:
            return callbacks.is_any_due(connection, self.clock(connection))

    def claim_callbacks(self, count: int) -> list[Delivery]:
        """Lease up to *count* callbacks and return them."""
        after = self._last_told
        found, self._last_told = self._write(
            lambda connection, now: callbacks.claim(connection, now, self.worker, count, after=after)
        )
        return found

    def settle_callback(self, delivery: Delivery, tried: Tried) -> bool:
        """Write down how a try ended; False if another worker has had the callback meanwhile."""
        return self._write(lambda connection, now: callbacks.settle(connection, now, delivery, tried))

    def end_leases(self, worker: str) -> int:
        """End the leases of a process that is known to be dead."""
        return self._write(lambda connection, _now: leases.end_leases(connection, worker))

    def sweep(self) -> None:
        """Remove what is over."""
        self.contents.unlink(self._write(lambda connection, now: sweeping.sweep(connection, now, self.contents)))

    def sweep_files(self) -> None:
        """Remove files that no row names."""
        with self.store.read() as connection:
            now = self.clock(connection)
        self.contents.sweep_files(now)

    def _has_result(self, id: str, content: str) -> bool:
        with self.store.read() as connection:
            return find(connection, id).result_content == content

    def _write(self, operation: Callable[[Connection, float], Result]) -> Result:
        return self.writer.run(operation)

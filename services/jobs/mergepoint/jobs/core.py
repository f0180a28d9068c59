"""The service's core in one piece: requests become jobs, whose owners watch, cancel and replay them. It knows no HTTP.

``Jobs`` is what callers use; ``Engine``, in engine.py, what workers use. Both stand on the same store and writer.
"""

import contextlib
import math
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import Invalid, LimitExceeded, NoAnswer, NoLonger, NotFinished, NotFound, StoreUnavailable
from .queue import acceptance, callback_secrets, callbacks, listing, outcomes
from .queue.acceptance import Limits
from .queue.callback_secrets import Secrets
from .queue.callbacks import Callback
from .queue.job import CANCELLED, QUEUED, Job, find
from .requests.job_request import JobRequest, Owner
from .storage.contents import Contents
from .storage.store import Clock, Store, database_time
from .storage.writer import Writer

KEEP = 86_400.0  # seconds
ID = re.compile(r"[A-Za-z0-9_-]{1,32}")  # what is no id is not looked for
RESERVE = 64 << 20  # bytes that stay free on the disk, so that what was accepted can be finished


def new_id() -> str:
    """Return 22 characters of base64url: 128 random bits, since the id of an anonymous job is its key."""
    return secrets.token_urlsafe(16)


class Jobs:
    """Accepts, shows, lists, cancels and replays jobs. *folder* has what is too large for rows; *keep* is seconds."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        limits: Limits | None = None,
        keep: float = KEEP,
        clock: Clock = database_time,
    ) -> None:
        self.store, self.folder, self.clock = store, folder, clock
        self.writer = Writer(store, clock)
        self.contents = Contents(store, folder)
        self._limits, self._keep = limits, keep

    def accept(self, id: str, owner: Owner, request: JobRequest, *, replay_of: str | None = None) -> tuple[Job, bool]:
        """Return the job, which is on disk, and whether it is new: the same key and request make one job only.

        Raise Invalid (code ``idempotency_mismatch``) for a key of another request, LimitExceeded, or StoreUnavailable.
        """
        self._check_room(len(request.body))
        content = self.contents.prepare(request.body, id)
        try:
            job, is_new = self.writer.run(
                lambda connection, now: acceptance.accept(
                    connection,
                    now,
                    self.contents,
                    id,
                    owner,
                    request,
                    content,
                    limits=self._limits,
                    replay_of=replay_of,
                )
            )
        except (Invalid, LimitExceeded):  # after StoreUnavailable the job may be there
            self.contents.discard(content)
            raise
        if not is_new:
            self.contents.discard(content)
        return job, is_new

    def show(self, id: str, asker: Owner) -> Job:
        """Return the job, or raise NotFound: also for somebody else's."""
        if not ID.fullmatch(id):
            raise NotFound
        with self.store.read() as connection:
            job = find(connection, id)
        if not may_see(job, asker):
            raise NotFound
        return job

    def ahead_of(self, job: Job) -> int | None:
        """Return how many jobs would be claimed before *job*, at most 1,000; None unless it waits for a worker."""
        with self.store.read() as connection:
            return listing.ahead_of(connection, job)

    def list(self, asker: Owner, filters: Mapping[str, str | None]) -> list[Job]:
        """Return a page of one's own jobs, newest first; *filters* are state, service, and after, a job's id."""
        if (after := filters.get("after")) is not None:
            try:
                self.show(after, asker)
            except NotFound as error:
                raise Invalid("after", "the id of a job of yours is expected, that is still kept") from error
        with self.store.read() as connection:
            return listing.list_jobs(connection, asker.key, **filters)

    def result(self, id: str, asker: Owner) -> tuple[Job, Iterator[bytes]]:
        """Return the job and its answer's body. Raise NotFinished, NoLonger when it is gone, NoAnswer without one."""
        job = self.show(id, asker)
        if not job.is_finished:
            raise NotFinished(job.state, seconds_until_worth_asking(job, self.now()))
        check_has_answer(job)
        pieces = self.contents.stream(str(job.result_content))
        return job, _begun(pieces)

    def cancel(self, id: str, asker: Owner) -> Job:
        """End the job unless it is finished, and return it."""
        self.show(id, asker)
        return self.writer.run(lambda connection, now: outcomes.cancel(connection, now, id, keep=self._keep))

    def replay(self, id: str, new: str, asker: Owner, **asked: Any) -> Job:
        """Make the job *new* of the same request, as of now; *asked*: the fields of JobRequest that say by whom."""
        old = self.show(id, asker)
        request = JobRequest(
            service=old.service,
            method=old.method,
            target=old.target,
            body=self.contents.read(old.request_content),
            headers=old.headers,
            deadline=old.deadline,
            attempts=old.attempts_allowed,
            callback=old.callback,
            **asked,
        )
        return self.accept(new, asker, request, replay_of=id)[0]

    def callbacks(self, jobs: Iterable[Job]) -> Mapping[str, Callback]:
        """Return the callbacks of those *jobs* that are finished and have one, by the jobs' ids."""
        ids = [job.id for job in jobs if job.callback and job.is_finished]
        if not ids:
            return {}
        with self.store.read() as connection:
            return callbacks.of_jobs(connection, ids)

    def secrets(self, owner: Owner) -> Secrets:
        """Return what signs the callbacks of *owner*, a user."""
        with self.store.read() as connection:
            found = callback_secrets.find(connection, self.clock(connection), owner.key)
        return found or self.writer.run(lambda connection, now: callback_secrets.ensure(connection, now, owner.key))

    def rotate_secret(self, owner: Owner) -> Secrets:
        """Give *owner*, a user, a new secret; the one before signs too for a while."""
        return self.writer.run(lambda connection, now: callback_secrets.rotate(connection, now, owner.key))

    def now(self) -> float:
        """Return the time by the database's clock."""
        with self.store.read() as connection:
            return self.clock(connection)

    def close(self) -> None:
        """Close connections; another call opens new ones. Call it before forking."""
        self.store.close()

    def _check_room(self, size: int) -> None:
        """Refuse what would fill the disk: jobs that are accepted need room to be finished."""
        if self.store.is_sqlite:
            with contextlib.suppress(FileNotFoundError):
                if shutil.disk_usage(self.folder).free < size + RESERVE:
                    raise StoreUnavailable


def may_see(job: Job, asker: Owner) -> bool:
    """Whether *asker* is the owner. The id of an anonymous job, 128 random bits, is all that it takes."""
    return job.owner.startswith("net:") or job.owner == asker.key


def seconds_until_worth_asking(job: Job, now: float) -> int:
    """Return when to ask for the result of an unfinished job again: not before it may run."""
    return max(1, math.ceil(job.at - now)) if job.state == QUEUED else 2


def check_has_answer(job: Job) -> None:
    """Raise NoLonger or NoAnswer unless the finished job has an answer to give."""
    if job.state == CANCELLED:
        raise NoLonger(job.id, "cancelled", "the job was cancelled; it has no result")
    if job.result_status is None:
        raise NoAnswer(job.id, job.code or "failed", job.detail or "the job failed")
    if job.result_content is None:
        raise NoLonger(job.id, "result_gone", "the result is kept no longer")


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Return the same pieces with the first one read: what is wrong is raised here, and not amid an answer."""
    first = next(pieces)

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()

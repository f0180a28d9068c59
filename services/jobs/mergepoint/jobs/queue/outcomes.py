"""How an attempt ends: with an answer, without one, to be tried again, or given back. Each needs the lease's token."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ..storage.contents import Content, Contents
from . import callbacks, leases
from .changes import change
from .job import CANCELLED, FAILED, QUEUED, UNFINISHED, Job, find

FORGET_AFTER = 7 * 86_400.0  # seconds from when the result is gone
RELEASED = "released"
COUNT = text(
    "INSERT INTO totals (service, outcome, count, seconds, retries) VALUES (:service, :outcome, 1, :seconds, :retries) "
    "ON CONFLICT (service, outcome) DO UPDATE SET count = totals.count + 1, "
    "seconds = totals.seconds + excluded.seconds, retries = totals.retries + excluded.retries"
)


@dataclass(frozen=True)
class Answer:
    """What the service answered: *status* is its, *content* its body."""

    status: int
    headers: Mapping[str, str]
    content: Content


@dataclass(frozen=True)
class Outcome:
    """How a job ends: *state* done or failed, *code* and *detail* why, and the *answer* if there is one."""

    state: str
    code: str | None = None
    detail: str | None = None
    answer: Answer | None = None


def finish(
    connection: Connection, now: float, contents: Contents, id: str, token: str, outcome: Outcome, *, keep: float
) -> None:
    """End a job for good; its result is kept for *keep* seconds. Raise LeaseLost without the lease."""
    job = leases.held(connection, id, token)
    values: dict[str, object] = {}
    if answer := outcome.answer:
        contents.insert(connection, answer.content, now)
        values = {
            "result_status": answer.status,
            "result_headers": json.dumps(dict(answer.headers)),
            "result_content": answer.content.id,
            "size_result": answer.content.size,
        }
    _end(connection, now, job, outcome.state, keep, code=outcome.code, detail=outcome.detail, **values)


def retry(connection: Connection, now: float, id: str, token: str, *, delay: float, code: str, detail: str) -> None:
    """Queue a job for another attempt, *delay* seconds from now."""
    job = leases.held(connection, id, token)
    why = {"code": code, "detail": detail}
    change(connection, job, state=QUEUED, now=now, at=now + delay, rank=None, **why, **leases.FREE)


def release(connection: Connection, now: float, id: str, token: str) -> None:
    """Give a job back, to its place in the queue; the attempt does not count."""
    _release(connection, now, leases.held(connection, id, token))


def release_unknown(connection: Connection, now: float, worker: str, tokens: Collection[str]) -> int:
    """Give back the jobs that *worker* has under other leases than *tokens*; return how many there were."""
    unknown = leases.unknown(connection, worker, tokens)
    for job in unknown:
        _release(connection, now, job)
    return len(unknown)


def lose(connection: Connection, now: float, job: Job, *, keep: float) -> None:
    """End a job that has cost too many workers."""
    detail = f"its worker was lost {leases.MOST_LOSSES} times while it ran"
    _end(connection, now, job, FAILED, keep, code=leases.WORKER_LOST, detail=detail, losses=job.losses + 1)


def cancel(connection: Connection, now: float, id: str, *, keep: float) -> Job:
    """End an unfinished job; a worker that has it learns of it by its next heartbeat. A finished one stays as it is."""
    job = find(connection, id)
    if job.state not in UNFINISHED:
        return job
    return _end(connection, now, job, CANCELLED, keep, code=CANCELLED, detail="cancelled by its owner")


def _release(connection: Connection, now: float, job: Job) -> None:
    change(connection, job, state=QUEUED, now=now, attempts=job.attempts - 1, code=RELEASED, **leases.FREE)


def _end(connection: Connection, now: float, job: Job, state: str, keep: float, **values: object) -> Job:
    kept = {"finished": now, "keep_until": now + keep, "forget_at": now + keep + FORGET_AFTER, "grant_token": None}
    ended = change(connection, job, state=state, now=now, **kept, **leases.FREE, **values)
    seconds = now - (job.started or now)
    row = {"service": job.service, "outcome": state, "seconds": seconds, "retries": max(job.attempts - 1, 0)}
    connection.execute(COUNT, row)
    callbacks.put(connection, now, ended)
    return ended

"""Takes a request in: one job for one idempotency key, and no more unfinished ones of an owner than may be."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, or_, select

from ..errors import Invalid, LimitExceeded
from ..requests.job_request import JobRequest, Owner
from ..storage.contents import Content, Contents
from ..storage.schema import jobs
from . import callback_secrets
from .changes import history_line
from .fairness import next_rank
from .job import BY_ID, COLUMNS, QUEUED, UNFINISHED, Job, of_row, of_values


@dataclass(frozen=True)
class Limits:
    """The most unfinished jobs, and *bytes* of their bodies, of a user or of an anonymous network."""

    user_jobs: int = 1000
    network_jobs: int = 100
    bytes: int = 200 << 20


INSERT = insert(jobs)
FIND = select(*COLUMNS).where(
    or_(
        jobs.c.id == bindparam("id"),
        (jobs.c.owner == bindparam("owner")) & (jobs.c.idempotency_key == bindparam("key")),
    )
)
COUNT = select(func.count(), func.coalesce(func.sum(jobs.c.size_request), 0)).where(
    jobs.c.owner == bindparam("owner"), jobs.c.state.in_(UNFINISHED)
)


def accept(
    connection: Connection,
    now: float,
    contents: Contents,
    id: str,
    owner: Owner,
    request: JobRequest,
    content: Content,
    *,
    limits: Limits | None,
    replay_of: str | None = None,
) -> tuple[Job, bool]:
    """Return the job, and whether it is new. Raise Invalid for a key of another request, or LimitExceeded."""
    fingerprint = request.fingerprint
    if found := _find(connection, id, owner, request.idempotency_key):
        if found.owner != owner.key or found.fingerprint != fingerprint:
            raise Invalid("Idempotency-Key", "was used for another request", "idempotency_mismatch")
        return found, False
    if limits:
        _check_limits(connection, owner, content.size, limits)
    at = now if request.at is None else max(request.at, now)
    values = {
        "id": id,
        "owner": owner.key,
        "owner_name": owner.name,
        "service": request.service,
        "method": request.method,
        "target": request.target,
        "headers": json.dumps(dict(request.headers)),
        "state": QUEUED,
        "created": now,
        "at": at,
        "rank": next_rank(connection, owner.key) if at <= now else None,
        "deadline": request.deadline,
        "attempts_allowed": request.attempts,
        "attempts": 0,
        "losses": 0,
        "idempotency_key": request.idempotency_key,
        "fingerprint": fingerprint,
        "callback": request.callback,
        "request_id": request.request_id,
        "grant_token": request.grant,
        "host": request.host,
        "scheme": request.scheme,
        "address": request.address,
        "request_content": content.id,
        "size_request": content.size,
        "replay_of": replay_of,
        "version": 1,
        "history": history_line(1, now, QUEUED, 0),
    }
    if request.callback:
        callback_secrets.ensure(connection, now, owner.key)  # so that its owner can read it before the first message
    contents.insert(connection, content, now)
    connection.execute(INSERT, values)
    return of_values(values), True


def _find(connection: Connection, id: str, owner: Owner, key: str | None) -> Job | None:
    """Return the job of this id, which a proxy may bring twice, or of this key."""
    row = connection.execute(FIND if key else BY_ID, {"id": id, "owner": owner.key, "key": key}).first()
    return of_row(row) if row else None


def _check_limits(connection: Connection, owner: Owner, size: int, limits: Limits) -> None:
    count, total = connection.execute(COUNT, {"owner": owner.key}).one()
    most = limits.network_jobs if owner.user is None else limits.user_jobs
    whose = "your network has" if owner.user is None else "you have"
    if count >= most:
        raise LimitExceeded(f"{whose} {count} unfinished jobs, and {most} may be; wait until some are done")
    if total + size > limits.bytes:
        raise LimitExceeded(f"{whose} unfinished jobs of {total} bytes, and {limits.bytes} may be; wait for some")

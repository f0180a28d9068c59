"""Callbacks: queued with the last change of a job, claimed by workers under leases, tried a few times.

A lease is a token and the time before which nobody else may have the callback. It is longer than a try may take, so
that it needs no heartbeats; a worker that died loses its try and nothing else.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from ..storage.schema import callbacks as table
from ..storage.schema import jobs
from . import callback_secrets
from .job import COLUMNS, Job, of_row

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
LEASE = 30.0  # seconds: twice what a try may take
TRIES = 5
OF_ONE_OWNER = 4  # callbacks under way, of all workers: slow receivers of one hold up nobody else's
MOST_TURNS = 500  # in one transaction
DUE = select(table.c.job).where(table.c.state == PENDING, table.c.at <= bindparam("now")).limit(1)
INSERT = insert(table)


@dataclass(frozen=True)
class Callback:
    """What its job's owner sees of it. *status* is of the last answer, *code* says why the last try was in vain."""

    state: str
    tries: int
    at: float
    status: int | None
    code: str | None
    delivered: float | None
    is_under_way: bool


@dataclass(frozen=True)
class Delivery:
    """One try of the callback of *job*: the *message* (its id) is signed with all *secrets*."""

    job: Job
    message: str
    token: str
    tries: int
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """How a try ended. *again*: seconds until the next one may be, None for no other."""

    delivered: bool
    status: int | None = None
    code: str | None = None
    again: float | None = None


def put(connection: Connection, now: float, job: Job) -> None:
    """Queue the callback of a job that has just ended, if it has one."""
    if job.callback:
        message = f"msg_{secrets.token_urlsafe(16)}"
        row = {"job": job.id, "owner": job.owner, "message": message, "state": PENDING, "at": now, "tries": 0}
        connection.execute(INSERT, row)


def is_any_due(connection: Connection, now: float) -> bool:
    """Whether `claim` may find one."""
    return connection.execute(DUE, {"now": now}).first() is not None


def claim(
    connection: Connection, now: float, worker: str, count: int, *, after: str = ""
) -> tuple[list[Delivery], str]:
    """Lease up to *count* callbacks to *worker*, so many of one owner at a time.

    Owners take turns, beginning with the one that follows *after*. Return the callbacks, and the last owner that had a
    turn. However many wait, each owner costs two look-ups in an index.
    """
    under_way = Counter({row.owner: int(row.number) for row in connection.execute(_UNDER_WAY, {"now": now})})
    taken: list[tuple[str, str]] = []
    last = after
    for last in _turns(connection, after):
        free = min(OF_ONE_OWNER - under_way[last], count - len(taken))
        if free > 0:
            due = connection.execute(_DUE_OF_ONE, {"owner": last, "now": now, "free": free}).scalars()
            taken += [(job, last) for job in due]
        if len(taken) == count:
            break
    return [_lease(connection, now, worker, job, owner) for job, owner in taken], last


def settle(connection: Connection, now: float, delivery: Delivery, tried: Tried) -> bool:
    """Write down how a try ended; False, and nothing is written, if another worker has had the callback meanwhile."""
    tries = delivery.tries + 1
    values: dict[str, Any] = {"tries": tries, "status": tried.status, "code": tried.code, **FREE}
    if tried.delivered:
        values |= {"state": DELIVERED, "delivered": now}
    elif tried.again is None or tries >= TRIES:
        values |= {"state": FAILED}
    else:
        values |= {"at": now + tried.again}
    mine = (table.c.job == delivery.job.id, table.c.lease_token == delivery.token)
    return connection.execute(update(table).where(*mine).values(values)).rowcount > 0


def end_leases(connection: Connection, worker: str) -> None:
    """Let others have the callbacks of a worker's process that is known to be dead."""
    connection.execute(update(table).where(table.c.worker == worker).values(at=0.0, **FREE))


def extend_leases(connection: Connection, seconds: float) -> None:
    """Let leases last longer: nobody could write down how a try has ended."""
    connection.execute(update(table).where(table.c.lease_token.is_not(None)).values(at=table.c.at + seconds))


def count_pending(connection: Connection) -> int:
    """Return how many callbacks are to be sent."""
    query = select(func.count()).select_from(table).where(table.c.state == PENDING)
    return int(connection.execute(query).scalar_one())


def of_jobs(connection: Connection, ids: Collection[str]) -> Mapping[str, Callback]:
    """Return the callbacks of finished jobs by the jobs' ids."""
    rows = connection.execute(select(table).where(table.c.job.in_(ids))).all()
    return {
        row.job: Callback(
            row.state, row.tries, row.at, row.status, row.code, row.delivered, row.lease_token is not None
        )
        for row in rows
    }


def forget(connection: Connection, ids: Collection[str]) -> None:
    """Remove the callbacks of jobs that are forgotten."""
    connection.execute(delete(table).where(table.c.job.in_(ids)))


FREE: Mapping[str, None] = {"lease_token": None, "worker": None}
_UNDER_WAY = (
    select(table.c.owner, func.count().label("number"))
    .where(table.c.lease_token.is_not(None), table.c.at > bindparam("now"))
    .group_by(table.c.owner)
)
_NEXT_OWNER = select(func.min(table.c.owner)).where(table.c.state == PENDING, table.c.owner > bindparam("owner"))
_NEXT_OWNER_BEFORE = _NEXT_OWNER.where(table.c.owner <= bindparam("after"))
_DUE_OF_ONE = (
    select(table.c.job)
    .where(table.c.state == PENDING, table.c.owner == bindparam("owner"), table.c.at <= bindparam("now"))
    .order_by(table.c.at)
    .limit(bindparam("free"))
)
_JOB = select(*COLUMNS).where(jobs.c.id == bindparam("id"))


def _turns(connection: Connection, after: str) -> Iterator[str]:
    """Yield the owners of pending callbacks, each once, beginning with the one that follows *after*.

    Only the database compares owners: it may sort texts otherwise than Python does.
    """
    owner, query = after, _NEXT_OWNER
    for _ in range(MOST_TURNS):
        found: str | None = connection.execute(query, {"owner": owner, "after": after}).scalar()
        if found is not None:
            owner = found
            yield found
        elif query is _NEXT_OWNER:
            owner, query = "", _NEXT_OWNER_BEFORE
        else:
            return


def _lease(connection: Connection, now: float, worker: str, id: str, owner: str) -> Delivery:
    token = secrets.token_urlsafe(16)
    leased = {"lease_token": token, "at": now + LEASE, "worker": worker}
    statement = update(table).where(table.c.job == id).values(leased).returning(table.c.message, table.c.tries)
    row = connection.execute(statement).one()
    job = of_row(connection.execute(_JOB, {"id": id}).one())
    return Delivery(job, row.message, token, row.tries, callback_secrets.ensure(connection, now, owner).all)

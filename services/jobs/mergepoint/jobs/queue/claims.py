"""Gives jobs to workers: by rank, so many of each service at a time, each under a lease with a token of its own."""

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, exists, func, select

from ..storage.schema import jobs
from . import fairness, leases, outcomes
from .changes import change
from .job import COLUMNS, QUEUED, RUNNING, Job, of_row

READY = (jobs.c.state == QUEUED, jobs.c.rank.is_not(None))
SAFE = jobs.c.losses < leases.LOSSES_ALONE

ANY = select(jobs.c.id).where(*READY, SAFE).limit(1)

GLANCE = select(
    exists().where(*READY, ~SAFE).label("suspect"),
    exists(fairness.DUE).label("due"),
    exists(leases.ENDED).label("ended"),
)

Concurrency = Callable[[str], int]


def is_any_ready(connection: Connection) -> bool:
    """Whether `claim` may find a job."""
    return connection.execute(ANY).first() is not None


def glance(connection: Connection, now: float) -> Any:
    """Return whether any job waits to be run alone (``suspect``), is ``due``, or its lease has ``ended``."""
    return connection.execute(GLANCE, {"now": now}).one()


def claim(
    connection: Connection, now: float, worker: str, count: int, *, concurrency: Concurrency, keep: float
) -> list[Job]:
    """Lease up to *count* jobs to *worker*, no more of a service than *concurrency* says, and return them.

    Jobs whose lease has ended are queued first; one that has lost too many workers fails.
    """
    take_back(connection, now, keep=keep)
    running = Counter({row.service: int(row.number) for row in connection.execute(_RUNNING)})
    taken: list[str] = []
    full = [service for service, number in running.items() if number >= concurrency(service)]
    while len(taken) < count:
        wanted = count - len(taken)
        where = (*READY, SAFE, jobs.c.service.not_in(full), jobs.c.id.not_in(taken))
        query = select(jobs.c.id, jobs.c.service).where(*where).order_by(jobs.c.rank, jobs.c.created).limit(wanted)
        candidates = connection.execute(query).all()
        for row in candidates:
            if running[row.service] < concurrency(row.service):
                running[row.service] += 1
                taken.append(row.id)
            elif row.service not in full:
                full.append(row.service)
        if len(candidates) < wanted:
            break
    if not taken:
        return []
    whole = {row.id: of_row(row) for row in connection.execute(select(*COLUMNS).where(jobs.c.id.in_(taken)))}
    found = [whole[id] for id in taken]
    fairness.serve(connection, max(job.rank or 0.0 for job in found))
    return [_lease(connection, now, worker, job) for job in found]


def take_back(connection: Connection, now: float, *, keep: float) -> None:
    """Queue the jobs whose lease has ended; end those that have cost too many workers."""
    leases.look(connection, now)
    for lost in leases.take_back(connection, now):
        outcomes.lose(connection, now, lost, keep=keep)


def suspects(connection: Connection, limit: int = 1) -> list[str]:
    """Return the ids of ready jobs that must run alone, since they have lost workers."""
    query = select(jobs.c.id).where(*READY, ~SAFE).order_by(jobs.c.rank).limit(limit)
    return list(connection.execute(query).scalars())


def claim_alone(connection: Connection, now: float, worker: str, id: str) -> Job | None:
    """Lease the job of this id to *worker*; None if it is no longer ready."""
    leases.look(connection, now)
    row = connection.execute(select(*COLUMNS).where(*READY, jobs.c.id == id)).first()
    return _lease(connection, now, worker, of_row(row)) if row else None


_RUNNING = select(jobs.c.service, func.count().label("number")).where(jobs.c.state == RUNNING).group_by(jobs.c.service)


def _lease(connection: Connection, now: float, worker: str, job: Job) -> Job:
    token = secrets.token_urlsafe(16)
    leased = {"lease_token": token, "lease_until": now + leases.LEASE, "worker": worker, "started": now}
    return change(connection, job, state=RUNNING, now=now, attempts=job.attempts + 1, **leased)

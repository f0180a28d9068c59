"""Leases: whose a running job is, until when, and what ends that. Only the database's clock counts."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, select, update

from ..errors import LeaseLost
from ..storage.schema import clock, jobs
from . import callbacks
from .changes import change
from .job import COLUMNS, QUEUED, RUNNING, Job, of_row

LEASE = 8.0  # seconds from the last heartbeat
LOSSES_ALONE = 2  # after so many a job runs alone in a process
MOST_LOSSES = 3
UNWATCHED = 3.0  # seconds: nobody looked for so long, so the database or everybody was away
WORKER_LOST = "worker_lost"
FREE: Mapping[str, None] = {"lease_token": None, "lease_until": None, "worker": None}
LOOKED = select(clock.c.looked).where(clock.c.id == 1)
HELD = select(*COLUMNS).where(
    jobs.c.id == bindparam("id"), jobs.c.lease_token == bindparam("token"), jobs.c.state == RUNNING
)
ENDED = select(jobs.c.id).where(jobs.c.state == RUNNING, jobs.c.lease_until < bindparam("now")).limit(1)


def look(connection: Connection, now: float, *, every: float = 1.0) -> None:
    """Note that somebody looks. If nobody did for a while, leases last longer by that: no worker could renew them."""
    looked = float(connection.execute(LOOKED).scalar_one())
    if now - looked < every:
        return
    if looked and now - looked > UNWATCHED:
        longer = jobs.c.lease_until + (now - looked)
        connection.execute(update(jobs).where(jobs.c.state == RUNNING).values(lease_until=longer))
        callbacks.extend_leases(connection, now - looked)
    connection.execute(update(clock).where(clock.c.id == 1).values(looked=now))


def heartbeat(connection: Connection, now: float, tokens: Collection[str]) -> set[str]:
    """Renew the leases with these *tokens*; return those that are still held. The others were cancelled or taken."""
    look(connection, now)
    mine = (jobs.c.lease_token.in_(tokens), jobs.c.state == RUNNING)
    statement = update(jobs).where(*mine).values(lease_until=now + LEASE).returning(jobs.c.lease_token)
    return set(connection.execute(statement).scalars())


def held(connection: Connection, id: str, token: str) -> Job:
    """Return the running job of this lease, or raise LeaseLost."""
    row = connection.execute(HELD, {"id": id, "token": token}).first()
    if row is None:
        raise LeaseLost
    return of_row(row)


def unknown(connection: Connection, worker: str, tokens: Collection[str]) -> list[Job]:
    """Return the running jobs of *worker* that have none of these *tokens*."""
    mine = (jobs.c.worker == worker, jobs.c.state == RUNNING, jobs.c.lease_token.not_in(tokens))
    return [of_row(row) for row in connection.execute(select(*COLUMNS).where(*mine))]


def end_leases(connection: Connection, worker: str) -> int:
    """End the leases of a worker's process that is known to be dead; return how many jobs it had."""
    mine = (jobs.c.worker == worker, jobs.c.state == RUNNING)
    callbacks.end_leases(connection, worker)
    return connection.execute(update(jobs).where(*mine).values(lease_until=0.0)).rowcount


def take_back(connection: Connection, now: float, limit: int = 200) -> list[Job]:
    """Queue the jobs whose lease has ended, each with one more loss; return those that have too many now."""
    lost = []
    ended = (jobs.c.state == RUNNING, jobs.c.lease_until < now)
    for row in connection.execute(select(*COLUMNS).where(*ended).limit(limit)).all():
        job = of_row(row)
        if job.losses + 1 >= MOST_LOSSES:
            lost.append(job)
        else:
            change(connection, job, state=QUEUED, now=now, code=WORKER_LOST, losses=job.losses + 1, **FREE)
    return lost


def is_any_ended(connection: Connection, now: float) -> bool:
    """Whether `take_back` has something to do."""
    return connection.execute(ENDED, {"now": now}).first() is not None

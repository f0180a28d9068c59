"""Owners take turns: start-time fair queueing (Goyal, Vin, Cheng 1996), every job of cost 1.

A job that becomes ready gets the rank after its owner's last one, but none below the rank that is being served: who
sends a thousand jobs is served between the others, and who was away has saved nothing up.
"""

from sqlalchemy import Connection, bindparam, delete, select, text, update

from ..storage.schema import clock, jobs, turns
from .job import QUEUED

NEXT = text(
    "INSERT INTO turns (owner, last) VALUES (:owner, (SELECT virtual FROM clock WHERE id = 1) + 1) "
    "ON CONFLICT (owner) DO UPDATE SET last = 1 + CASE WHEN turns.last > (SELECT virtual FROM clock WHERE id = 1) "
    "THEN turns.last ELSE (SELECT virtual FROM clock WHERE id = 1) END RETURNING last"
)
SERVE = update(clock).where(clock.c.id == 1, clock.c.virtual < bindparam("served")).values(virtual=bindparam("served"))
PROMOTED_AT_ONCE = 500
DUE = select(jobs.c.id).where(jobs.c.state == QUEUED, jobs.c.at <= bindparam("now"), jobs.c.rank.is_(None)).limit(1)


def next_rank(connection: Connection, owner: str) -> float:
    """Return the rank of the next job of *owner*, and remember it as its last."""
    return float(connection.execute(NEXT, {"owner": owner}).scalar_one())


def serve(connection: Connection, rank: float) -> None:
    """Note that the job of *rank* is served: nobody new comes before it."""
    connection.execute(SERVE, {"served": rank})


def promote(connection: Connection, now: float) -> int:
    """Rank the jobs whose time has come; return how many there were."""
    due = select(jobs.c.id, jobs.c.owner).where(jobs.c.state == QUEUED, jobs.c.at <= now, jobs.c.rank.is_(None))
    rows = connection.execute(due.order_by(jobs.c.at).limit(PROMOTED_AT_ONCE)).all()
    for row in rows:
        rank = next_rank(connection, row.owner)
        connection.execute(update(jobs).where(jobs.c.id == row.id).values(rank=rank))
    return len(rows)


def is_due(connection: Connection, now: float) -> bool:
    """Whether `promote` has something to do."""
    return connection.execute(DUE, {"now": now}).first() is not None


def sweep(connection: Connection) -> None:
    """Forget owners whose last rank is served: they begin where everybody does."""
    served = select(clock.c.virtual).where(clock.c.id == 1).scalar_subquery()
    connection.execute(delete(turns).where(turns.c.last < served))

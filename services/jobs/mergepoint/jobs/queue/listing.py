"""Lists an owner's jobs, newest first, a page at a time; and numbers for metrics."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from ..storage.schema import jobs, totals
from .job import COLUMNS, QUEUED, UNFINISHED, Job, find, of_row

PAGE = 50
MOST_COUNTED = 1000  # jobs before another


def list_jobs(
    connection: Connection,
    owner: str,
    *,
    state: str | None = None,
    service: str | None = None,
    after: str | None = None,
) -> list[Job]:
    """Return a page of the jobs of *owner* that follow the one with the id *after*; raise NotFound if that is gone."""
    query = select(*COLUMNS).where(jobs.c.owner == owner)
    if state:
        query = query.where(jobs.c.state == state)
    if service:
        query = query.where(jobs.c.service == service)
    if after:
        last = find(connection, after)
        query = query.where(tuple_(jobs.c.created, jobs.c.id) < tuple_(last.created, last.id))
    query = query.order_by(jobs.c.created.desc(), jobs.c.id.desc()).limit(PAGE)
    return [of_row(row) for row in connection.execute(query)]


def ahead_of(connection: Connection, job: Job) -> int | None:
    """Return how many jobs would be claimed before *job*, counted to MOST_COUNTED; None unless it waits for a worker.

    Jobs of owners who have waited for longer may still go before it.
    """
    if job.state != QUEUED or job.rank is None:
        return None
    before = select(jobs.c.id).where(jobs.c.state == QUEUED, jobs.c.rank < job.rank).limit(MOST_COUNTED).subquery()
    return int(connection.execute(select(func.count()).select_from(before)).scalar_one())


def depths(connection: Connection) -> Iterable[Any]:
    """Return service, state and number of unfinished jobs."""
    columns = (jobs.c.service, jobs.c.state, func.count().label("number"))
    query = select(*columns).where(jobs.c.state.in_(UNFINISHED)).group_by(jobs.c.service, jobs.c.state)
    return connection.execute(query).all()


def oldest_ready(connection: Connection) -> Iterable[Any]:
    """Return, by service, since when the job that waits longest could have run."""
    ready = (jobs.c.state == QUEUED, jobs.c.rank.is_not(None))
    query = select(jobs.c.service, func.min(jobs.c.at).label("oldest")).where(*ready).group_by(jobs.c.service)
    return connection.execute(query).all()


def outcomes(connection: Connection) -> Iterable[Any]:
    """Return service, outcome, number, seconds and retries of all finished jobs."""
    return connection.execute(select(totals, totals.c.count.label("number"))).all()

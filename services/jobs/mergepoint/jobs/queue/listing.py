"""Lists an owner's jobs, newest first, a page at a time; and numbers for metrics."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from ..storage.schema import jobs, totals
from .job import COLUMNS, QUEUED, UNFINISHED, Job, find, of_row

PAGE = 50


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


def depths(connection: Connection) -> Iterable[Row[Any]]:
    """Return service, state, number and oldest creation of unfinished jobs."""
    unfinished = jobs.c.state.in_(UNFINISHED)
    columns = (jobs.c.service, jobs.c.state, func.count().label("number"), func.min(jobs.c.created).label("oldest"))
    return connection.execute(select(*columns).where(unfinished).group_by(jobs.c.service, jobs.c.state)).all()


def outcomes(connection: Connection) -> Iterable[Row[Any]]:
    """Return service, outcome, count, seconds and retries of all finished jobs."""
    return connection.execute(select(totals)).all()


def oldest_ready(connection: Connection) -> float | None:
    """Return when the job was created that waits longest for a worker."""
    query = select(func.min(jobs.c.created)).where(jobs.c.state == QUEUED, jobs.c.rank.is_not(None))
    return connection.execute(query).scalar()

"""Removes what is over: results after their time, rows seven days later, bodies that no job has."""

from sqlalchemy import Connection, delete, select, update

from ..storage.contents import Contents
from ..storage.schema import jobs
from . import callback_secrets, callbacks, fairness

AT_ONCE = 500


def sweep(connection: Connection, now: float, contents: Contents) -> list[str]:
    """Delete what is over; return the files to unlink once that is committed."""
    files = _forget_results(connection, now, contents) + _forget_jobs(connection, now, contents)
    files += contents.delete(connection, *contents.find_orphans(connection, now))
    fairness.sweep(connection)
    callback_secrets.sweep(connection, now)
    return files


def _forget_results(connection: Connection, now: float, contents: Contents) -> list[str]:
    over = select(jobs.c.id, jobs.c.result_content).where(jobs.c.keep_until < now).limit(AT_ONCE)
    rows = connection.execute(over).all()
    gone = {"result_content": None, "keep_until": None, "result_headers": None}
    connection.execute(update(jobs).where(jobs.c.id.in_([row.id for row in rows])).values(gone))
    return contents.delete(connection, *(row.result_content for row in rows))


def _forget_jobs(connection: Connection, now: float, contents: Contents) -> list[str]:
    over = select(jobs.c.id, jobs.c.request_content, jobs.c.result_content).where(jobs.c.forget_at < now)
    rows = connection.execute(over.limit(AT_ONCE)).all()
    files = contents.delete(connection, *(row.request_content for row in rows), *(row.result_content for row in rows))
    ids = [row.id for row in rows]
    callbacks.forget(connection, ids)
    connection.execute(delete(jobs).where(jobs.c.id.in_(ids)))
    return files

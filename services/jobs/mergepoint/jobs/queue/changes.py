"""Each change of a job's state counts its version up and adds a line to its history, from which events are told.

Statements are made once, not for each job: making one takes longer than running it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, update

from ..storage.schema import jobs
from .job import FIELDS, QUEUED, Job


@dataclass(frozen=True)
class Change:
    """*version* is the number of the change, *attempt* that of the attempt that was or is."""

    version: int
    time: float
    state: str
    attempt: int
    code: str | None


def change(connection: Connection, job: Job, *, state: str, now: float, **values: Any) -> Job:
    """Give *job* a new state, and *values* by their columns' names; return it as it is then.

    The transaction must have read the job: writers take turns, so that it is still the same.
    """
    attempt, code = values.get("attempts", job.attempts), values.get("code")
    whole = {"state": state, "version": job.version + 1, **values}
    if state == QUEUED:
        whole["progress"] = None  # another attempt begins anew
    line = history_line(job.version + 1, now, state, attempt, code)
    connection.execute(_update(frozenset(whole)), {**whole, "job_id": job.id, "line": line})
    return replace(job, **{name: value for name, value in whole.items() if name in FIELDS})


def tell(connection: Connection, job: Job, progress: str) -> None:
    """Give *job* another progress. That counts its version up, but stands in no line: only the last one matters."""
    told = {"progress": progress, "version": job.version + 1}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(told))


def history_line(version: int, now: float, state: str, attempt: int, code: str | None = None) -> str:
    """Return the line of a change."""
    return f"{version} {now:.3f} {state} {attempt} {code or '-'}\n"


def parse(history: str) -> Iterator[Change]:
    """Yield the changes of a history."""
    for line in history.splitlines():
        version, time, state, attempt, code = line.split(" ")
        yield Change(int(version), float(time), state, int(attempt), None if code == "-" else code)


@lru_cache
def _update(names: frozenset[str]) -> Update:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    values["history"] = jobs.c.history.concat(bindparam("line"))
    return update(jobs).where(jobs.c.id == bindparam("job_id")).values(values)

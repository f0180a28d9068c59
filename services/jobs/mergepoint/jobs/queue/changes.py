"""Each change of a job's state counts its version up and adds a line to its history, from which events are told."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, String, cast, literal, update
from sqlalchemy.sql import ColumnElement

from ..storage.schema import jobs


@dataclass(frozen=True)
class Change:
    """*version* is the number of the change, *attempt* that of the attempt that was or is."""

    version: int
    time: float
    state: str
    attempt: int
    code: str | None


def first_line(state: str, now: float) -> str:
    """Return the history of a new job."""
    return _line("1", now, state, "0", None)


def change(connection: Connection, *where: ColumnElement[bool], state: str, now: float, **values: Any) -> int:
    """Give the jobs *where* a new state, and *values*; return how many there were."""
    attempt = values.get("attempts", jobs.c.attempts)
    code = values.get("code")
    line = (
        cast(jobs.c.version + 1, String)
        .concat(f" {now:.3f} {state} ")
        .concat(cast(attempt, String) if isinstance(attempt, ColumnElement) else literal(str(attempt)))
        .concat(f" {code or '-'}\n")
    )
    statement = update(jobs).where(*where).values(state=state, version=jobs.c.version + 1, **values)
    return connection.execute(statement.values(history=jobs.c.history.concat(line))).rowcount


def parse(history: str) -> Iterator[Change]:
    """Yield the changes of a history."""
    for line in history.splitlines():
        version, time, state, attempt, code = line.split(" ")
        yield Change(int(version), float(time), state, int(attempt), None if code == "-" else code)


def _line(version: str, now: float, state: str, attempt: str, code: str | None) -> str:
    return f"{version} {now:.3f} {state} {attempt} {code or '-'}\n"

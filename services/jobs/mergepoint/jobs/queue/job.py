"""A job as its row has it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from ..errors import NotFound
from ..storage.schema import jobs

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)
UNFINISHED = (QUEUED, RUNNING)
FINISHED = (DONE, FAILED, CANCELLED)


@dataclass(frozen=True)
class Job:
    """Times are seconds since 1970. *attempts* counts those that began; *code* and *detail* say why it is as it is."""

    id: str
    owner: str
    service: str
    method: str
    target: str
    headers: Mapping[str, str]
    state: str
    created: float
    at: float
    rank: float | None
    started: float | None
    finished: float | None
    deadline: float
    attempts_allowed: int
    attempts: int
    losses: int
    fingerprint: str
    callback: str | None
    request_id: str
    grant: str | None
    host: str
    scheme: str
    address: str
    lease_token: str | None
    progress: Any
    code: str | None
    detail: str | None
    result_status: int | None
    result_headers: Mapping[str, str]
    request_content: str
    result_content: str | None
    size_request: int
    size_result: int | None
    replay_of: str | None
    keep_until: float | None
    version: int

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def may_try_again(self) -> bool:
        """Whether another attempt may follow the one that runs. A lost worker is no fault of the request."""
        return self.attempts - self.losses < self.attempts_allowed


NAMES = {"grant": "grant_token"}
TEXTS = ("headers", "result_headers", "progress")  # JSON
FIELDS = tuple(Job.__dataclass_fields__)
COLUMNS = tuple(jobs.c[NAMES.get(name, name)] for name in FIELDS)


def of_values(values: Mapping[str, Any]) -> Job:
    """Return the job of a row's values by the names of columns; what is missing is NULL."""
    return _of({name: values.get(NAMES.get(name, name)) for name in FIELDS})


def of_row(row: Row[Any]) -> Job:
    """Return the job of a row of COLUMNS."""
    return _of(dict(zip(FIELDS, row, strict=True)))


def _of(values: dict[str, Any]) -> Job:
    for name in TEXTS:
        values[name] = json.loads(values[name]) if values[name] else None
    values["result_headers"] = values["result_headers"] or {}
    return Job(**values)


BY_ID = select(*COLUMNS).where(jobs.c.id == bindparam("id"))


def find(connection: Connection, id: str) -> Job:
    """Return the job of this id, or raise NotFound."""
    row = connection.execute(BY_ID, {"id": id}).first()
    if row is None:
        raise NotFound
    return of_row(row)

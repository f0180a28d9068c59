"""The calls of the jobs service: for each the request, and what reads its answer. Nothing here sends anything."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from .answers import Answers
from .calls import JSON, Call
from .results import json_object
from .server import Answer

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between two looks at a job
NO_JOBS = "the result itself: this server has no jobs, so call the client itself in place of client.later"
About = dict[str, Any]
"""What the server says of a job."""


class JobCalls:
    """The calls of ``client.jobs``, and what makes a job of another call."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def check(self, path: str) -> Call[str]:
        """Return the service that *path* is for, if it may be that of a job; raise InvalidRequest if not."""
        read = self._reader("service")
        body = path.encode(errors="replace")
        return Call("POST", "/jobs/check", lambda answer: str(read(answer)["service"]), body, "text/plain")

    def look(self, id: str) -> Call[About]:
        return Call("GET", f"/jobs/{_word(id)}", self._reader("id"))

    def of_owner(self, state: str | None, service: str | None, after: str | None) -> Call[list[About]]:
        given = {"state": state, "service": service, "after": after}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return Call("GET", f"/jobs?{query}" if query else "/jobs", self._read_jobs)

    def replay(self, id: str) -> Call[About]:
        headers = {"Idempotency-Key": new_key()}
        read = self._reader("id")
        return Call("POST", f"/jobs/{_word(id)}/replay", read, b"", JSON, headers=headers, statuses=(202,))

    def cancel(self, id: str) -> Call[About]:
        return Call("DELETE", f"/jobs/{_word(id)}", self._reader("id"))

    def result(self, id: str) -> Call[Answer]:
        return Call("GET", f"/jobs/{_word(id)}/result", lambda answer: answer)

    def later(self, call: Call[Any], terms: Mapping[str, str]) -> Call[About]:
        """Return what makes a job of *call*. A key of its own makes one job of all tries."""
        headers = {"Prefer": "respond-async", "Idempotency-Key": new_key(), **terms}
        return replace(call, read=self._read_accepted, headers=headers, statuses=(200, 202))

    def _read_accepted(self, answer: Answer) -> About:
        if answer.status == 200:  # RFC 7240: who does not know a preference ignores it
            raise self._answers.invalid(answer, NO_JOBS)
        return self._object(answer, "id")

    def _read_jobs(self, answer: Answer) -> list[About]:
        found = self._answers.list(answer, "jobs")
        if not all(isinstance(about.get("id"), str) for about in found):
            raise self._answers.invalid(answer, "jobs without ids")
        return found

    def _reader(self, name: str) -> Callable[[Answer], About]:
        return lambda answer: self._object(answer, name)

    def _object(self, answer: Answer, name: str) -> About:
        found = json_object(answer.body)
        if not isinstance(found.get(name), str):
            raise self._answers.invalid(answer, f"no JSON with {name}")
        return found


def terms_of(
    at: datetime | str | None, deadline: float | None, attempts: int | None, callback: str | None
) -> Mapping[str, str]:
    """Return the headers that say when, how long and how often a job is tried, and who is told."""
    when = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else at
    given = {"At": when, "Deadline": deadline, "Attempts": attempts, "Callback": callback}
    return {f"Mergepoint-{name}": str(value) for name, value in given.items() if value is not None}


def pauses() -> Iterator[float]:
    """Yield the seconds between two looks at a job, which grow."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.5, LONGEST_PAUSE)


def new_key() -> str:
    """Return a key for one call and all its tries: 128 random bits in 22 characters."""
    return secrets.token_urlsafe(16)


def _word(id: str) -> str:
    """Return *id* if it can be a job's: nothing else may change the path."""
    if not id.replace("-", "").replace("_", "").isalnum() or not id.isascii():
        raise ValueError("the id of a job has letters, digits, - and _ only")
    return id

"""Jobs: calls of the pure services that run later, and jobs that are known by their ids."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from .answers import Answers
from .calls import JSON, Call, Calls, Result
from .connections import Deadline
from .errors import ApiError, Timeout
from .pictures import Image, Picture, Thumbnails
from .results import Annotated, Diff, json_object
from .server import Answer

Returned = TypeVar("Returned", covariant=True)
Send = Callable[..., Answer]
"""A function from method, path, body, type and headers to an answer, retries included."""

UNFINISHED = ("queued", "running")
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between two looks at a job


class Job(Generic[Returned]):
    """A call that runs later. *id* finds it again: ``client.jobs.get(id)``."""

    def __init__(self, jobs: "Jobs", about: Mapping[str, Any], read: Callable[[Answer], Returned]) -> None:
        self.id: str = str(about["id"])
        self.about = dict(about)
        """What the server said last: state, attempts, times, progress, code and detail (why)."""
        self._jobs, self._read = jobs, read

    @property
    def state(self) -> str:
        """``queued``, ``running``, ``done``, ``failed`` or ``cancelled``, when it was last looked at."""
        return str(self.about.get("state", ""))

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def progress(self) -> Any:
        """What the job's service told of its progress, as of now; None if it tells nothing."""
        return self.refresh().about.get("progress")

    def refresh(self) -> "Job[Returned]":
        """Look at the job again."""
        self.about = self._jobs.look(self.id)
        return self

    def wait(self, timeout: float | None = None) -> "Job[Returned]":
        """Wait until the job is finished, however it ends. Raise Timeout after *timeout* seconds; the job goes on."""
        self._jobs.wait(self, timeout)
        return self

    def result(self, timeout: float | None = None) -> Returned:
        """Return what the direct call returns, or raise what it raises; wait for it as `wait` does."""
        return self._read(self._jobs.result(self.wait(timeout).id))

    def cancel(self) -> "Job[Returned]":
        """Cancel the job unless it is finished; the answer of a running one is dropped."""
        self.about = self._jobs.cancel(self.id)
        return self

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.state}>"


class Jobs:
    """``client.jobs``: jobs that are known by their ids, and one's own."""

    def __init__(
        self,
        send: Send,
        answers: Answers,
        address: str,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._send, self._answers, self._address = send, answers, address
        self._clock, self._sleep = clock, sleep

    def check(self, path: str) -> str:
        """Return the service that *path* is for, if it may be that of a job; raise InvalidRequest if not."""
        answer = self._answers.check(self._send("POST", "/jobs/check", path.encode(errors="replace"), "text/plain"))
        return str(self._object(answer, "service")["service"])

    def get(self, id: str) -> Job[bytes]:
        """Return the job with this *id*; its result is the bytes that the service gave."""
        return self.of(self.look(id), _body)

    def list(
        self, *, state: str | None = None, service: str | None = None, after: str | None = None
    ) -> list[Job[bytes]]:
        """Return a page of one's own jobs, newest first; *after* is the id of the last job of the page before."""
        given = {"state": state, "service": service, "after": after}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        answer = self._answers.check(self._send("GET", f"/jobs?{query}" if query else "/jobs"))
        if not all(isinstance(about.get("id"), str) for about in self._answers.list(answer, "jobs")):
            raise self._answers.invalid(answer, "jobs without ids")
        return [self.of(about, _body) for about in self._answers.list(answer, "jobs")]

    def replay(self, id: str) -> Job[bytes]:
        """Make a new job of the same request."""
        answer = self._send("POST", f"/jobs/{_word(id)}/replay", b"", JSON, {"Idempotency-Key": new_key()})
        return self.of(self._object(self._answers.check(answer, 202), "id"), _body)

    def of(self, about: Mapping[str, Any], read: Callable[[Answer], Returned]) -> Job[Returned]:
        """Return the job that *about* describes, whose result is read by *read*."""
        return Job(self, about, read)

    def look(self, id: str) -> dict[str, Any]:
        """Return what the server says of a job."""
        return self._object(self._answers.check(self._send("GET", f"/jobs/{_word(id)}")), "id")

    def wait(self, job: Job[Any], timeout: float | None) -> None:
        """Look at *job* until it is finished, ever less often."""
        deadline = None if timeout is None else Deadline(timeout, self._clock)
        pause = FIRST_PAUSE
        while not job.is_finished and not job.refresh().is_finished:
            if deadline and deadline.remaining() <= pause:
                raise Timeout(f"{self._address}: job {job.id} is {job.state}, and the time to wait is over")
            self._sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def result(self, id: str) -> Answer:
        """Return the answer of a finished job, or raise what the direct call raises."""
        return self._answers.check(self._send("GET", f"/jobs/{_word(id)}/result"))

    def cancel(self, id: str) -> dict[str, Any]:
        """Cancel a job; return what the server says of it then."""
        return self._object(self._answers.check(self._send("DELETE", f"/jobs/{_word(id)}")), "id")

    def _object(self, answer: Answer, name: str) -> dict[str, Any]:
        found = json_object(answer.body)
        if not isinstance(found.get(name), str):
            raise self._answers.invalid(answer, f"no JSON with {name}")
        return found


class Later:
    """``client.later``: the calls of the client, each of which returns a `Job` and runs later.

    Called, it returns the same with other terms: ``client.later(at=…, attempts=…, callback=…).highlight(…)``.
    """

    def __init__(
        self, send: Send, jobs: Jobs, calls: Calls, answers: Answers, terms: Mapping[str, str] | None = None
    ) -> None:
        self._send, self._jobs, self._calls, self._answers = send, jobs, calls, answers
        self._terms = dict(terms or {})

    def __call__(
        self,
        *,
        at: datetime | str | None = None,
        deadline: float | None = None,
        attempts: int | None = None,
        callback: str | None = None,
    ) -> "Later":
        """*at*: not before this time (RFC 3339). *deadline*: seconds an attempt. *attempts*: how often it is tried.

        *callback*: the URL that is told when the job ends, where the server allows it.
        """
        when = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else at
        given = {"At": when, "Deadline": deadline, "Attempts": attempts, "Callback": callback}
        terms = {f"Mergepoint-{name}": str(value) for name, value in given.items() if value is not None}
        return Later(self._send, self._jobs, self._calls, self._answers, terms)

    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Job[Result]:
        return self._make(self._calls.highlight(code, language, options))

    def guess(self, code: str | bytes, **options: Any) -> Job[list[dict[str, Any]]]:
        return self._make(self._calls.guess(code, options))

    def batch(self, snippets: Iterable[Mapping[str, Any]]) -> Job[list[Result | ApiError]]:
        return self._make(self._calls.batch(snippets))

    def htmldiff(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Job[Diff]:
        return self._make(self._calls.htmldiff(old, new, options))

    def apply(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Job[str]:
        return self._make(self._calls.apply(old, new, options))

    def annotate(self, versions: Iterable[Mapping[str, Any]], **options: Any) -> Job[Annotated]:
        return self._make(self._calls.annotate(versions, options))

    def thumbnail(
        self, image: Image, width: int | None = None, height: int | None = None, **options: Any
    ) -> Job[Picture]:
        return self._make(self._calls.thumbnail(image, width, height, options))

    def info(self, image: Image) -> Job[dict[str, Any]]:
        return self._make(self._calls.info(image))

    def thumbnail_set(self, image: Image, widths: Iterable[int], **options: Any) -> Job[Thumbnails]:
        return self._make(self._calls.thumbnail_set(image, widths, options))

    def languages(self) -> Job[list[dict[str, Any]]]:
        return self._make(self._calls.listing("languages"))

    def formats(self) -> Job[list[dict[str, Any]]]:
        return self._make(self._calls.listing("formats"))

    def styles(self) -> Job[list[dict[str, Any]]]:
        return self._make(self._calls.listing("styles"))

    def stylesheet(self, name: str, dark: str | None = None, **options: Any) -> Job[str]:
        return self._make(self._calls.stylesheet(name, dark, options))

    def _make(self, call: Call[Returned]) -> Job[Returned]:
        """Ask for *call* to be made later. A key of its own makes one job of all tries."""
        headers = {"Prefer": "respond-async", "Idempotency-Key": new_key(), **self._terms}
        try:
            answer = self._send(call.method, call.path, call.body, call.type, headers)
        finally:
            call.close()
        if answer.status == 200:
            raise self._answers.invalid(answer, "the result itself: jobs does not run there")
        about = json_object(self._answers.check(answer, 202).body)
        if not isinstance(about.get("id"), str):
            raise self._answers.invalid(answer, "no job")
        return self._jobs.of(about, call.read)


def new_key() -> str:
    """Return a key for one call and all its tries: 128 random bits in 22 characters."""
    return secrets.token_urlsafe(16)


def _body(answer: Answer) -> bytes:
    return answer.body


def _word(id: str) -> str:
    """Return *id* if it can be a job's: nothing else may change the path."""
    if not id.replace("-", "").replace("_", "").isalnum() or not id.isascii():
        raise ValueError("the id of a job has letters, digits, - and _ only")
    return id

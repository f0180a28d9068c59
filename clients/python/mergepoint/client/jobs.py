"""Jobs: calls of the pure services that run later, and jobs that are known by their ids."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from .calls import Call, Calls
from .connections import Deadline
from .errors import Timeout
from .job_calls import About, JobCalls, pauses, terms_of
from .methods import Make, made, returning
from .server import Answer

Returned = TypeVar("Returned", covariant=True)
Given = ParamSpec("Given")
Result = TypeVar("Result")

UNFINISHED = ("queued", "running")


class KnownJob:
    """What is known of a job, without asking."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.id: str = str(about["id"])
        self.about = dict(about)
        """What the server said last: state, attempts, times, progress, code and detail (why)."""

    @property
    def state(self) -> str:
        """``queued``, ``running``, ``done``, ``failed`` or ``cancelled``, when it was last looked at."""
        return str(self.about.get("state", ""))

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    def waited_too_long(self, address: str) -> Timeout:
        """Return the error for a wait that has ended before the job."""
        return Timeout(f"{address}: job {self.id} is {self.state}, and the time to wait is over")

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.state}>"


class Job(KnownJob, Generic[Returned]):
    """A call that runs later. *id* finds it again: ``client.jobs.get(id)``."""

    def __init__(self, jobs: "Jobs", about: Mapping[str, Any], read: Callable[[Answer], Returned]) -> None:
        super().__init__(about)
        self._jobs, self._read = jobs, read

    @property
    def progress(self) -> Any:
        """How far the job is, as of now, as its worker tells it; None if that tells nothing."""
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


class Jobs:
    """``client.jobs``: jobs that are known by their ids, and one's own."""

    def __init__(
        self,
        make: Make,
        calls: JobCalls,
        address: str,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._make, self._calls, self._address = make, calls, address
        self._clock, self._sleep = clock, sleep

    check = made(JobCalls.check)

    def get(self, id: str) -> Job[bytes]:
        """Return the job with this *id*; its result is the bytes that the service gave."""
        return self.of(self.look(id), body_of)

    def list(
        self, *, state: str | None = None, service: str | None = None, after: str | None = None
    ) -> list[Job[bytes]]:
        """Return a page of one's own jobs, newest first; *after* is the id of the last job of the page before."""
        found: list[About] = self._make(self._calls.of_owner(state, service, after))
        return [self.of(about, body_of) for about in found]

    def replay(self, id: str) -> Job[bytes]:
        """Make a new job of the same request."""
        return self.of(self._make(self._calls.replay(id)), body_of)

    def later(self, call: Call[Result], terms: Mapping[str, str]) -> Job[Result]:
        """Make a job of *call*."""
        return self.of(self._make(self._calls.later(call, terms)), call.read)

    def of(self, about: Mapping[str, Any], read: Callable[[Answer], Result]) -> Job[Result]:
        """Return the job that *about* describes, whose result is read by *read*."""
        return Job(self, about, read)

    def look(self, id: str) -> About:
        """Return what the server says of a job."""
        about: About = self._make(self._calls.look(id))
        return about

    def wait(self, job: Job[Any], timeout: float | None) -> None:
        """Look at *job* until it is finished, ever less often."""
        deadline = None if timeout is None else Deadline(timeout, self._clock)
        pause = pauses()
        while not job.is_finished and not job.refresh().is_finished:
            seconds = next(pause)
            if deadline and deadline.remaining() <= seconds:
                raise job.waited_too_long(self._address)
            self._sleep(seconds)

    def result(self, id: str) -> Answer:
        """Return the answer of a finished job, or raise what the direct call raises."""
        answer: Answer = self._make(self._calls.result(id))
        return answer

    def cancel(self, id: str) -> About:
        """Cancel a job; return what the server says of it then."""
        about: About = self._make(self._calls.cancel(id))
        return about


def as_job(call: Callable[Concatenate[Calls, Given], Call[Result]]) -> Callable[Concatenate[Any, Given], Job[Result]]:
    """Return a method of `Later` that makes a job of *call*."""

    @wraps(call)
    def method(self: "Later", /, *values: Given.args, **named: Given.kwargs) -> Job[Result]:
        return self._make(call(self._calls, *values, **named))

    return returning(method, call, Job)


class Later:
    """``client.later``: the calls of the client, each of which returns a `Job` and runs later.

    Called, it returns the same with other terms: ``client.later(at=…, attempts=…, callback=…).highlight(…)``.
    """

    def __init__(self, jobs: Jobs, calls: Calls, terms: Mapping[str, str] | None = None) -> None:
        self._jobs, self._calls, self._terms = jobs, calls, dict(terms or {})

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
        return Later(self._jobs, self._calls, terms_of(at, deadline, attempts, callback))

    highlight = as_job(Calls.highlight)
    guess = as_job(Calls.guess)
    batch = as_job(Calls.batch)
    languages = as_job(Calls.languages)
    formats = as_job(Calls.formats)
    styles = as_job(Calls.styles)
    stylesheet = as_job(Calls.stylesheet)
    htmldiff = as_job(Calls.htmldiff)
    apply = as_job(Calls.apply)
    annotate = as_job(Calls.annotate)
    thumbnail = as_job(Calls.thumbnail)
    info = as_job(Calls.info)
    thumbnail_set = as_job(Calls.thumbnail_set)

    def _make(self, call: Call[Result]) -> Job[Result]:
        try:
            return self._jobs.later(call, self._terms)
        finally:
            call.close()


def body_of(answer: Answer) -> bytes:
    """Return the bytes of a result whose call is not known."""
    return answer.body

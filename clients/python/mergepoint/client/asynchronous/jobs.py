"""Jobs and accounts, asked for with asyncio: as in ../jobs.py and ../auth.py, each call awaited."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from ..auth import AuthCalls
from ..calls import Call, Calls
from ..connections import Deadline
from ..job_calls import About, JobCalls, pauses, terms_of
from ..jobs import KnownJob, body_of
from ..methods import returning
from ..server import Answer

Of = TypeVar("Of")
Given = ParamSpec("Given")
Result = TypeVar("Result")
Returned = TypeVar("Returned", covariant=True)
Make = Callable[[Call[Any]], Awaitable[Any]]


def awaited(
    call: Callable[Concatenate[Of, Given], Call[Result]],
) -> Callable[Concatenate[Any, Given], Coroutine[Any, Any, Result]]:
    """Return a method that makes *call* with its object's ``_make``; *call* is a method of the object's ``_calls``."""

    @wraps(call)
    async def method(self: Any, /, *values: Given.args, **named: Given.kwargs) -> Result:
        result: Result = await self._make(call(self._calls, *values, **named))
        return result

    return returning(method, call)


class AsyncAuth:
    """``client.auth``: the calls of `Auth`."""

    def __init__(self, make: Make, calls: AuthCalls) -> None:
        self._make, self._calls = make, calls

    me = awaited(AuthCalls.me)
    check = awaited(AuthCalls.check)
    login = awaited(AuthCalls.login)
    second_factor = awaited(AuthCalls.second_factor)
    logout = awaited(AuthCalls.logout)
    sessions = awaited(AuthCalls.sessions)
    end_session = awaited(AuthCalls.end_session)
    end_sessions = awaited(AuthCalls.end_sessions)
    keys = awaited(AuthCalls.keys)
    create_key = awaited(AuthCalls.create_key)
    rotate_key = awaited(AuthCalls.rotate_key)
    revoke_key = awaited(AuthCalls.revoke_key)
    handover = awaited(AuthCalls.handover)
    redeem = awaited(AuthCalls.redeem)


class AsyncJob(KnownJob, Generic[Returned]):
    """A call that runs later. *id* finds it again: ``await client.jobs.get(id)``."""

    def __init__(self, jobs: "AsyncJobs", about: Mapping[str, Any], read: Callable[[Answer], Returned]) -> None:
        super().__init__(about)
        self._jobs, self._read = jobs, read

    @property
    def progress(self) -> Any:
        """How far the job was when it was last looked at (`refresh`, `wait`); None if its worker tells nothing."""
        return self.about.get("progress")

    async def refresh(self) -> "AsyncJob[Returned]":
        """Look at the job again."""
        self.about = await self._jobs.look(self.id)
        return self

    async def wait(self, timeout: float | None = None) -> "AsyncJob[Returned]":
        """Wait until the job is finished, however it ends. Raise Timeout after *timeout* seconds; the job goes on, as
        it does if this is cancelled.
        """
        await self._jobs.wait(self, timeout)
        return self

    async def result(self, timeout: float | None = None) -> Returned:
        """Return what the direct call returns, or raise what it raises; wait for it as `wait` does."""
        await self.wait(timeout)
        return self._read(await self._jobs.result(self.id))

    async def cancel(self) -> "AsyncJob[Returned]":
        """Cancel the job unless it is finished; the answer of a running one is dropped."""
        self.about = await self._jobs.cancel(self.id)
        return self


class AsyncJobs:
    """``client.jobs``: jobs that are known by their ids, and one's own."""

    def __init__(self, make: Make, calls: JobCalls, address: str, *, clock: Callable[[], float]) -> None:
        self._make, self._calls, self._address, self._clock = make, calls, address, clock

    check = awaited(JobCalls.check)
    look = awaited(JobCalls.look)
    result = awaited(JobCalls.result)
    cancel = awaited(JobCalls.cancel)

    async def get(self, id: str) -> AsyncJob[bytes]:
        """Return the job with this *id*; its result is the bytes that the service gave."""
        return self.of(await self.look(id), body_of)

    async def list(
        self, *, state: str | None = None, service: str | None = None, after: str | None = None
    ) -> list[AsyncJob[bytes]]:
        """Return a page of one's own jobs, newest first; *after* is the id of the last job of the page before."""
        found: list[About] = await self._make(self._calls.of_owner(state, service, after))
        return [self.of(about, body_of) for about in found]

    async def replay(self, id: str) -> AsyncJob[bytes]:
        """Make a new job of the same request."""
        return self.of(await self._make(self._calls.replay(id)), body_of)

    async def later(self, call: Call[Result], terms: Mapping[str, str]) -> AsyncJob[Result]:
        """Make a job of *call*."""
        return self.of(await self._make(self._calls.later(call, terms)), call.read)

    def of(self, about: Mapping[str, Any], read: Callable[[Answer], Result]) -> AsyncJob[Result]:
        """Return the job that *about* describes, whose result is read by *read*."""
        return AsyncJob(self, about, read)

    async def wait(self, job: AsyncJob[Any], timeout: float | None) -> None:
        """Look at *job* until it is finished, ever less often."""
        deadline = None if timeout is None else Deadline(timeout, self._clock)
        pause = pauses()
        while not job.is_finished and not (await job.refresh()).is_finished:
            seconds = next(pause)
            if deadline and deadline.remaining() <= seconds:
                raise job.waited_too_long(self._address)
            await asyncio.sleep(seconds)


def as_job(
    call: Callable[Concatenate[Calls, Given], Call[Result]],
) -> Callable[Concatenate[Any, Given], Coroutine[Any, Any, AsyncJob[Result]]]:
    """Return a method of `AsyncLater` that makes a job of *call*."""

    @wraps(call)
    async def method(self: "AsyncLater", /, *values: Given.args, **named: Given.kwargs) -> AsyncJob[Result]:
        return await self._make(call(self._calls, *values, **named))

    return returning(method, call, AsyncJob)


class AsyncLater:
    """``client.later``: ``job = await client.later.highlight(…)``, and ``await job.result()``.

    Called, it returns the same with other terms: ``client.later(at=…, deadline=…, attempts=…).highlight(…)``.
    """

    def __init__(self, jobs: AsyncJobs, calls: Calls, terms: Mapping[str, str] | None = None) -> None:
        self._jobs, self._calls, self._terms = jobs, calls, dict(terms or {})

    def __call__(
        self,
        *,
        at: datetime | str | None = None,
        deadline: float | None = None,
        attempts: int | None = None,
        callback: str | None = None,
    ) -> "AsyncLater":
        """*at*: not before this time (RFC 3339). *deadline*: seconds an attempt. *attempts*: how often it is tried."""
        return AsyncLater(self._jobs, self._calls, terms_of(at, deadline, attempts, callback))

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

    async def _make(self, call: Call[Result]) -> AsyncJob[Result]:
        try:
            return await self._jobs.later(call, self._terms)
        finally:
            call.close()

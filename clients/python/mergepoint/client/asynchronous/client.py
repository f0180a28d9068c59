"""The asynchronous client: the calls of `Client`, to be awaited."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Literal, TypeVar, overload

from ..base import BaseClient
from ..calls import Call, Calls, Result
from ..client import Client
from ..connections import Deadline
from ..errors import ConnectionFailed
from ..results import Highlighted, HighlightedImage
from ..retries import Retries, unless_failed
from ..server import Answer
from .jobs import AsyncAuth, AsyncJobs, AsyncLater, awaited
from .server import AsyncServer

Returned = TypeVar("Returned")
AT_ONCE = 8  # nginx lets one address have so many requests in flight (MERGEPOINT_IN_FLIGHT)


class AsyncClient(BaseClient):
    """Calls to the Mergepoint server at *base_url*, in one event loop at a time; any number at once.

    *timeout* is for a whole call, with its retries, once it is under way; *max_connections* are. Times are in seconds.
    A call that is cancelled leaves nothing behind. *url_key* and *url_salt*, in hexadecimal, sign the URLs of
    `thumbnail_url`.
    """

    def __init__(
        self,
        base_url: str = "http://localhost:8080",
        api_key: str | None = None,
        *,
        url_key: str | None = None,
        url_salt: str = "",
        connect_timeout: float = 2,
        timeout: float = 10,
        retries: int = 3,
        max_response_bytes: int = 32 * 1024 * 1024,
        max_connections: int = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(base_url, api_key, url_key, url_salt, now)
        if max_connections < 1:
            raise ValueError("max_connections must be at least 1")
        self._server = AsyncServer(
            self._address,
            self._bearer,
            connect_timeout=connect_timeout,
            max_bytes=max_response_bytes,
            at_once=max_connections,
        )
        self._retries = Retries(retries, random, now)
        self._timeout, self._clock, self._sleep = timeout, clock, sleep

    @overload
    async def highlight(
        self, code: str | bytes, language: str | None = None, *, format: Literal["png"], **options: Any
    ) -> HighlightedImage: ...

    @overload
    async def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Highlighted: ...

    async def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Result:
        return await self._make(self._calls.highlight(code, language, **options))

    guess = awaited(Calls.guess)
    batch = awaited(Calls.batch)
    languages = awaited(Calls.languages)
    formats = awaited(Calls.formats)
    styles = awaited(Calls.styles)
    stylesheet = awaited(Calls.stylesheet)
    htmldiff = awaited(Calls.htmldiff)
    apply = awaited(Calls.apply)
    annotate = awaited(Calls.annotate)
    thumbnail = awaited(Calls.thumbnail)
    info = awaited(Calls.info)
    thumbnail_set = awaited(Calls.thumbnail_set)

    @property
    def auth(self) -> AsyncAuth:
        """The calls of the auth service."""
        return AsyncAuth(self._make, self._auth_calls)

    @property
    def jobs(self) -> AsyncJobs:
        """Jobs that are known by their ids, and one's own."""
        return AsyncJobs(self._make, self._job_calls, self._address, clock=self._clock)

    @property
    def later(self) -> AsyncLater:
        """The same calls as jobs: each returns an `AsyncJob`, whose ``result()`` is what the direct call returns."""
        return AsyncLater(self.jobs, self._calls)

    async def close(self) -> None:
        """Close the idle connections. A later call opens a new one."""
        await self._server.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _make(self, call: Call[Returned]) -> Returned:
        try:
            async with self._server.turn():
                answer = await self._send(call)
        finally:
            call.close()
        return call.read(self._answers.check(answer, *call.statuses))

    async def _send(self, call: Call[Any]) -> Answer:
        """Return the answer, of whatever status."""
        deadline = Deadline(self._timeout, self._clock)
        start = 0 if call.body is None or isinstance(call.body, bytes) else call.body.tell()
        if call.once:
            return await self._server.send_once(call, start, deadline)
        for tried in count():
            result: Answer | ConnectionFailed
            try:
                result = await self._server.send(call, start, deadline)
            except ConnectionFailed as error:
                result = error
            if (pause := self._retries.pause(tried, result, deadline.remaining())) is None:
                break
            await self._sleep(pause)
        return unless_failed(result)


for _name in vars(Calls):  # documented once, where they are not awaited
    if not _name.startswith("_"):
        getattr(AsyncClient, _name).__doc__ = getattr(Client, _name).__doc__

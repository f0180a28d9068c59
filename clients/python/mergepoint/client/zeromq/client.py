"""The client over ZeroMQ: the calls of `mergepoint.client.Client`, with the same results and errors."""

import random
import secrets
import time
from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

from ..answers import Answers
from ..auth import Auth, AuthCalls
from ..calls import Call, Calls, Result
from ..client import Client as HttpClient
from ..connections import Deadline
from ..job_calls import JobCalls
from ..jobs import Jobs
from ..methods import made
from ..results import Highlighted, HighlightedImage
from ..retries import Retries, persist
from .server import KEY, Keys, Server
from .translation import message

Returned = TypeVar("Returned")


class Client:
    """Calls to the server, or broker, at *address*: ``ipc:///path`` or ``tcp://host:port``.

    One client serves all threads, and survives a fork. *timeout* is for a whole call, with its retries;
    *connect_timeout* for each attempt to find a server. Times are in seconds. Beyond this machine *secret_key*, one's
    own, and *server_key*, the server's public one, are needed; both are text in Z85, as the program's `keys` makes it.
    """

    def __init__(
        self,
        address: str,
        *,
        secret_key: str | None = None,
        server_key: str | None = None,
        connect_timeout: float = 2,
        timeout: float = 10,
        retries: int = 3,
        max_response_bytes: int = 32 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._server = Server(
            address, _keys(secret_key, server_key), connect_timeout=connect_timeout, max_bytes=max_response_bytes
        )
        answers = self._answers = Answers(address, now)
        self._calls, self._auth_calls, self._job_calls = Calls(address, answers), AuthCalls(answers), JobCalls(answers)
        self._retries = Retries(retries, random, now)
        self._timeout, self._clock, self._sleep = timeout, clock, sleep

    @overload
    def highlight(
        self, code: str | bytes, language: str | None = None, *, format: Literal["png"], **options: Any
    ) -> HighlightedImage: ...

    @overload
    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Highlighted: ...

    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Result:
        return self._make(self._calls.highlight(code, language, **options))

    guess = made(Calls.guess)
    batch = made(Calls.batch)
    languages = made(Calls.languages)
    formats = made(Calls.formats)
    styles = made(Calls.styles)
    stylesheet = made(Calls.stylesheet)
    htmldiff = made(Calls.htmldiff)
    apply = made(Calls.apply)
    annotate = made(Calls.annotate)
    thumbnail = made(Calls.thumbnail)
    info = made(Calls.info)
    thumbnail_set = made(Calls.thumbnail_set)

    @property
    def auth(self) -> Auth:
        """The calls of the auth service: `check`; the others need HTTP."""
        return Auth(self._make, self._auth_calls)

    @property
    def jobs(self) -> Jobs:
        """The calls of the jobs service: `check`; the others need HTTP."""
        return Jobs(self._make, self._job_calls, self._server.address, clock=self._clock, sleep=self._sleep)

    def close(self) -> None:
        """Close the idle sockets. A later call opens a new one."""
        self._server.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._server.address!r})"

    def _make(self, call: Call[Returned]) -> Returned:
        try:
            asked = message(call, self._server.address)
        finally:
            call.close()
        deadline, request_id = Deadline(self._timeout, self._clock), secrets.token_hex(16)
        answer = persist(
            lambda: self._server.send(asked, deadline, request_id), deadline, self._retries, sleep=self._sleep
        )
        return call.read(self._answers.check(answer, *call.statuses))


def _keys(secret: str | None, server: str | None) -> Keys | None:
    """Return both keys, or None; raise ValueError, which does not quote them."""
    if secret is None and server is None:
        return None
    if not all(key and KEY.fullmatch(key) for key in (secret, server)):
        raise ValueError("secret_key and server_key belong together, and have 40 characters each")
    assert secret
    assert server
    return Keys(secret.encode(), server.encode())


for _name in vars(Calls):  # documented once, as over HTTP
    if not _name.startswith("_"):
        getattr(Client, _name).__doc__ = getattr(HttpClient, _name).__doc__

"""The client: one method for each call of the services."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar, overload

from .auth import Auth
from .base import BaseClient
from .calls import Call, Result
from .connections import Deadline
from .errors import ApiError
from .jobs import Jobs, Later
from .pictures import Image, Picture, Thumbnails
from .results import Annotated, Diff, Highlighted, HighlightedImage
from .retries import Retries, persist
from .server import Answer, Server

Returned = TypeVar("Returned")


class Client(BaseClient):
    """Calls to the Mergepoint server at *base_url*. One client serves all threads, and survives a fork.

    *timeout* is for a whole call, with its retries. Times are in seconds. *url_key* and *url_salt*, in hexadecimal,
    sign the URLs of `thumbnail_url`.
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
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(base_url, api_key, url_key, url_salt, now)
        self._server = Server(
            self._address, self._bearer, connect_timeout=connect_timeout, max_bytes=max_response_bytes
        )
        self._retries = Retries(retries, random, now)
        self._timeout, self._clock, self._sleep = timeout, clock, sleep

    @overload
    def highlight(
        self, code: str | bytes, language: str | None = None, *, format: Literal["png"], **options: Any
    ) -> HighlightedImage: ...

    @overload
    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Highlighted: ...

    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Result:
        """Return *code* highlighted: a string, or bytes for ``format="png"``."""
        return self._make(self._calls.highlight(code, language, **options))

    def guess(self, code: str | bytes, **options: Any) -> list[dict[str, Any]]:
        """Return the languages that *code* may be in, the likeliest first: language, name, score."""
        return self._make(self._calls.guess(code, **options))

    def batch(self, snippets: Iterable[Mapping[str, Any]]) -> list[Result | ApiError]:
        """Return each of *snippets*, a ``code`` with options, highlighted, or its error (not raised)."""
        return self._make(self._calls.batch(snippets))

    def languages(self) -> list[dict[str, Any]]:
        """Return all languages: name, aliases, filenames and mimetypes of each."""
        return self._make(self._calls.languages())

    def formats(self) -> list[dict[str, Any]]:
        """Return all formats: name, type and extension of each."""
        return self._make(self._calls.formats())

    def styles(self) -> list[dict[str, Any]]:
        """Return all styles: name, background, and whether it is dark, of each."""
        return self._make(self._calls.styles())

    def stylesheet(self, name: str, dark: str | None = None, **options: Any) -> str:
        """Return the style sheet of a style; with *dark*, it follows the reader's preference."""
        return self._make(self._calls.stylesheet(name, dark, **options))

    def htmldiff(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Diff:
        """Return what changed from the HTML *old* (or at ``old_url``) to *new*, as HTML with its ``changes``."""
        return self._make(self._calls.htmldiff(old, new, **options))

    def apply(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> str:
        """Return *old* with just the changes that ``accept`` names, or with all but those that ``reject`` names."""
        return self._make(self._calls.apply(old, new, **options))

    def annotate(self, versions: Iterable[Mapping[str, Any]], **options: Any) -> Annotated:
        """Return the last of *versions*, each a ``label`` and ``html``, as HTML with its ``parts``."""
        return self._make(self._calls.annotate(versions, **options))

    def thumbnail(self, image: Image, width: int | None = None, height: int | None = None, **options: Any) -> Picture:
        """Return *image*, its bytes, path or file, made small: bytes with their ``width`` and ``type``."""
        return self._make(self._calls.thumbnail(image, width, height, **options))

    def info(self, image: Image) -> dict[str, Any]:
        """Return a description of *image*: type, size, frames, colours, and placeholders for the time it loads."""
        return self._make(self._calls.info(image))

    def thumbnail_set(self, image: Image, widths: Iterable[int], **options: Any) -> Thumbnails:
        """Return *image* in several *widths* and ``formats``: a dictionary with its ``srcset``."""
        return self._make(self._calls.thumbnail_set(image, widths, **options))

    @property
    def auth(self) -> Auth:
        """The calls of the auth service."""
        return Auth(self._make, self._auth_calls)

    @property
    def jobs(self) -> Jobs:
        """Jobs that are known by their ids, and one's own."""
        return Jobs(self._make, self._job_calls, self._address, clock=self._clock, sleep=self._sleep)

    @property
    def later(self) -> Later:
        """The same calls as jobs: each returns a `Job`, whose ``result()`` is what the direct call returns."""
        return Later(self.jobs, self._calls)

    def close(self) -> None:
        """Close the idle connections. A later call opens a new one."""
        self._server.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _make(self, call: Call[Returned]) -> Returned:
        try:
            answer = self._send(call)
        finally:
            call.close()
        return call.read(self._answers.check(answer, *call.statuses))

    def _send(self, call: Call[Any]) -> Answer:
        """Return the answer, of whatever status."""
        deadline = Deadline(self._timeout, self._clock)
        request = self._server.request(call.method, call.path, call.body, call.type, call.headers)
        if call.once:
            return self._server.send_once(request, deadline)
        return persist(lambda: self._server.send(request, deadline), deadline, self._retries, sleep=self._sleep)

"""The client: one method for each call of the services."""

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar, overload

from .address import Bearer, check_url
from .answers import Answers
from .auth import Auth
from .calls import JSON, TEXT, Call, Calls, Result
from .connections import Deadline
from .errors import ApiError
from .jobs import Jobs, Later
from .links import LinkSigner, link
from .pictures import Image, Picture, Thumbnails
from .results import Annotated, Diff, Highlighted, HighlightedImage
from .retries import persist
from .server import Answer, Body, Server

Returned = TypeVar("Returned")


class Client:
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
        self._address = check_url(base_url)
        bearer = None if api_key is None else Bearer(api_key)
        self._server = Server(self._address, bearer, connect_timeout=connect_timeout, max_bytes=max_response_bytes)
        self._persist = partial(persist, retries=retries, sleep=sleep, random=random, now=now)
        self._signer = None if url_key is None else LinkSigner(url_key, url_salt)
        self._timeout, self._clock, self._sleep = timeout, clock, sleep
        self._answers = Answers(self._address, now)
        self._calls = Calls(self._address, self._answers)

    @overload
    def highlight(
        self, code: str | bytes, language: str | None = None, *, format: Literal["png"], **options: Any
    ) -> HighlightedImage: ...

    @overload
    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Highlighted: ...

    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Result:
        """Return *code* highlighted: a string, or bytes for ``format="png"``."""
        return self._make(self._calls.highlight(code, language, options))

    def guess(self, code: str | bytes, **options: Any) -> list[dict[str, Any]]:
        """Return the languages that *code* may be in, the likeliest first: language, name, score."""
        return self._make(self._calls.guess(code, options))

    def batch(self, snippets: Iterable[Mapping[str, Any]]) -> list[Result | ApiError]:
        """Return each of *snippets*, a ``code`` with options, highlighted, or its error (not raised)."""
        return self._make(self._calls.batch(snippets))

    def languages(self) -> list[dict[str, Any]]:
        """Return all languages: name, aliases, filenames and mimetypes of each."""
        return self._make(self._calls.listing("languages"))

    def formats(self) -> list[dict[str, Any]]:
        """Return all formats: name, type and extension of each."""
        return self._make(self._calls.listing("formats"))

    def styles(self) -> list[dict[str, Any]]:
        """Return all styles: name, background, and whether it is dark, of each."""
        return self._make(self._calls.listing("styles"))

    def stylesheet(self, name: str, dark: str | None = None, **options: Any) -> str:
        """Return the style sheet of a style; with *dark*, it follows the reader's preference."""
        return self._make(self._calls.stylesheet(name, dark, options))

    def htmldiff(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Diff:
        """Return what changed from the HTML *old* (or at ``old_url``) to *new*, as HTML with its ``changes``."""
        return self._make(self._calls.htmldiff(old, new, options))

    def apply(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> str:
        """Return *old* with just the changes that ``accept`` names, or with all but those that ``reject`` names."""
        return self._make(self._calls.apply(old, new, options))

    def annotate(self, versions: Iterable[Mapping[str, Any]], **options: Any) -> Annotated:
        """Return the last of *versions*, each a ``label`` and ``html``, as HTML with its ``parts``."""
        return self._make(self._calls.annotate(versions, options))

    def thumbnail(self, image: Image, width: int | None = None, height: int | None = None, **options: Any) -> Picture:
        """Return *image*, its bytes, path or file, made small: bytes with their ``width`` and ``type``."""
        return self._make(self._calls.thumbnail(image, width, height, options))

    def info(self, image: Image) -> dict[str, Any]:
        """Return a description of *image*: type, size, frames, colours, and placeholders for the time it loads."""
        return self._make(self._calls.info(image))

    def thumbnail_set(self, image: Image, widths: Iterable[int], **options: Any) -> Thumbnails:
        """Return *image* in several *widths* and ``formats``: a dictionary with its ``srcset``."""
        return self._make(self._calls.thumbnail_set(image, widths, options))

    def thumbnail_url(self, source: str, width: int | None = None, height: int | None = None, **options: Any) -> str:
        """Return the URL of *source*, a picture elsewhere, made small. It is signed here; the server is not asked.

        The options are those of `thumbnail`, and imgproxy's by their long names.
        """
        given = {"width": width, "height": height, **options}
        return self._address + link(source, given, self._signer)

    @property
    def auth(self) -> Auth:
        """The calls of the auth service."""
        return Auth(self._once, self._answers.invalid)

    @property
    def jobs(self) -> Jobs:
        """Jobs that are known by their ids, and one's own."""
        return Jobs(self._send, self._answers, self._address, clock=self._clock, sleep=self._sleep)

    @property
    def later(self) -> Later:
        """The same calls as jobs: each returns a `Job`, whose ``result()`` is what the direct call returns."""
        return Later(self._send, self.jobs, self._calls, self._answers)

    def close(self) -> None:
        """Close the idle connections. A later call opens a new one."""
        self._server.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._address!r})"

    def _make(self, call: Call[Returned]) -> Returned:
        try:
            answer = self._send(call.method, call.path, call.body, call.type)
        finally:
            call.close()
        return call.read(self._answers.check(answer))

    def _once(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Answer:
        """Send *values* as JSON. Only GET, which changes nothing, is tried again."""
        if method == "GET":
            return self._answers.check(self._send(method, path))
        body = None if values is None else json.dumps(values).encode()
        deadline = Deadline(self._timeout, self._clock)
        return self._answers.check(self._server.send_once(self._server.request(method, path, body, JSON), deadline))

    def _send(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        type: str = TEXT,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer, of whatever status. What is sent so may be sent again."""
        deadline = Deadline(self._timeout, self._clock)
        request = self._server.request(method, path, body, type, headers or {})
        return self._persist(lambda: self._server.send(request, deadline), deadline)

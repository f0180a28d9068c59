"""The client: one method for each call of the service, and what its answers turn into."""

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar, overload
from urllib.parse import quote

from .address import Bearer, checked_url
from .auth import Auth
from .connections import Deadline
from .encode import fields, json_body, query, utf8
from .errors import ApiError, InvalidResponse, api_error
from .links import LinkSigner, link
from .pictures import Image, Picture, Thumbnails, described, opened, picture, unpacked
from .results import (
    Annotated,
    Diff,
    Highlighted,
    HighlightedImage,
    annotated,
    batched,
    compared,
    highlighted,
    json_object,
)
from .retries import persist, seconds_asked
from .wire import Answer, Body, Wire

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
Result = Highlighted | HighlightedImage
Understood = TypeVar("Understood")


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
        self._server = checked_url(base_url)
        bearer = None if api_key is None else Bearer(api_key)
        self._wire = Wire(self._server, bearer, connect_timeout=connect_timeout, max_bytes=max_response_bytes)
        self._persist = partial(persist, retries=retries, sleep=sleep, random=random, now=now)
        self._signer = None if url_key is None else LinkSigner(url_key, url_salt)
        self._timeout, self._clock, self._now = timeout, clock, now

    @overload
    def highlight(
        self, code: str | bytes, language: str | None = None, *, format: Literal["png"], **options: Any
    ) -> HighlightedImage: ...

    @overload
    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Highlighted: ...

    def highlight(self, code: str | bytes, language: str | None = None, **options: Any) -> Result:
        """Return *code* highlighted: a string, or bytes for ``format="png"``."""
        answer = self._post("/highlight", code, {"language": language, **options})
        try:
            return highlighted(answer)
        except ValueError as error:
            raise self._invalid(answer, "text that is not UTF-8") from error

    def guess(self, code: str | bytes, **options: Any) -> list[dict[str, Any]]:
        """Return the languages that *code* may be in, the likeliest first: language, name, score."""
        return self._list(self._post("/highlight/guess", code, options), "candidates")

    def batch(self, snippets: Iterable[Mapping[str, Any]]) -> list[Result | ApiError]:
        """Return each of *snippets*, a ``code`` with options, highlighted, or its error (not raised)."""
        sent = self._numbered("snippets", snippets)
        answer = self._call("POST", "/highlight/batch", json_body({"snippets": sent}), JSON)
        results = self._list(answer, "results")
        if len(results) != len(sent):
            raise self._invalid(answer, f"{len(results)} results for {len(sent)} snippets")
        return [self._batched(item, answer) for item in results]

    def languages(self) -> list[dict[str, Any]]:
        """Return all languages: name, aliases, filenames and mimetypes of each."""
        return self._list(self._call("GET", "/highlight/languages"), "languages")

    def formats(self) -> list[dict[str, Any]]:
        """Return all formats: name, type and extension of each."""
        return self._list(self._call("GET", "/highlight/formats"), "formats")

    def styles(self) -> list[dict[str, Any]]:
        """Return all styles: name, background, and whether it is dark, of each."""
        return self._list(self._call("GET", "/highlight/styles"), "styles")

    def stylesheet(self, name: str, dark: str | None = None, **options: Any) -> str:
        """Return the style sheet of a style; with *dark*, it follows the reader's preference."""
        path = f"/highlight/styles/{quote(utf8(name, 'name', self._server), safe='')}.css"
        return self._text(self._call("GET", path + query({"dark": dark, **options}, self._server)))

    def htmldiff(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Diff:
        """Return what changed from the HTML *old* (or at ``old_url``) to *new*, as HTML that knows its ``changes``."""
        given = fields({"old": old, "new": new, **options, "format": "json"}, self._server)
        return self._understood(compared, self._call("POST", "/htmldiff", json_body(given), JSON))

    def apply(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> str:
        """Return *old* with just the changes that ``accept`` names, or with all but those that ``reject`` names."""
        given = fields({"old": old, "new": new, **options}, self._server)
        return self._text(self._call("POST", "/htmldiff/apply", json_body(given), JSON))

    def annotate(self, versions: Iterable[Mapping[str, Any]], **options: Any) -> Annotated:
        """Return the last of *versions*, each a ``label`` and ``html``, as HTML that also knows its ``parts``."""
        sent = {"versions": self._numbered("versions", versions), **fields(options, self._server), "format": "json"}
        return self._understood(annotated, self._call("POST", "/htmldiff/annotate", json_body(sent), JSON))

    def thumbnail(self, image: Image, width: int | None = None, height: int | None = None, **options: Any) -> Picture:
        """Return *image*, its bytes, path or file, made small: bytes that also know their ``width`` and ``type``."""
        given = {"width": width, "height": height, **options}
        return self._understood(picture, self._send(f"/thumbnail{query(given, self._server)}", image))

    def info(self, image: Image) -> dict[str, Any]:
        """Return what *image* is: type, size, frames, colours, and what may stand for it while it loads."""
        return self._understood(described, self._send("/thumbnail/info", image))

    def thumbnail_set(self, image: Image, widths: Iterable[int], **options: Any) -> Thumbnails:
        """Return *image* in several *widths* and ``formats``: a dictionary that also knows its ``srcset``."""
        given = {"widths": list(widths), **options, "archive": "zip"}
        return self._understood(unpacked, self._send(f"/thumbnail/set{query(given, self._server)}", image))

    def thumbnail_url(self, source: str, width: int | None = None, height: int | None = None, **options: Any) -> str:
        """Return the URL of *source*, a picture elsewhere, made small. It is signed here; the server is not asked.

        The options are those of `thumbnail`, and imgproxy's by their long names.
        """
        given = {"width": width, "height": height, **options}
        return self._server + link(source, given, self._signer)

    @property
    def auth(self) -> Auth:
        """The calls of the auth service."""
        return Auth(self._once, self._invalid)

    def close(self) -> None:
        """Close the idle connections. A later call opens a new one."""
        self._wire.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._server!r})"

    def _post(self, path: str, code: str | bytes, options: Mapping[str, Any]) -> Answer:
        return self._call("POST", path + query(options, self._server), utf8(code, "code", self._server), TEXT)

    def _send(self, path: str, image: Image) -> Answer:
        file = opened(image)
        try:
            return self._call("POST", path, file, "application/octet-stream")
        finally:
            if file is not image:
                file.close()

    def _once(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Answer:
        """Send *values* as JSON. Only what changes nothing is tried again."""
        body = None if values is None else json.dumps(values).encode()
        if method == "GET":
            return self._call(method, path)
        deadline = Deadline(self._timeout, self._clock)
        return self._result(self._wire.send_once(self._wire.request(method, path, body, JSON), deadline))

    def _call(self, method: str, path: str, body: Body | None = None, type: str = TEXT) -> Answer:
        deadline = Deadline(self._timeout, self._clock)
        request = self._wire.request(method, path, body, type)
        return self._result(self._persist(lambda: self._wire.send(request, deadline), deadline))

    def _result(self, answer: Answer) -> Answer:
        if answer.status == 200:
            return answer
        if answer.status < 400:
            raise self._invalid(answer, "no answer; redirects are not followed")
        raise self._refusal(json_object(answer.body), answer.status, answer)

    def _numbered(self, name: str, items: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
        return [fields(values, self._server, f"{name}.{index}.") for index, values in enumerate(items)]

    def _text(self, answer: Answer) -> str:
        try:
            return answer.body.decode()
        except UnicodeDecodeError as error:
            raise self._invalid(answer, "text that is not UTF-8") from error

    def _understood(self, read: Callable[[Answer], Understood], answer: Answer) -> Understood:
        try:
            return read(answer)
        except (LookupError, TypeError, ValueError) as error:
            raise self._invalid(answer, "something else than what was asked for") from error

    def _list(self, answer: Answer, name: str) -> list[dict[str, Any]]:
        items = json_object(answer.body).get(name)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._invalid(answer, f"no JSON with a list of {name}")
        return items

    def _batched(self, item: dict[str, Any], answer: Answer) -> Result | ApiError:
        try:
            if item["status"] == 200:
                return batched(item, answer)
            return self._refusal(item["problem"], int(item["status"]), answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._invalid(answer, "a result that is none") from error

    def _refusal(self, problem: Mapping[str, Any], status: int, answer: Answer) -> ApiError:
        after = seconds_asked(answer.headers.get("Retry-After"), self._now())
        about = {"request_id": answer.request_id, "retry_after": after}
        return api_error(problem, server=self._server, status=status, **about)

    def _invalid(self, answer: Answer, what: str) -> InvalidResponse:
        message = f"{self._server}: answered {answer.status} with {what}"
        return InvalidResponse(message, status=answer.status, request_id=answer.request_id)

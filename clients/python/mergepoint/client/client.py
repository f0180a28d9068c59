"""The client: one method for each call of the services."""

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar, overload
from urllib.parse import quote

from .address import Bearer, check_url
from .auth import Auth
from .connections import Deadline
from .encode import fields, json_body, query, utf8
from .errors import ApiError, InvalidResponse, api_error
from .links import LinkSigner, link
from .pictures import Image, Picture, Thumbnails, open_image, read_info, read_picture, read_set
from .results import (
    Annotated,
    Diff,
    Highlighted,
    HighlightedImage,
    json_object,
    read_annotated,
    read_batch_item,
    read_diff,
    read_highlighted,
)
from .retries import persist, seconds_asked
from .server import Answer, Body, Server

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
Result = Highlighted | HighlightedImage
Parsed = TypeVar("Parsed")


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
            return read_highlighted(answer)
        except ValueError as error:
            raise self._invalid(answer, "text that is not UTF-8") from error

    def guess(self, code: str | bytes, **options: Any) -> list[dict[str, Any]]:
        """Return the languages that *code* may be in, the likeliest first: language, name, score."""
        return self._list(self._post("/highlight/guess", code, options), "candidates")

    def batch(self, snippets: Iterable[Mapping[str, Any]]) -> list[Result | ApiError]:
        """Return each of *snippets*, a ``code`` with options, highlighted, or its error (not raised)."""
        sent = self._fields_of_each("snippets", snippets)
        answer = self._call("POST", "/highlight/batch", json_body({"snippets": sent}), JSON)
        results = self._list(answer, "results")
        if len(results) != len(sent):
            raise self._invalid(answer, f"{len(results)} results for {len(sent)} snippets")
        return [self._read_batch_item(item, answer) for item in results]

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
        path = f"/highlight/styles/{quote(utf8(name, 'name', self._address), safe='')}.css"
        return self._text(self._call("GET", path + query({"dark": dark, **options}, self._address)))

    def htmldiff(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Diff:
        """Return what changed from the HTML *old* (or at ``old_url``) to *new*, as HTML with its ``changes``."""
        given = fields({"old": old, "new": new, **options, "format": "json"}, self._address)
        return self._parse(read_diff, self._call("POST", "/htmldiff", json_body(given), JSON))

    def apply(self, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> str:
        """Return *old* with just the changes that ``accept`` names, or with all but those that ``reject`` names."""
        given = fields({"old": old, "new": new, **options}, self._address)
        return self._text(self._call("POST", "/htmldiff/apply", json_body(given), JSON))

    def annotate(self, versions: Iterable[Mapping[str, Any]], **options: Any) -> Annotated:
        """Return the last of *versions*, each a ``label`` and ``html``, as HTML with its ``parts``."""
        sent = {
            "versions": self._fields_of_each("versions", versions),
            **fields(options, self._address),
            "format": "json",
        }
        return self._parse(read_annotated, self._call("POST", "/htmldiff/annotate", json_body(sent), JSON))

    def thumbnail(self, image: Image, width: int | None = None, height: int | None = None, **options: Any) -> Picture:
        """Return *image*, its bytes, path or file, made small: bytes with their ``width`` and ``type``."""
        given = {"width": width, "height": height, **options}
        return self._parse(read_picture, self._send(f"/thumbnail{query(given, self._address)}", image))

    def info(self, image: Image) -> dict[str, Any]:
        """Return a description of *image*: type, size, frames, colours, and placeholders for the time it loads."""
        return self._parse(read_info, self._send("/thumbnail/info", image))

    def thumbnail_set(self, image: Image, widths: Iterable[int], **options: Any) -> Thumbnails:
        """Return *image* in several *widths* and ``formats``: a dictionary with its ``srcset``."""
        given = {"widths": list(widths), **options, "archive": "zip"}
        return self._parse(read_set, self._send(f"/thumbnail/set{query(given, self._address)}", image))

    def thumbnail_url(self, source: str, width: int | None = None, height: int | None = None, **options: Any) -> str:
        """Return the URL of *source*, a picture elsewhere, made small. It is signed here; the server is not asked.

        The options are those of `thumbnail`, and imgproxy's by their long names.
        """
        given = {"width": width, "height": height, **options}
        return self._address + link(source, given, self._signer)

    @property
    def auth(self) -> Auth:
        """The calls of the auth service."""
        return Auth(self._once, self._invalid)

    def close(self) -> None:
        """Close the idle connections. A later call opens a new one."""
        self._server.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._address!r})"

    def _post(self, path: str, code: str | bytes, options: Mapping[str, Any]) -> Answer:
        return self._call("POST", path + query(options, self._address), utf8(code, "code", self._address), TEXT)

    def _send(self, path: str, image: Image) -> Answer:
        file = open_image(image)
        try:
            return self._call("POST", path, file, "application/octet-stream")
        finally:
            if file is not image:
                file.close()

    def _once(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Answer:
        """Send *values* as JSON. Only GET, which changes nothing, is tried again."""
        body = None if values is None else json.dumps(values).encode()
        if method == "GET":
            return self._call(method, path)
        deadline = Deadline(self._timeout, self._clock)
        return self._result(self._server.send_once(self._server.request(method, path, body, JSON), deadline))

    def _call(self, method: str, path: str, body: Body | None = None, type: str = TEXT) -> Answer:
        deadline = Deadline(self._timeout, self._clock)
        request = self._server.request(method, path, body, type)
        return self._result(self._persist(lambda: self._server.send(request, deadline), deadline))

    def _result(self, answer: Answer) -> Answer:
        if answer.status == 200:
            return answer
        if answer.status < 400:
            raise self._invalid(answer, "no answer; redirects are not followed")
        raise self._refusal(json_object(answer.body), answer.status, answer)

    def _fields_of_each(self, name: str, items: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
        return [fields(values, self._address, f"{name}.{index}.") for index, values in enumerate(items)]

    def _text(self, answer: Answer) -> str:
        try:
            return answer.body.decode()
        except UnicodeDecodeError as error:
            raise self._invalid(answer, "text that is not UTF-8") from error

    def _parse(self, read: Callable[[Answer], Parsed], answer: Answer) -> Parsed:
        try:
            return read(answer)
        except (LookupError, TypeError, ValueError) as error:
            raise self._invalid(answer, "something else than what was asked for") from error

    def _list(self, answer: Answer, name: str) -> list[dict[str, Any]]:
        items = json_object(answer.body).get(name)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._invalid(answer, f"no JSON with a list of {name}")
        return items

    def _read_batch_item(self, item: dict[str, Any], answer: Answer) -> Result | ApiError:
        try:
            if item["status"] == 200:
                return read_batch_item(item, answer)
            return self._refusal(item["problem"], int(item["status"]), answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._invalid(answer, "a result that is none") from error

    def _refusal(self, problem: Mapping[str, Any], status: int, answer: Answer) -> ApiError:
        after = seconds_asked(answer.headers.get("Retry-After"), self._now())
        about = {"request_id": answer.request_id, "retry_after": after}
        return api_error(problem, server=self._address, status=status, **about)

    def _invalid(self, answer: Answer, what: str) -> InvalidResponse:
        message = f"{self._address}: answered {answer.status} with {what}"
        return InvalidResponse(message, status=answer.status, request_id=answer.request_id)

"""A WSGI server without sockets, stricter than ``wsgiref.validate``, and a layer that is as strict between two others.

The validator does not notice a body after HEAD, hop-by-hop headers, a wrong length, or close() that is missed or comes
twice. Here they are errors.
"""

import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import is_hop_by_hop
from wsgiref.validate import validator

from werkzeug.test import EnvironBuilder

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What the server sent."""

    status: str
    headers: Headers
    body: bytes
    pieces: list[bytes]

    def all(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found.lower() == name.lower()]

    def one(self, name: str) -> str:
        [value] = self.all(name)
        return value


def ask(app: WSGIApplication, path: str = "/", *, most: int | None = None, **how: Any) -> Answer:
    """Call *app* as a server does, and check all that the validator does not. It reads at most *most* pieces."""
    builder = EnvironBuilder(path, **how)
    try:
        environ = builder.get_environ()
    finally:
        builder.close()
    environ["wsgi.errors"] = io.StringIO()
    return serve(validator(app), environ, most=most)


def serve(app: WSGIApplication, environ: WSGIEnvironment, *, most: int | None = None) -> Answer:
    """Answer one request, whose *environ* is there."""
    heads: list[tuple[str, Headers]] = []
    pieces: list[bytes] = []
    sent = False

    def write(data: bytes) -> None:
        nonlocal sent
        assert heads, "write before start_response"
        sent = sent or bool(data)
        pieces.append(data)

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> Any:
        try:
            if exc_info:
                if sent:
                    raise exc_info[1].with_traceback(exc_info[2])
                heads.clear()
            assert not heads, "start_response was called twice"
        finally:
            exc_info = None
        heads.append((status, headers))
        return write

    body = app(environ, start_response)
    try:
        for piece in body:
            write(piece)
            if len(pieces) == most:
                break
    finally:
        if hasattr(body, "close"):
            body.close()
    [(status, headers)] = heads
    answer = Answer(status, headers, b"".join(pieces), pieces)
    check(environ["REQUEST_METHOD"], answer, whole=most is None)
    return answer


def check(method: str, answer: Answer, *, whole: bool = True) -> None:
    """Raise AssertionError for what HTTP forbids (RFC 9110)."""
    hops = [name for name, _ in answer.headers if is_hop_by_hop(name)]
    assert not hops, f"hop-by-hop headers: {hops}"
    for name in ("content-length", "content-type", "etag", "location", "x-request-id"):
        assert len(answer.all(name)) <= 1, f"{name} more than once"
    bodiless = method == "HEAD" or answer.status[:3] in ("204", "304")
    if bodiless:
        assert answer.body == b"", f"a body after {method} {answer.status}"
    elif whole and (length := answer.all("content-length")):
        assert int(length[0]) == len(answer.body), f"a length of {length}, and {len(answer.body)} bytes"


class Counted:
    """A layer around an application that counts how often its bodies are made and closed."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.made = self.closed = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = self._app(environ, start_response)
        self.made += 1
        return _Closing(self, body)


class _Closing:
    def __init__(self, counted: Counted, body: Iterable[bytes]) -> None:
        self._counted, self._body = counted, body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        self._counted.closed += 1
        if hasattr(self._body, "close"):
            self._body.close()


def exc_info() -> Any:
    """Return what ``sys.exc_info`` does, of an error that was raised."""
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        return sys.exc_info()

"""Answers that this package makes itself, as WSGI has them: problems (RFC 9457), and bodies that are left out.

It knows no framework and no service.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # as kit.web and nginx have it


def request_id(environ: WSGIEnvironment) -> str:
    """Return the id that the client gave its request, or a new one if it gave none that is well formed."""
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def problem(
    environ: WSGIEnvironment, status: str, code: str, detail: str, headers: Iterable[tuple[str, str]] = ()
) -> tuple[Headers, bytes]:
    """Return headers and body of a problem with the *status*, such as ``404 Not Found``."""
    number, _, title = status.partition(" ")
    own_id = request_id(environ)
    fields = {"type": "about:blank", "title": title, "status": int(number), "code": code, "detail": detail}
    body = json.dumps(fields | {"request_id": own_id}, separators=(",", ":")).encode()  # nginx's bytes
    return [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Request-Id", own_id),
        *headers,
    ], body


def answer(
    environ: WSGIEnvironment, start_response: StartResponse, status: str, headers: Headers, body: bytes
) -> list[bytes]:
    """Give a whole answer; to HEAD its head alone."""
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def refuse(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    status: str,
    code: str,
    detail: str,
    headers: Iterable[tuple[str, str]] = (),
) -> list[bytes]:
    """Answer with a problem."""
    return answer(environ, start_response, status, *problem(environ, status, code, detail, headers))


def has_no_body(method: str, status: str) -> bool:
    """Whether an answer ends with its head (RFC 9110, 6.4.1)."""
    return method == "HEAD" or status[:3] in ("204", "304") or status[:1] == "1"


def close(body: object) -> None:
    """Close the body of an answer, if it can be closed."""
    closing: Callable[[], object] | None = getattr(body, "close", None)
    if closing:
        closing()


def head_of(app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer HEAD by *app*, without the body that many frameworks give it all the same.

    The body is closed here: what is around us may not look at a body that it will not send (Werkzeug does not).
    """
    started: list[str] = []

    def start(status: str, headers: Headers, *exc_info: Any) -> Callable[[bytes], object]:
        started.append(status)
        start_response(status, headers, *exc_info)
        return _discard

    body = app(environ, start)
    try:
        pieces = iter(body)
        while not started:  # an application may start its answer as late as with the first piece
            next(pieces)
    except StopIteration:
        pass
    finally:
        close(body)
    return []


def _discard(_data: bytes) -> None:
    """Take what an application writes after a head, and drop it."""


def with_defaults(headers: Sequence[tuple[str, str]], defaults: Sequence[tuple[str, str]]) -> Headers:
    """Return *headers*, and those of *defaults* whose names are not among them."""
    names = {name.lower() for name, _ in headers}
    return [*headers, *((name, value) for name, value in defaults if name.lower() not in names)]

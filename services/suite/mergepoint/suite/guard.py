"""Keeps what a WSGI application does wrong to its own request: an error becomes a problem, or the connection is cut."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from mergepoint.kit.problems import INTERNAL_ERROR

from .answers import Headers, close, has_no_body, problem

STATUS = "500 Internal Server Error"
# What an application raises is its own affair, a sys.exit() too; Ctrl-C is not.
ERRORS = (Exception, SystemExit)

log = structlog.get_logger()


def guard(app: WSGIApplication) -> WSGIApplication:
    """Return *app* such that its errors are logged and answered with a problem, as long as nothing has been sent.

    After that the exception goes on to the server, which cuts the connection. What may have no body has none.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = _Answer(environ, start_response)
        try:
            body = app(environ, answer.start)
        except ERRORS:
            return [answer.fail()]
        return _Body(body, answer)

    return application


class _Answer:
    """The answer of one request: how far it is."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._environ, self._start_response = environ, start_response
        self.begun = self.sent = self.has_no_body = False

    def start(self, status: str, headers: Headers, *exc_info: Any) -> Callable[[bytes], object]:
        """The ``start_response`` of the application."""
        write = self._start_response(status, headers, *exc_info)
        self.begun, self.has_no_body = True, has_no_body(self._environ["REQUEST_METHOD"], status)

        def write_on(data: bytes) -> None:
            if not self.has_no_body:
                self.sent = self.sent or bool(data)
                write(data)

        return write_on

    def fail(self) -> bytes:
        """Answer the exception that is being handled with a problem; raise it again if the head was sent."""
        error = sys.exc_info()
        log.error("unexpected", exc_info=error)
        if self.sent:
            raise  # noqa: PLE0704  # the caller is in its except clause
        headers, body = problem(self._environ, STATUS, "internal_error", INTERNAL_ERROR)
        if self.begun:
            self._start_response(STATUS, headers, error)  # type: ignore[arg-type]
        else:
            self._start_response(STATUS, headers)
        self.begun = self.sent = True
        return b"" if self._environ["REQUEST_METHOD"] == "HEAD" else body


class _Body:
    """The body of an application's answer, with a problem in its place if it fails at once."""

    def __init__(self, body: Iterable[bytes], answer: _Answer) -> None:
        self._body, self._answer = body, answer
        self._pieces: Iterator[bytes] | None = None
        self._over = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._over:
            raise StopIteration
        try:
            piece = self._next()
        except StopIteration:
            raise
        except ERRORS:
            self._over = True
            return self._answer.fail()
        self._answer.sent = self._answer.sent or bool(piece)
        return piece

    def close(self) -> None:
        """Close the application's body, once."""
        body, self._body = self._body, ()
        close(body)

    def _next(self) -> bytes:
        if self._answer.begun and self._answer.has_no_body:
            raise StopIteration
        if self._pieces is None:
            self._pieces = iter(self._body)
        try:
            piece = next(self._pieces)
        except StopIteration:
            if not self._answer.begun:
                raise AssertionError("the application did not call start_response") from None
            raise
        if not self._answer.begun:
            raise AssertionError("the application gave a piece of its answer before start_response")
        if type(piece) is not bytes:
            raise TypeError(f"the application gave a piece of its answer that is {type(piece).__name__}, not bytes")
        return b"" if self._answer.has_no_body else piece

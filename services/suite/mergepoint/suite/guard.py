"""Keeps what a WSGI application does wrong to its own request: an error becomes a problem, or the connection is cut."""

import sys
from collections.abc import Callable, Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from mergepoint.kit.problems import INTERNAL_ERROR

from .answers import ExcInfo, Headers, close, has_no_body, problem

STATUS = "500 Internal Server Error"
# What an application raises is its own affair, a sys.exit() too; Ctrl-C is not.
ERRORS = (Exception, SystemExit)

log = structlog.get_logger()


def guard(app: WSGIApplication) -> WSGIApplication:
    """Return *app* such that its errors are logged and answered with a problem, as long as nothing has been sent.

    After that the exception goes on to the server, which cuts the connection. What may have no body has none. The head
    is passed on when the body is read, as middleware may (PEP 3333), and never without it.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = _Answer(environ, start_response)
        try:
            body = app(environ, answer.start)
        except ERRORS:
            return [answer.fail()]
        guarded = _Body(body, answer)
        if environ["REQUEST_METHOD"] == "HEAD":
            next(guarded, None)  # for servers that do not look at a body which they will not send
        return guarded

    return application


class _Answer:
    """The answer of one request. Its head is kept until a piece follows it: so long an error can replace it.

    (The server could do that too, as PEP 3333 asks it to; gunicorn adds the new headers to the old.)
    """

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._environ, self._start_response = environ, start_response
        self._head: tuple[str, Headers] | None = None
        self._write: Callable[[bytes], object] | None = None  # the server's, when it has the head

    @property
    def begun(self) -> bool:
        """Whether the application has called start_response."""
        return self._head is not None

    @property
    def has_no_body(self) -> bool:
        """Whether the answer ends with its head."""
        return self._head is not None and has_no_body(self._environ["REQUEST_METHOD"], self._head[0])

    def start(self, status: str, headers: Headers, exc_info: ExcInfo | None = None) -> Callable[[bytes], object]:
        """The ``start_response`` of the application."""
        if exc_info:
            try:
                if self._write and exc_info[1]:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # a circle of references otherwise (PEP 3333)
        elif self._head:
            raise AssertionError("start_response was called a second time, without exc_info")
        self._head = status, list(headers)
        return self._write_now

    def send_head(self) -> Callable[[bytes], object]:
        """Pass the head on to the server, once; return the server's ``write``."""
        if self._write is None:
            assert self._head is not None
            self._write = self._start_response(*self._head)
        return self._write

    def fail(self) -> bytes:
        """Make a problem of the exception that is being handled; raise that again if the head was sent."""
        error = sys.exc_info()
        log.error("unexpected", exc_info=error)
        if self._write:
            raise  # the caller is in its except clause
        headers, body = problem(self._environ, STATUS, "internal_error", INTERNAL_ERROR)
        self._head = STATUS, headers
        self.send_head()
        return b"" if self.has_no_body else body

    def _write_now(self, data: bytes) -> None:
        write = self.send_head()
        if not self.has_no_body:
            write(data)


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
            self._over = True
            self._answer.send_head()
            raise
        except ERRORS:
            self._over = True
            return self._answer.fail()
        self._answer.send_head()
        return piece

    def close(self) -> None:
        """Close the application's body, once."""
        body, self._body = self._body, ()
        close(body)

    def _next(self) -> bytes:
        if self._pieces is None:
            self._pieces = iter(self._body)
        if self._answer.has_no_body:
            raise StopIteration
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

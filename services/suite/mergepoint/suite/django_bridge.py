"""Bridges between Django and WSGI: an application's answer as a Django response, and the other way round.

Django is imported only when a request of Django's is handed in. It knows no service.
"""

import inspect
import io
from collections.abc import Callable, Iterable, Iterator
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .answers import ExcInfo, Headers, close, has_no_body

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

BODY_IS_GONE = (
    "Django has read the body of this request already, as a form or as a stream, so the application would get nothing; "
    "read request.body before that, or have the view csrf_exempt (the CSRF check reads the form)"
)


def to_django(request: "HttpRequest", app: WSGIApplication) -> "HttpResponseBase":
    """Return the answer of *app* to *request* as a Django response. It streams, if *app* does.

    The application sees the path as Django does: SCRIPT_NAME is the prefix of the whole Django project. Of headers
    that are repeated, cookies stay apart as they are, others are joined with a comma (RFC 9110, 5.3), since Django has
    one value for a name. Raise ValueError if Django has parsed the body already, TypeError for a request of ASGI.
    """
    environ = _environ_of(request)
    call = _Call()
    try:
        body = call.begin(app, environ)
        return _response(call, has_no_body(environ["REQUEST_METHOD"], call.status), type(body) in (list, tuple))
    except BaseException:
        call.close()
        raise


def from_django(response: "HttpResponseBase") -> WSGIApplication:
    """Return a WSGI application that gives *response*, once; a Flask view can return it as its own response.

    Raise TypeError for what an asynchronous view returns: WSGI has no loop to wait for it.
    """
    if inspect.isawaitable(response):
        name = getattr(response, "__qualname__", "the view")
        if inspect.iscoroutine(response):
            response.close()  # or Python would warn that nobody waited for it
        raise TypeError(f"{name} is an asynchronous view: from_django takes the response of a synchronous one")
    if not hasattr(response, "status_code") or not hasattr(response, "cookies"):
        raise TypeError(f"a Django response is expected, not {type(response).__name__}")
    if getattr(response, "is_async", False):
        raise TypeError("this response streams from an asynchronous iterator; give it a synchronous one")

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given: Any = response
        try:
            if not getattr(given, "is_rendered", True):
                given = given.render()
            status = f"{given.status_code} {given.reason_phrase}"
            cookies = (cookie.OutputString() for cookie in given.cookies.values())
            start_response(status, [*given.items(), *(("Set-Cookie", cookie) for cookie in cookies)])
            if has_no_body(environ["REQUEST_METHOD"], status):
                given.close()  # here, since a framework in between may not look at a body that it will not send
                return []
        except BaseException:
            given.close()
            raise
        return _DjangoBody(given)

    return application


def _response(call: "_Call", is_bodiless: bool, is_whole: bool) -> "HttpResponseBase":
    """Return the answer of *call* as a response; *is_whole* if all pieces are there already."""
    from django.http import HttpResponse, StreamingHttpResponse

    number, _, phrase = call.status.partition(" ")
    head: dict[str, Any] = {"status": int(number), "reason": phrase, "headers": _joined(call.headers)}
    response: HttpResponseBase
    if is_bodiless:
        call.close()
        # Django would count the length of another response; this one may name that of the answer to GET.
        response = StreamingHttpResponse([], **head)
    else:
        response = HttpResponse(b"".join(call), **head) if is_whole else StreamingHttpResponse(call, **head)
    for name, value in call.headers:
        if name.lower() == "set-cookie":
            _add_cookie(response.cookies, value)
    if not any(name.lower() == "content-type" for name, _ in call.headers):
        del response.headers["Content-Type"]  # Django's default
    return response


class _DjangoBody:
    """The body of a Django response, which it closes once: closing twice would be two ends of one request to Django."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        """Close the response, once."""
        response, self._response = self._response, None
        close(response)


def _environ_of(request: "HttpRequest") -> WSGIEnvironment:
    """Return the environ of *request* as a server made it: Django changes its own copy."""
    own = getattr(request, "environ", None)
    if own is None:
        raise TypeError("this request came by ASGI; to_django needs the environ of one that came by WSGI")
    # Middleware keeps flags among the variables (CSRF_COOKIE_NEEDS_UPDATE); those of WSGI are strings, and exactly so.
    environ = {
        name: value if "." in name or type(value) is str else str.__str__(value)
        for name, value in own.items()
        if "." in name or isinstance(value, str)
    }
    for name in ("PATH_INFO", "SCRIPT_NAME"):  # which Django has decoded
        environ[name] = str(environ.get(name, "")).encode().decode("latin-1")
    _hand_over_body(request, environ)
    return environ


def _hand_over_body(request: "HttpRequest", environ: WSGIEnvironment) -> None:
    """Let the application read the body: from the server, or once more if Django keeps it."""
    if hasattr(request, "_body"):
        environ["wsgi.input"] = io.BytesIO(request.body)
        environ["CONTENT_LENGTH"] = str(len(request.body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    elif environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ:
        if getattr(request, "_read_started", False):
            raise ValueError(BODY_IS_GONE)
        request._read_started = True  # if Django read it later, it would wait for ever


class _Call:
    """One call of an application: what it starts its answer with, and the pieces, made as they are asked for."""

    status: str
    headers: Headers

    def __init__(self) -> None:
        self.status, self.headers = "", []
        self._sent = False  # a piece with something in it: the head of the answer stays as it is
        self._written: list[bytes] = []
        self._body: Iterable[bytes] | None = None
        self._pieces: Iterator[bytes] = iter(())

    def begin(self, app: WSGIApplication, environ: WSGIEnvironment) -> Iterable[bytes]:
        """Call *app* and go on to its first piece that has something in it, as a server does before it sends the head.

        Return the application's own body.
        """
        body = self._body = app(environ, self._start)
        self._pieces = iter(body)
        if self.status and has_no_body(environ["REQUEST_METHOD"], self.status):
            return body
        while not any(self._written):
            try:
                piece = next(self._pieces)
            except StopIteration:
                break
            if not self.status:
                raise AssertionError("the application gave a piece of its answer before start_response")
            self._written.append(piece)
        if not self.status:
            raise AssertionError("the application did not call start_response")
        self._sent = True
        return body

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._written:
            return self._written.pop(0)
        piece = next(self._pieces, None)
        if piece is not None:
            self._written.append(piece)  # after what was written while it was made
        if not self._written:
            raise StopIteration
        return self._written.pop(0)

    def close(self) -> None:
        """Close the application's body, once."""
        body, self._body = self._body, None
        close(body)

    def _start(self, status: str, headers: Headers, exc_info: ExcInfo | None = None) -> Callable[[bytes], object]:
        if exc_info:
            try:
                if self._sent and exc_info[1]:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # a circle of references otherwise (PEP 3333)
        elif self.status:
            raise AssertionError("start_response was called a second time, without exc_info")
        self.status, self.headers = status, list(headers)
        return self._write

    def _write(self, data: bytes) -> None:
        """Keep *data* until it is its turn. An application cannot know when, but that the head stays as it is."""
        self._written.append(data)
        self._sent = self._sent or bool(data)


class _Cookie(Morsel[str]):
    """A cookie as the application wrote it, until somebody changes it.

    Django would write it anew, without attributes that this Python does not know.
    """

    def __init__(self, line: str, parsed: Morsel[str] | None) -> None:
        super().__init__()
        if parsed is not None:
            self.set(parsed.key, parsed.value, parsed.coded_value)
            self.update(parsed)
        self._line, self._before = line, self._all()

    def OutputString(self, attrs: Any = None) -> str:  # noqa: N802
        """Return the value of a Set-Cookie header."""
        return self._line if self._all() == self._before else super().OutputString(attrs)

    def _all(self) -> tuple[object, ...]:
        return self.key, self.value, self.coded_value, dict(self)


def _joined(headers: Headers) -> dict[str, str]:
    """Return *headers* but for cookies, each name once."""
    names: dict[str, str] = {}
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key in names:
            joined[names[key]] += f", {value}"
        elif key != "set-cookie":
            names[key] = name
            joined[name] = value
    return joined


def _add_cookie(cookies: SimpleCookie, line: str) -> None:
    """Add the cookie of a Set-Cookie *line*. Cookies of one name, for several paths, stay apart."""
    parsed: SimpleCookie = SimpleCookie()
    try:
        parsed.load(line)
    except CookieError:
        parsed.clear()
    name = line.partition("=")[0].strip()
    cookie = _Cookie(line, parsed.get(name))
    key, number = name, 1
    while key in cookies:
        number += 1
        key = f"{name} {number}"
    dict.__setitem__(cookies, key, cookie)

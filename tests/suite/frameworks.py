"""One application of each framework, with the same paths, and one by hand that does all that PEP 3333 allows."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import bottle
import django
import flask
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path as django_path
from django.urls import reverse

COOKIES = [
    "a=1; Path=/; HttpOnly; SameSite=Lax",
    'b="x y"; Max-Age=60; Secure; Partitioned',
    "a=2; Path=/below; expires=Thu, 01 Jan 2099 00:00:00 GMT; Priority=High",
]
LINKS = ["</a>; rel=preload", "</b>; rel=next"]


class Handmade:
    """An application by hand. Paths are words: what it does by each is in its method of that name."""

    def __init__(self) -> None:
        self.closed = 0
        self.made: list[bytes] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        word = environ.get("PATH_INFO", "").rpartition("/")[2] or "home"
        found: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]] = getattr(self, word, self.missing)
        return found(environ, start_response)

    def missing(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("404 Nothing To See", [("Content-Type", "text/plain")])
        return [b"missing"]

    def home(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
        return (b"ho", b"me")

    def where(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ.get('SCRIPT_NAME')}|{environ.get('PATH_INFO')}".encode("latin-1")]

    def echo(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        data = environ["wsgi.input"].read(length)
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return [data]

    def moved(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("302 Found", [("Location", f"{environ['SCRIPT_NAME']}/home"), ("Content-Type", "text/plain")])
        return []

    def repeated(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        cookies, links = [("Set-Cookie", line) for line in COOKIES], [("Link", line) for line in LINKS]
        start_response("299 Several Of Them", [("Content-Type", "text/plain"), *cookies, *links])
        return [b"repeated"]

    def written(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"one,")
        write(b"two,")
        return [b"three"]

    def mixed(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"one,"
        write(b"two,")
        yield b"three,"
        write(b"four")

    def replaced(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-First", "1")])
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            start_response("503 Replaced", [("Content-Type", "text/html")], sys.exc_info())
        return [b"replaced"]

    def sent(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"sent"
        try:
            raise ZeroDivisionError("sent")
        except ZeroDivisionError:
            start_response("503 Too Late", [("Content-Type", "text/html")], sys.exc_info())
        yield b"never"

    def late(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b""
        yield b"late"

    def empty(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    def unchanged(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("304 Not Modified", [("ETag", '"x"')])
        return []

    def phrase(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("418 I'm a Teapot Indeed", [("Content-Type", "text/plain")])
        return [b""]

    def file(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        wrapper = environ.get("wsgi.file_wrapper")
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        stream = io.BytesIO(bytes(range(256)) * 50)
        return wrapper(stream, 1000) if wrapper else iter(lambda: stream.read(1000), b"")

    def stream(self, environ: WSGIEnvironment, start_response: StartResponse) -> "Stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Stream(self)


class Stream:
    """A body whose pieces are noted as they are made."""

    def __init__(self, owner: Handmade) -> None:
        self._owner = owner
        self._left = [b"1", b"2", b"3"]
        owner.made = []

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> bytes:
        if not self._left:
            raise StopIteration
        self._owner.made.append(self._left[0])
        return self._left.pop(0)

    def close(self) -> None:
        self._owner.closed += 1


def flask_app() -> Any:
    """Return an application of Flask."""
    app = flask.Flask("toy")

    @app.get("/home")
    def home() -> str:
        return "home"

    @app.get("/where")
    def where() -> str:
        return flask.url_for("home")

    @app.get("/moved")
    def moved() -> Any:
        return flask.redirect(flask.url_for("home"))

    @app.post("/echo")
    def echo() -> Any:
        return flask.request.get_data()

    @app.get("/stream")
    def stream() -> Any:
        return flask.Response(iter([b"1", b"2", b"3"]), content_type="text/plain")

    @app.get("/repeated")
    def repeated() -> Any:
        response = flask.Response("repeated", status="299 Several Of Them")
        for line in COOKIES:
            response.headers.add("Set-Cookie", line)
        for line in LINKS:
            response.headers.add("Link", line)
        return response

    return app


def bottle_app() -> Any:
    """Return an application of Bottle."""
    app = bottle.Bottle()

    @app.get("/home")
    def home() -> str:
        return "home"

    @app.get("/where")
    def where() -> str:
        return str(app.get_url("/home"))

    @app.get("/moved")
    def moved() -> None:
        bottle.redirect(app.get_url("/home"), 302)

    @app.post("/echo")
    def echo() -> Any:
        return bottle.request.body.read()

    @app.get("/stream")
    def stream() -> Iterator[bytes]:
        yield from (b"1", b"2", b"3")

    @app.get("/repeated")
    def repeated() -> Any:
        response = bottle.HTTPResponse("repeated", status="299 Several Of Them")
        for line in COOKIES:
            response.add_header("Set-Cookie", line)
        for line in LINKS:
            response.add_header("Link", line)
        return response

    return app


def _home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")


def _where(request: HttpRequest) -> HttpResponse:
    return HttpResponse(reverse("home"))


def _moved(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=302, headers={"Location": reverse("home")})


def _echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


def _stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"1", b"2", b"3"]))


def _repeated(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("repeated", status=299, reason="Several Of Them", headers={"Link": ", ".join(LINKS)})
    response.set_cookie("a", "1", httponly=True, samesite="Lax")
    response.set_cookie("b", "x y", max_age=60, secure=True)
    response.set_cookie("c", "2", path="/below")
    return response


views: dict[str, Any] = {
    "home": _home,
    "where": _where,
    "moved": _moved,
    "echo": _echo,
    "stream": _stream,
    "repeated": _repeated,
}
urlpatterns = [django_path(name, view, name=name) for name, view in views.items()]


def configure_django() -> None:
    """Set Django up, once in a process."""
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"], ROOT_URLCONF="tests.suite.frameworks", SECRET_KEY="for tests alone", USE_TZ=True,
            MIDDLEWARE=["django.middleware.common.CommonMiddleware"], DATABASES={},
        )  # fmt: skip
        django.setup()


def django_app() -> WSGIApplication:
    """Return an application of Django."""
    configure_django()
    return WSGIHandler()


APPS: dict[str, Callable[[], Any]] = {
    "flask": flask_app,
    "bottle": bottle_app,
    "django": django_app,
    "handmade": Handmade,
}

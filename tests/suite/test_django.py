"""The bridges between Django and WSGI lose nothing."""

import contextlib
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.validate import validator

import flask
import pytest
from django.core.signals import request_finished
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.request import RawPostDataException
from django.test import RequestFactory
from django.utils.safestring import mark_safe

from mergepoint.suite import dispatch, from_django, to_django
from tests.suite.frameworks import COOKIES, LINKS, Handmade, configure_django
from tests.suite.strict import Answer, Counted, ask

configure_django()
factory = RequestFactory()


def through_django(app: Any, path: str = "/", method: str = "GET", **how: Any) -> Any:
    return to_django(factory.generic(method, path, **how), validator(app))


def round_trip(app: Any) -> Any:
    """Return *app* as a WSGI application that goes by Django and back."""

    def there_and_back(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        from django.core.handlers.wsgi import WSGIRequest

        return from_django(to_django(WSGIRequest(dict(environ)), validator(app)))(environ, start_response)

    return there_and_back


def whole(response: Any) -> bytes:
    with contextlib.closing(response):
        return b"".join(response) if response.streaming else response.content


@pytest.mark.parametrize(
    ("word", "status", "body"),
    [
        ("home", "200 OK", b"home"), ("written", "200 OK", b"one,two,three"),
        ("mixed", "200 OK", b"one,two,three,four"),
        ("late", "200 OK", b"late"), ("stream", "200 OK", b"123"), ("empty", "204 No Content", b""),
        ("unchanged", "304 Not Modified", b""), ("phrase", "418 I'm a Teapot Indeed", b""),
        ("replaced", "503 Replaced", b"replaced"), ("nothing", "404 Nothing To See", b"missing"),
        ("file", "200 OK", bytes(range(256)) * 50), ("repeated", "299 Several Of Them", b"repeated"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_the_same_by_django_and_back(word: str, status: str, body: bytes, method: str) -> None:
    app = Counted(Handmade())
    answer = ask(round_trip(app), f"/{word}", method=method)
    assert answer.status == status
    assert answer.body == (b"" if method == "HEAD" else body)
    assert app.closed == app.made == 1
    straight = ask(Handmade(), f"/{word}")
    assert answer.all("Content-Type") == straight.all("Content-Type")
    assert answer.all("Set-Cookie") == straight.all("Set-Cookie")
    assert ", ".join(answer.all("Link")) == ", ".join(straight.all("Link"))
    if length := straight.all("Content-Length"):
        assert answer.all("Content-Length") == length


def test_repeated_headers_are_kept() -> None:
    response = through_django(Handmade(), "/repeated")
    assert response.headers["Link"] == ", ".join(LINKS)
    assert [cookie.OutputString() for cookie in response.cookies.values()] == COOKIES
    assert (response.status_code, response.reason_phrase) == (299, "Several Of Them")
    answer = ask(from_django(response))
    assert answer.all("Set-Cookie") == COOKIES
    assert response.cookies["a"].value == "1"
    assert response.cookies["a"]["samesite"] == "Lax"


def test_a_cookie_that_middleware_changes_is_changed() -> None:
    response = to_django(factory.get("/repeated"), Handmade())
    response.cookies["a"]["secure"] = True
    response.set_cookie("b", "other")
    lines = [cookie.OutputString() for cookie in response.cookies.values()]
    assert "Secure" in lines[0]
    assert lines[1].startswith("b=other")
    assert lines[2] == COOKIES[2]


@pytest.mark.parametrize(
    "line", ["a=1; Weird=yes; Path=/", "no-value", "=x", 'q="\\"x\\073"', "sp ace=1; Path=/", "a=b=c"]
)
def test_a_cookie_that_python_cannot_read_is_passed_on(line: str) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", line)])
        return []

    assert ask(round_trip(app)).all("Set-Cookie") == [line]


def test_a_piece_is_not_made_before_the_one_before_is_sent() -> None:
    app = Handmade()
    response = through_django(app, "/stream")
    assert app.made == [b"1"]
    pieces = iter(from_django(response)({"REQUEST_METHOD": "GET"}, lambda *head: lambda data: None))
    for count in (1, 2, 3):
        next(pieces)
        assert len(app.made) == count
    assert app.closed == 0
    response.close()
    response.close()
    assert app.closed == 1


def test_django_streams_piece_by_piece() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        for number in (b"1", b"2"):
            made.append(number)
            yield number

    body = iter(
        from_django(StreamingHttpResponse(pieces()))({"REQUEST_METHOD": "GET"}, lambda *head: lambda data: None)
    )
    assert made == []
    assert next(body) == b"1"
    assert made == [b"1"]


def test_exc_info_raises_when_headers_are_sent() -> None:
    app = Counted(Handmade())
    response = through_django(app, "/sent")
    pieces = iter(response)
    assert next(pieces) == b"sent"
    with pytest.raises(ZeroDivisionError, match="sent"):
        next(pieces)
    response.close()
    assert app.closed == 1


def test_exc_info_raises_after_something_was_written() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        import sys

        start_response("200 OK", [("Content-Type", "text/plain")])(b"x")
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            start_response("500 Late", [("Content-Type", "text/plain")], sys.exc_info())
        return []

    with pytest.raises(ZeroDivisionError):
        through_django(app)


@pytest.mark.parametrize("when", ["before", "twice", "never", "early"])
def test_an_application_that_fails_raises_in_the_view_and_is_closed(when: str) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if when == "before":
            raise ZeroDivisionError
        if when == "twice":
            start_response("200 OK", [])
            start_response("200 OK", [])
        if when == "early":
            yield b"x"

    counted = Counted(app)
    with pytest.raises((ZeroDivisionError, AssertionError)):
        to_django(factory.get("/"), counted)
    assert counted.closed == counted.made


@pytest.mark.parametrize("status", ["x OK", "999 Strange"])
def test_an_answer_that_django_cannot_have_is_an_error_and_closed(status: str) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/plain")])
        return [b"x"]

    counted = Counted(app)
    with pytest.raises(ValueError):
        to_django(factory.get("/"), counted)
    assert (counted.made, counted.closed) == (1, 1)


def test_a_django_response_is_closed_once() -> None:
    ends = []

    def finished(**_about: Any) -> None:
        ends.append(1)

    request_finished.connect(finished)
    try:
        for method in ("GET", "HEAD"):
            ends.clear()
            ask(from_django(HttpResponse("x", content_type="text/plain")), method=method)
            assert ends == [1], method
    finally:
        request_finished.disconnect(finished)


def test_the_body_that_django_has_not_read_is_the_servers() -> None:
    request = factory.post("/echo", b"\x00\xffbody", content_type="application/octet-stream")
    assert whole(to_django(request, validator(Handmade()))) == b"\x00\xffbody"
    with pytest.raises(RawPostDataException):  # and not a wait for bytes that do not come
        request.body  # noqa: B018


def test_the_body_that_django_has_read_is_replayed() -> None:
    request = factory.post("/echo", b"\x00\xffbody", content_type="application/octet-stream")
    assert request.body == b"\x00\xffbody"
    assert whole(to_django(request, validator(Handmade()))) == b"\x00\xffbody"
    assert whole(to_django(request, validator(Handmade()))) == b"\x00\xffbody"


def test_a_urlencoded_form_that_django_has_read_is_replayed() -> None:
    request = factory.post("/echo", "a=1&b=2", content_type="application/x-www-form-urlencoded")
    assert request.POST["a"] == "1"
    assert whole(to_django(request, validator(Handmade()))) == b"a=1&b=2"


def test_a_form_that_django_has_parsed_is_a_clear_error() -> None:
    request = factory.post("/echo", {"file": io.BytesIO(b"x")})
    assert request.FILES
    with pytest.raises(ValueError, match="read the body of this request already, as a form"):
        to_django(request, Handmade())
    request = factory.post("/echo", b"body", content_type="text/plain")
    request.read(1)
    with pytest.raises(ValueError, match=r"read request\.body before that"):
        to_django(request, Handmade())


def test_a_form_is_replayed_if_its_body_was_kept() -> None:
    request = factory.post("/echo", {"a": "1"})
    kept = request.body
    assert request.POST["a"] == "1"
    assert whole(to_django(request, validator(Handmade()))) == kept


def test_a_request_without_a_body_may_have_been_read() -> None:
    request = factory.get("/home?a=1")
    assert (request.POST.dict(), request.GET["a"]) == ({}, "1")
    assert whole(to_django(request, validator(Handmade()))) == b"home"
    assert request.body == b""


@pytest.mark.parametrize("path", ["/where", "/größe/where", "/a b/where", "/%25/where"])
@pytest.mark.parametrize("script", ["", "/outer", "/größe"])
def test_the_application_sees_the_path_as_a_server_says_it(path: str, script: str) -> None:
    def straight(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return Handmade()(environ, start_response)

    how = {"environ_overrides": {"SCRIPT_NAME": script.encode().decode("latin-1")}}
    assert ask(round_trip(straight), path, **how).body == ask(straight, path, **how).body


def test_a_dispatcher_below_a_view_moves_the_prefix() -> None:
    request = factory.get("/shop/where", SCRIPT_NAME="/outer")
    assert whole(to_django(request, dispatch({"/shop": Handmade()}))) == b"/outer/shop|/where"


def test_flags_of_middleware_are_not_passed_on() -> None:
    request = factory.get("/home")
    request.META |= {"CSRF_COOKIE_NEEDS_UPDATE": True, "CSRF_COOKIE": mark_safe("x"), "NOTHING": None}
    assert whole(to_django(request, validator(Handmade()))) == b"home"


def test_a_request_of_asgi_is_refused() -> None:
    with pytest.raises(TypeError, match="by ASGI"):
        to_django(HttpRequest(), Handmade())


def test_an_asynchronous_views_response_is_refused_by_name() -> None:
    async def my_view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    with pytest.raises(TypeError, match="my_view is an asynchronous view"):
        from_django(my_view(factory.get("/")))  # type: ignore[arg-type]

    async def pieces() -> Any:
        yield b"x"

    with pytest.raises(TypeError, match="asynchronous iterator"):
        from_django(StreamingHttpResponse(pieces()))
    with pytest.raises(TypeError, match="a Django response is expected, not str"):
        from_django("text")  # type: ignore[arg-type]


def test_a_response_of_django_keeps_its_headers() -> None:
    response = HttpResponse("x", status=299, reason="Quite OK", headers={"X-A": "1"}, content_type="text/x")
    for name in ("a", "b", "c"):
        response.set_cookie(name, "1", httponly=True)
    answer = ask(from_django(response))
    assert (answer.status, answer.one("X-A"), answer.one("Content-Type")) == ("299 Quite OK", "1", "text/x")
    assert len(answer.all("Set-Cookie")) == 3


def test_bodiless_responses_of_django_have_none() -> None:
    assert ask(from_django(HttpResponseNotModified())).body == b""
    assert ask(from_django(HttpResponse("x", content_type="text/plain")), method="HEAD").body == b""


def test_a_file_of_django_arrives_and_is_closed(tmp_path: Any) -> None:
    (tmp_path / "file").write_bytes(b"content" * 10_000)
    file = (tmp_path / "file").open("rb")
    assert ask(from_django(FileResponse(file))).body == b"content" * 10_000
    assert file.closed


def in_flask(view: Any) -> Any:
    app = flask.Flask("outer")
    app.add_url_rule("/<path:rest>", view_func=view, methods=["GET", "POST"])
    return app


def seen(answer: Answer) -> Any:
    return (answer.status, answer.body, answer.all("Set-Cookie"))


def test_a_flask_view_returns_a_django_response() -> None:
    def view(rest: str) -> Any:
        response = HttpResponse(rest, status=299, reason="From Django")
        response.set_cookie("a", "1")
        return from_django(response)

    assert seen(ask(in_flask(view), "/x/y")) == ("299 From Django", b"x/y", ["a=1; Path=/"])
    assert ask(in_flask(view), "/x", method="HEAD").body == b""


def test_a_flask_view_returns_any_application() -> None:
    app = in_flask(lambda rest: Handmade())
    assert seen(ask(app, "/repeated")) == ("299 Several Of Them", b"repeated", COOKIES)
    assert ask(app, "/echo", method="POST", data=b"body").body == b"body"


def test_a_bridge_needs_no_django_until_it_is_handed_one() -> None:
    import subprocess
    import sys

    script = """
import json, sys
from mergepoint.suite import dispatch, from_django, inject, to_django, wsgi
class Response:
    status_code, reason_phrase, cookies = 200, "OK", {}
    def items(self): return []
    def __iter__(self): return iter([b"x"])
    def close(self): pass
app = dispatch({"/": inject(from_django(Response()), user=lambda environ: 1)})
assert b"".join(app({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, print)) == b"x"
print(json.dumps(sorted({"django", "flask", "bottle", "werkzeug", "pydantic", "gunicorn"} & {*sys.modules})))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1]) == [], done.stderr


def test_what_is_closed_by_django_swallows_nothing_of_ours() -> None:
    app = Counted(Handmade())
    response = through_django(app, "/stream")
    with contextlib.closing(response):
        assert next(iter(response)) == b"1"
    assert app.closed == 1

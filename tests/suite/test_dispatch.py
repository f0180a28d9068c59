"""Several WSGI applications as one."""

import json
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.validate import validator

import pytest
from werkzeug.test import Client, create_environ, run_wsgi_app

from mergepoint.suite import dispatch
from tests.suite.strict import ask


def named(name: str) -> Any:
    """Return an application that says its name and where it is."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        environ["changed"] = "by me"
        return [f"{name}|{environ.get('SCRIPT_NAME')}|{environ.get('PATH_INFO')}".encode("latin-1")]

    return app


APPS = {mount: named(mount) for mount in ("/", "/api", "/api/v2", "/admin", "/größe", "/a b", "/a%20c", "/a//b")}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "/||/"),
        ("/x", "/||/x"),
        ("/api", "/api|/api|"),
        ("/api/", "/api|/api|/"),
        ("/api/x/y", "/api|/api|/x/y"),
        ("/apix", "/||/apix"),
        ("/api-docs", "/||/api-docs"),
        ("/API/x", "/||/API/x"),
        ("/api/v2", "/api/v2|/api/v2|"),
        ("/api/v2/x", "/api/v2|/api/v2|/x"),
        ("/api/v22", "/api|/api|/v22"),
        ("/api//v2", "/api|/api|//v2"),
        ("//api", "/||//api"),
        ("/x/api", "/||/x/api"),
        ("/admin/../api", "/admin|/admin|/../api"),
        ("", "/||"),
        ("*", "/||*"),
        ("/a b/c", "/a b|/a b|/c"),
        ("/a%20c/d", "/a%20c|/a%20c|/d"),
        ("/a//b/c", "/a//b|/a//b|/c"),
    ],
)
@pytest.mark.parametrize("outer", ["", "/outer"])
def test_the_longest_prefix_in_whole_segments_wins(path: str, said: str, outer: str) -> None:
    environ = create_environ() | {"PATH_INFO": path, "SCRIPT_NAME": outer}
    before = dict(environ)
    pieces, status, _ = run_wsgi_app(dispatch(APPS), environ, buffered=True)
    name, script, info = said.split("|")
    assert (b"".join(pieces).decode(), status) == (f"{name}|{outer}{script}|{info}", "200 OK")
    assert environ == before  # the application has a copy


def test_a_prefix_beyond_ascii_is_compared_as_bytes_of_utf8() -> None:
    said = Client(dispatch(APPS)).get("/größe/x").get_data()
    assert said.decode("latin-1") == "/größe|" + "/größe".encode().decode("latin-1") + "|/x"


def test_a_path_below_no_prefix_is_a_problem() -> None:
    answer = ask(dispatch({"/api": named("api")}), "/apix", headers={"X-Request-Id": "mine"})
    assert answer.status == "404 Not Found"
    assert answer.one("Content-Type") == "application/problem+json"
    assert json.loads(answer.body) == {
        "type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found",
        "detail": "there is nothing at this path", "request_id": "mine",
    }  # fmt: skip
    assert Client(dispatch({})).get("/").status_code == 404


@pytest.mark.parametrize(
    ("mounts", "error", "said"),
    [
        ({"api": named("")}, ValueError, "'api' does not begin with '/'"),
        ({"": named("")}, ValueError, "'' does not begin with '/'"),
        ({"/api/": named("")}, ValueError, "'/api/' ends with '/'"),
        ({"//": named("")}, ValueError, "'//' ends with '/'"),
        ([("/api", named("")), ("/x", named("")), ("/api", named(""))], ValueError, "'/api' is there twice"),
        ([("/", named("")), ("/", named(""))], ValueError, "'/' is there twice"),
        ({"/api": None}, TypeError, "'/api': a WSGI application is expected, not NoneType"),
        ({None: named("")}, TypeError, "None: a prefix"),
    ],
)
def test_a_mount_that_cannot_be_is_refused(mounts: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        dispatch(mounts)


def test_pairs_will_do_and_later_changes_do_not_matter() -> None:
    mounts = {"/a": named("a")}
    app = dispatch(mounts)
    mounts["/b"] = named("b")
    assert Client(app).get("/b").status_code == 404
    assert Client(dispatch([("/b", named("b"))])).get("/b").status_code == 200


def test_dispatchers_can_be_nested() -> None:
    app = dispatch({"/a": dispatch({"/b": named("inner"), "/": named("outer")})})
    assert ask(app, "/a/b/c").body == b"inner|/a/b|/c"
    assert ask(app, "/a/x").body == b"outer|/a|/x"


def test_a_long_path_costs_little() -> None:
    app = dispatch(APPS)
    environ = create_environ() | {"PATH_INFO": "/" * 100_000}
    assert run_wsgi_app(app, environ)[1] == "200 OK"


def test_head_is_answered_without_a_body_and_the_application_is_closed() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Any:
            return iter([b"body"])

        def close(self) -> None:
            closed.append(1)

    def at_once(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])(b"")
        return Body()

    def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
            yield b"body"
        finally:
            closed.append(1)

    for app in (at_once, late):
        closed.clear()
        answer = ask(dispatch({"/": validator(app)}), method="HEAD")
        assert (answer.body, answer.status, answer.one("Content-Length")) == (b"", "200 OK", "4")
        assert closed == [1]

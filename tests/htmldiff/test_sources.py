"""Documents by URL: from allowed origins only, read as carefully as those that are sent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from mergepoint.htmldiff.config import Settings
from mergepoint.htmldiff.web import create_app
from mergepoint.kit.config import load
from tests.kit.sources import Server

HTML = "text/html; charset=utf-8"


@pytest.fixture(scope="module")
def source() -> Iterator[Server]:
    server = Server(b"")
    yield server
    server.close()


@pytest.fixture(scope="module")
def remote(source: Server) -> Iterator[FlaskClient]:
    """The service, which may fetch from *source*."""
    app = create_app(Settings(sources=source.url, source_timeout=0.5))
    yield app.test_client()
    app.extensions["sandbox"].close()


@pytest.fixture
def ask(remote: FlaskClient, source: Server) -> Callable[..., Any]:
    """Return a function that compares "a b" with what *source* answers."""

    def ask(body: bytes = b"a c", kind: str = HTML, status: str = "200 OK", call: str = "", **more: Any) -> Any:
        head = "".join(f"{name}: {value}\r\n" for name, value in more.pop("headers", {}).items())
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{head}\r\n"
        source.answer = head.encode() + body
        return remote.post(f"/htmldiff{call}", json={"old": "a b", "new_url": f"{source.url}/é?x", **more})

    return ask


def test_a_document_may_be_at_a_url(ask: Callable[..., Any], source: Server) -> None:
    assert ask().text == '<div class="diff">a <del>b</del> <ins>c</ins></div>'
    assert source.seen[-1].startswith(b"GET /%C3%A9?x HTTP/1.1")
    assert ask(call="/apply", accept=[1]).text == "a c"


def test_both_may_be(remote: FlaskClient, ask: Callable[..., Any], source: Server) -> None:
    ask()
    reply = remote.get(f"/htmldiff?old_url={source.url}/1&new_url={source.url}/2")
    assert reply.text == '<div class="diff">a c</div>'


def test_the_tag_is_that_of_what_was_found(remote: FlaskClient, ask: Callable[..., Any]) -> None:
    sent = remote.post("/htmldiff", json={"old": "a b", "new": "a c"}).headers["ETag"]
    assert ask().headers["ETag"] == sent
    assert ask(b"a d").headers["ETag"] != sent


@pytest.mark.parametrize(
    ("headers", "control"),
    [
        ({}, "public, max-age=30,"),
        ({"Cache-Control": "max-age=5"}, "public, max-age=5,"),
        ({"Cache-Control": "max-age=500"}, "public, max-age=30,"),
        ({"Cache-Control": "no-cache"}, "no-store"),
        ({"Cache-Control": "private, max-age=5"}, "no-store"),
    ],
)
def test_an_answer_is_kept_no_longer_than_its_source(ask: Callable[..., Any], headers: dict, control: str) -> None:
    assert ask(headers=headers).headers["Cache-Control"].startswith(control)


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"kind": "application/xhtml+xml"}, 415, "unsupported_type"),
        ({"kind": "image/png"}, 415, "unsupported_type"),
        ({"kind": "text/html; charset=latin-1"}, 415, "unsupported_type"),
        ({"body": b"\xff"}, 400, "invalid_encoding"),
        ({"body": b"<b>" * 513}, 422, "too_deep"),
        ({"body": b"x" * ((2 << 20) + 1)}, 422, "source_too_large"),
        ({"status": "404 Not Found"}, 422, "source_not_found"),
        ({"status": "500 Sorry"}, 422, "source_failed"),
        ({"status": "302 Found", "headers": {"Location": "http://127.0.0.1/"}}, 422, "source_redirected"),
    ],
)
def test_what_cannot_be_used_is_refused(ask: Callable[..., Any], answer: dict, status: int, code: str) -> None:
    reply = ask(**answer)
    assert (reply.status_code, reply.json["code"]) == (status, code)


def test_nothing_is_allowed_by_default(client: FlaskClient, source: Server) -> None:
    for field, other in (("old_url", "new"), ("new_url", "old")):
        reply = client.post("/htmldiff", json={field: f"{source.url}/", other: "x"})
        assert (reply.status_code, reply.json["code"]) == (422, "source_refused")
        assert reply.json["errors"] == [{"field": field, "message": "this source is not allowed"}]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://169.254.169.254/", "file:///etc/passwd", "http://[::1]/"]
)
def test_other_origins_are_refused(remote: FlaskClient, url: str) -> None:
    reply = remote.post("/htmldiff", json={"old": "", "new_url": url})
    assert reply.status_code == 422
    assert reply.json["code"] in ("source_refused", "invalid_option")


def test_a_document_is_given_once(client: FlaskClient) -> None:
    reply = client.post("/htmldiff", json={"old": "a", "old_url": "http://x/", "new": "b"})
    assert (reply.status_code, reply.json["errors"][0]["field"]) == (422, "old")
    reply = client.post("/htmldiff", json={"new": "b"})
    assert (reply.json["code"], reply.json["errors"][0]["field"]) == ("missing_option", "old")


def test_bad_origins_stop_the_start_and_are_named(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("HTMLDIFF_SOURCES", "https://a b/c")
    with pytest.raises(SystemExit):
        load(Settings)
    assert "HTMLDIFF_SOURCES=" in capsys.readouterr().err

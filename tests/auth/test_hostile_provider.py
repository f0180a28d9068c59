"""A provider that lies, drips, floods or breaks: nobody is anybody else by it, and everybody else is served."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from mergepoint.auth import Auth
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.databases import SQLite
from tests.auth.hostile import Hostile, say
from tests.auth.visitors import Browser, Clock, make
from tests.stopwatch import Stopwatch


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> SQLite:
    """One database is enough: what is told here is about providers."""
    return SQLite(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def provider() -> Iterator[Hostile]:
    provider = Hostile()
    yield provider
    provider.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
def app(auth: Auth, provider: Hostile) -> Flask:
    oidc = json.dumps({"evil": {"issuer": provider.url, "client_id": "us", "client_secret": "secret"}})
    return create_app(Settings(state=auth.folder, public_url="http://localhost", registration="open", oidc=oidc), auth)


def log_in(browser: Browser, provider: Hostile, **changes: str) -> TestResponse:
    there = browser.get("/auth/oidc/evil")
    if there.status_code != 303:
        return there
    asked = parse_qs(urlsplit(there.headers["Location"]).query)
    provider.nonce = asked["nonce"][0]
    query = {"code": "c", "state": asked["state"][0], **changes}
    return browser.client.get("/auth/oidc/evil/callback", query_string=query, headers={"Accept": "text/html"})


def who(auth: Auth, browser: Browser) -> str | None:
    found = auth.sessions.find(str(browser.cookie()))
    return found.user.name if found else None


def test_it_works_while_the_provider_behaves(auth: Auth, browser: Browser, provider: Hostile) -> None:
    provider.claims |= {"preferred_username": "grace"}
    assert log_in(browser, provider).status_code == 303
    assert who(auth, browser) == "grace"


@pytest.mark.parametrize(
    "state", ["é", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "x" * 5000, "\0"]
)
def test_a_state_that_is_none_is_refused(browser: Browser, provider: Hostile, state: str) -> None:
    assert log_in(browser, provider, state=state).status_code == 403


@pytest.mark.parametrize("user", [{"sub": "another"}, {}, {"sub": None}])
def test_user_info_about_somebody_else_counts_for_nothing(
    auth: Auth, browser: Browser, provider: Hostile, user: dict[str, Any]
) -> None:
    make(auth, "ada", email="ada@example.com", email_proven=True)
    provider.user = {**user, "email": "ada@example.com", "email_verified": True, "preferred_username": "x"}
    log_in(browser, provider)
    assert who(auth, browser) != "ada"


def test_an_address_and_whether_it_is_proven_come_from_one_place(
    auth: Auth, browser: Browser, provider: Hostile
) -> None:
    make(auth, "ada", email="ada@example.com", email_proven=True)
    provider.claims |= {"email_verified": True}
    provider.user = {"sub": "s", "email": "ada@example.com", "email_verified": False}
    log_in(browser, provider)
    assert who(auth, browser) != "ada"


@pytest.mark.parametrize(
    "subject", ["", None, 7, True, ["s"], {"a": 1}, "s" * 256, "\ud800", "a\0b", "é", "a\nb"], ids=ascii
)
def test_a_subject_that_is_none_is_nobody(auth: Auth, browser: Browser, provider: Hostile, subject: Any) -> None:
    provider.claims["sub"] = subject
    assert log_in(browser, provider).status_code in (403, 422)
    assert auth.accounts.list() == []


@pytest.mark.parametrize("name", ["email", "preferred_username", "picture", "name"])
@pytest.mark.parametrize(
    "value", ["\ud800@x.de", "a\0@b.de", ["x"], {"a": {}}, 1e999, True, "x" * 5000, "¼", "\u3164"], ids=ascii
)
def test_claims_that_cannot_be_used_are_left_out(
    auth: Auth, browser: Browser, provider: Hostile, name: str, value: Any
) -> None:
    provider.claims |= {"email_verified": True, name: value}
    assert log_in(browser, provider).status_code == 303
    [user] = auth.accounts.list()
    assert user.email is None
    assert user.picture is None


WRONG: list[dict[str, Any]] = [
    {"iss": "https://other"}, {"aud": "them"}, {"aud": ["us", "them"]}, {"aud": []}, {"exp": 1}, {"exp": "x"},
    {"exp": None}, {"exp": True}, {"exp": 1e400}, {"iat": 9e12}, {"iat": [1]}, {"nonce": "x"}, {"nonce": None},
    {"nbf": 9e12}, {"azp": "them"}, {"iss": None}, {"iss": ["x"]}, {"at_hash": "x"}, {"auth_time": "x"}, {"amr": "x"},
]  # fmt: skip


@pytest.mark.parametrize("claims", WRONG, ids=str)
def test_an_id_token_that_is_not_for_us_is_refused(
    auth: Auth, browser: Browser, provider: Hostile, claims: dict[str, Any]
) -> None:
    provider.claims |= claims
    assert log_in(browser, provider).status_code == 403
    assert auth.accounts.list() == []


GARBAGE = [
    b"", b"[]", b"null", b"1", b'"x"', b"{}", b"\xff", b"{" * 100_000, b"[" * 100_000, b"<html>", b'{"keys": 1}',
    b'{"keys": [1]}', b'{"keys": [{}]}', b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', b'{"issuer": 1}',
    b'{"id_token": "a.b.c", "access_token": "x"}', b'{"id_token": 1}', b'{"error": "x"}', b'{"error": {}}',
]  # fmt: skip


@pytest.mark.parametrize("body", GARBAGE, ids=lambda body: str(body[:20]))
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/user"])
def test_whatever_it_answers_is_believed_or_not_and_never_our_fault(
    browser: Browser, provider: Hostile, path: str, body: bytes
) -> None:
    provider.answers[path] = lambda handler: say(handler, body)
    assert log_in(browser, provider).status_code in (303, 403)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/user"])
def test_a_redirect_is_not_followed(browser: Browser, provider: Hostile, path: str) -> None:
    provider.answers[path] = lambda handler: say(handler, b"{}", 307, Location=f"{provider.url}/secret")
    log_in(browser, provider)
    assert "/secret" not in provider.asked


ADDRESSES = ["http://192.0.2.1/", "file:///etc/passwd", "javascript:x", "//x", 7, "http://[", "https:"]


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint", "authorization_endpoint"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_it_is_https_or_where_it_is_itself(
    browser: Browser, provider: Hostile, name: str, address: object
) -> None:
    provider.about[name] = address
    with Stopwatch() as watch:
        reply = log_in(browser, provider)
    assert reply.status_code == 403
    assert watch.seconds < 2


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/user"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_endless_answer_is_not_read(browser: Browser, provider: Hostile, path: str, encoding: str) -> None:
    sent = 0

    def flood(handler: Any) -> None:
        nonlocal sent
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode())
        while sent < 1 << 28:
            sent += handler.wfile.write(b" " * 65536)

    provider.answers[path] = flood
    assert log_in(browser, provider).status_code in (303, 403)
    assert sent < 1 << 24


@pytest.mark.parametrize("where", ["head", "body"])
def test_one_that_drips_keeps_nobody_waiting(
    app: Flask, provider: Hostile, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mergepoint.auth.federation.provider.CALL_TIMEOUT", 0.5)
    stopped = False

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if where == "body" else b"X: "))
        while not stopped:
            handler.wfile.write(b" ")
            time.sleep(0.05)

    provider.answers["/.well-known/openid-configuration"] = drip
    with Stopwatch() as watch, ThreadPoolExecutor(30) as pool:
        statuses = list(pool.map(lambda _: Browser(app).get("/auth/oidc/evil").status_code, range(30)))
    stopped = True
    assert set(statuses) == {503}
    assert watch.seconds < 4
    assert len(provider.asked) <= 8

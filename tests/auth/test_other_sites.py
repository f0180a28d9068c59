"""What another site can make a browser send changes nothing; what it may ask, named origins only."""

from collections.abc import Mapping

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.visitors import PASSWORD, TOKEN, Browser, make

CHANGES = [
    ("/auth/account/password", {"password": PASSWORD, "new_password": "another horse battery"}),
    ("/auth/account/email", {"password": PASSWORD, "email": "eve@example.com"}),
    ("/auth/keys", {"name": "x", "scopes": "jobs"}),
    ("/auth/sessions/end", {}),
    ("/auth/second-factor/totp", {}),
    ("/auth/handover", {"audience": "game"}),
    ("/auth/logout", {}),
    ("/auth/users", {"name": "eve"}),
    ("/auth/users/1/change", {"disabled": "1"}),
    ("/auth/users/invite", {}),
]
SITES: list[Mapping[str, str]] = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://other.localhost"},
    {"Sec-Fetch-Site": "none", "Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "CROSS-SITE", "Origin": "http://localhost"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Origin": "https://localhost"},
]


@pytest.fixture
def root(auth: Auth, browser: Browser) -> Browser:
    make(auth, "root", admin=True)
    browser.log_in("root")
    return browser


def state(auth: Auth) -> str:
    with auth.store.read() as connection:
        tables = ("users", "sessions", "keys")
        return str([connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in tables])


@pytest.mark.parametrize(("path", "fields"), CHANGES)
def test_another_site_changes_nothing_even_with_a_token(
    auth: Auth, root: Browser, path: str, fields: Mapping[str, str]
) -> None:
    token = TOKEN.search(root.get("/auth/account").text)
    assert token
    before = state(auth)
    for site in SITES:
        sent = {**fields, "csrf": token[1]}
        reply = root.client.post(path, data=sent, headers={"Accept": "text/html", **site})
        assert reply.status_code == 403, site
        reply = root.client.post(path, json=dict(fields), headers={"X-CSRF-Token": token[1], **site})
        assert reply.status_code == 403, site
    assert state(auth) == before


@pytest.mark.parametrize(("path", "fields"), CHANGES)
def test_nothing_changes_without_a_token(auth: Auth, root: Browser, path: str, fields: Mapping[str, str]) -> None:
    before = state(auth)
    here = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    for token in (
        "",
        "x",
        "x.y.z",
        auth.tokens.sign("csrf", {"of": "session x"}),
        auth.tokens.sign("other", {"of": "x"}),
    ):
        assert root.client.post(path, data={**fields, "csrf": token}, headers=here).status_code == 403
        assert root.client.post(path, json=dict(fields), headers={**here, "X-CSRF-Token": token}).status_code == 403
    assert state(auth) == before


def test_a_token_is_for_one_session_and_half_a_day(auth: Auth, app: Flask, root: Browser) -> None:
    token = TOKEN.search(root.get("/auth/account").text)
    assert token
    other = Browser(app)
    other.log_in("root")
    fields = {"name": "x", "scopes": "jobs", "csrf": token[1]}
    assert other.client.post("/auth/keys", data=fields).status_code == 403
    auth.clock.pass_(12 * 3600 + 1)  # type: ignore[attr-defined]
    assert root.client.post("/auth/keys", data=fields).status_code == 403


def test_another_site_logs_nobody_in_as_somebody_else(auth: Auth, app: Flask) -> None:
    make(auth)
    client = app.test_client()
    fields = {"login": "ada", "password": PASSWORD}
    assert client.post("/auth/login", data=fields).status_code == 403
    for site in SITES:
        assert client.post("/auth/login", json=fields, headers=site).status_code == 403
    assert client.post("/auth/login", data=str(fields), content_type="text/plain").status_code == 415


def test_a_program_with_a_bearer_token_needs_no_more(auth: Auth, app: Flask, root: Browser) -> None:
    made = root.send("POST", "/auth/keys", {"name": "x", "scopes": ["auth"]}).get_json()
    authorization = {"Authorization": f"Bearer {made['secret']}"}
    client = app.test_client()
    reply = client.post("/auth/keys", json={"name": "y", "scopes": ["auth"]}, headers=authorization)
    assert reply.status_code == 200
    reply = client.post("/auth/keys", json={"name": "z", "scopes": ["jobs"]}, headers=authorization)
    assert reply.status_code == 403  # a key gives nothing that it has not


def test_a_form_of_ours_works_without_newer_headers_and_with_them(root: Browser) -> None:
    for site in ({}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}):
        token = TOKEN.search(root.get("/auth/keys").text)
        assert token
        fields = {"name": "x", "scopes": "jobs", "csrf": token[1]}
        assert root.client.post("/auth/keys", data=fields, headers=site).status_code == 200


@pytest.fixture
def shared(auth: Auth, tmp_path: object) -> Flask:
    origins = "https://wiki.example.com https://game.example.com"
    settings = Settings(state=auth.folder, public_url="https://example.com", origins=origins)
    return create_app(settings, auth)


def test_named_origins_may_ask_who_is_logged_in_and_others_may_not(shared: Flask) -> None:
    client = shared.test_client()
    for origin, allowed in (("https://wiki.example.com", True), ("https://evil.example", False), ("null", False)):
        for method in ("GET", "OPTIONS"):
            headers = client.open("/auth/me", method=method, headers={"Origin": origin}).headers
            assert headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
            assert headers.get("Access-Control-Allow-Credentials") == ("true" if allowed else None)
    for path in ("/auth/keys", "/auth/account", "/auth/login", "/auth/sessions", "/auth/handover", "/auth/users"):
        reply = client.open(path, method="OPTIONS", headers={"Origin": "https://wiki.example.com"})
        assert "Access-Control-Allow-Origin" not in reply.headers


def test_a_page_of_a_named_origin_may_log_out_and_change_nothing_else(auth: Auth, shared: Flask) -> None:
    make(auth)
    client = shared.test_client()
    there = {"Origin": "https://wiki.example.com", "Sec-Fetch-Site": "same-site"}
    token = client.post("/auth/login", json={"login": "ada", "password": PASSWORD}).get_json()["token"]
    cookie = {"Cookie": f"__Host-mergepoint={token}"}
    csrf = {"X-CSRF-Token": client.get("/auth/me", headers=cookie).get_json()["csrf"]}
    for path, body in (("/auth/keys", {"name": "x", "scopes": ["jobs"]}), ("/auth/handover", {"audience": "x"})):
        assert client.post(path, json=body, headers={**there, **cookie, **csrf}).status_code == 403
    assert client.post("/auth/logout", json={}, headers={**there, **cookie}).status_code == 403
    assert client.post("/auth/logout", json={}, headers={**there, **cookie, **csrf}).status_code == 200


def test_over_https_the_cookie_is_for_this_host_alone(auth: Auth, shared: Flask) -> None:
    make(auth)
    reply = shared.test_client().post("/auth/login", json={"login": "ada", "password": PASSWORD})
    [cookie] = [value for value in reply.headers.getlist("Set-Cookie") if value.startswith("__Host-mergepoint=")]
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


@pytest.mark.parametrize(
    "url", ["http://example.com", "example.com", "https://", "https://a/b", "ftp://a", "https://u@a"]
)
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Settings(public_url=url)
    assert Settings(public_url="http://localhost:8080/").public_url == "http://localhost:8080"

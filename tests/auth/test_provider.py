"""Logging in with an account elsewhere, at a real OpenID Connect provider in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from mergepoint.auth import Auth
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.visitors import HERE, Browser, Clock, make
from tests.servers import free_port, wait_for


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: requests.get(f"{url}/.well-known/openid-configuration", timeout=1).ok, seconds=30)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def clock() -> Clock:
    """The provider's clock is the machine's."""
    import time

    return Clock(time.time())


@pytest.fixture
def app(auth: Auth, provider: str) -> Flask:
    return create_app(settings(auth, provider, "open"), auth)


def settings(auth: Auth, provider: str, registration: str) -> Settings:
    oidc = json.dumps({"mock": {"issuer": provider, "client_id": "us", "client_secret": "secret"}})
    return Settings(state=auth.folder, public_url="http://localhost", registration=registration, oidc=oidc)


def know(provider: str, subject: str, **claims: object) -> None:
    assert requests.put(f"{provider}/users/{subject}", json=claims, timeout=5).ok


def go_there(browser: Browser, begin: str = "/auth/oidc/mock?next=/wiki/") -> str:
    reply = browser.get(begin)
    assert reply.status_code == 303
    return reply.headers["Location"]


def offered(browser: Browser) -> str:
    """The link by which who is logged in goes on to link an account."""
    page = browser.get("/auth/oidc/mock")
    assert page.status_code == 200
    return page.text.partition('class="button" href="')[2].partition('"')[0]


def log_in(browser: Browser, subject: str, begin: str = "/auth/oidc/mock?next=/wiki/", **changes: str) -> TestResponse:
    there = requests.post(go_there(browser, begin), data={"sub": subject}, allow_redirects=False, timeout=5)
    back = urlsplit(there.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(back.query).items()} | changes
    return browser.get(f"{back.path}?{'&'.join(f'{name}={value}' for name, value in query.items())}")


def test_somebody_new_gets_an_account(auth: Auth, provider: str, browser: Browser) -> None:
    know(provider, "s1", email="Grace@Example.com", email_verified=True, preferred_username="grace")
    reply = log_in(browser, "s1")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/wiki/")
    user = auth.accounts.find("grace")
    assert user
    assert (user.email, user.email_proven) == ("Grace@Example.com", True)
    assert auth.accounts.password_of(user.id) is None
    assert "grace" in browser.get("/auth/account").text


def test_the_same_subject_is_the_same_user(auth: Auth, app: Flask, provider: str) -> None:
    know(provider, "s2", preferred_username="same")
    for _ in range(2):
        assert log_in(Browser(app), "s2").status_code == 303
    assert [user.name for user in auth.accounts.list()] == ["same"]


def test_a_name_that_is_taken_gets_a_number(auth: Auth, browser: Browser, provider: str) -> None:
    make(auth, "ada")
    know(provider, "s3", preferred_username="ADA")
    assert log_in(browser, "s3").status_code == 303
    assert [user.name for user in auth.accounts.list()] == ["ada", "ADA-2"]


@pytest.mark.parametrize(
    ("ours", "theirs", "linked"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_only_an_address_that_both_have_proven_links(
    auth: Auth, browser: Browser, provider: str, ours: bool, theirs: bool, linked: bool
) -> None:
    user = make(auth, "lin", email="lin@example.com", email_proven=ours)
    know(provider, f"s4{ours}{theirs}", email="LIN@example.com", email_verified=theirs, preferred_username="other")
    log_in(browser, f"s4{ours}{theirs}")
    session = auth.sessions.find(str(browser.cookie()))
    assert session
    assert (session.user.id == user.id) == linked


def test_where_registration_is_closed_nobody_new_comes_in(auth: Auth, provider: str) -> None:
    browser = Browser(create_app(settings(auth, provider, "closed"), auth))
    know(provider, "s5", preferred_username="new")
    assert log_in(browser, "s5").status_code == 403
    assert auth.accounts.list() == []


def test_who_is_logged_in_links_an_account(auth: Auth, app: Flask, browser: Browser, provider: str) -> None:
    make(auth, "ada")
    browser.log_in()
    know(provider, "s6", preferred_username="elsewhere")
    log_in(browser, "s6", begin=offered(browser))
    again = Browser(app)
    log_in(again, "s6")
    assert "ada" in again.get("/auth/account").text


def test_another_site_links_no_account(auth: Auth, app: Flask, browser: Browser, provider: str) -> None:
    make(auth, "ada")
    make(auth, "eve")
    browser.log_in()
    eve = Browser(app)
    eve.log_in("eve")
    assert browser.get("/auth/oidc/mock").status_code == 200  # all that a visit does
    for link in ("x", offered(eve).partition("link=")[2]):
        assert browser.get(f"/auth/oidc/mock?link={link}").status_code == 403


def test_what_was_begun_in_one_session_is_not_linked_in_another(auth: Auth, browser: Browser, provider: str) -> None:
    make(auth, "ada")
    browser.log_in()
    there = requests.post(go_there(browser, offered(browser)), data={"sub": "s10"}, allow_redirects=False, timeout=5)
    browser.get("/auth/account")
    browser.submit("/auth/logout")
    browser.log_in()
    back = urlsplit(there.headers["Location"])
    assert browser.get(f"{back.path}?{back.query}").status_code == 403


def test_linking_takes_a_login_of_the_last_minutes(auth: Auth, browser: Browser, clock: Clock) -> None:
    make(auth, "ada")
    browser.log_in()
    clock.pass_(601)
    assert browser.get("/auth/oidc/mock").status_code == 403


def test_who_began_before_logging_in_links_nothing(auth: Auth, browser: Browser, provider: str) -> None:
    know(provider, "s11", preferred_username="elsewhere")
    there = requests.post(go_there(browser), data={"sub": "s11"}, allow_redirects=False, timeout=5)
    make(auth, "ada")
    browser.log_in()
    back = urlsplit(there.headers["Location"])
    browser.get(f"{back.path}?{back.query}")
    assert "elsewhere" in browser.get("/auth/account").text


def test_the_second_factor_is_asked_for_all_the_same(auth: Auth, app: Flask, provider: str) -> None:
    know(provider, "s7", preferred_username="guarded")
    log_in(Browser(app), "s7")
    user = auth.accounts.find("guarded")
    assert user
    with auth.store.write() as connection:
        connection.exec_driver_sql(
            "UPDATE users SET totp = 'x'" if auth.store.is_sqlite else "UPDATE users SET totp = '\\x78'"
        )
    browser = Browser(app)
    assert log_in(browser, "s7").headers["Location"].startswith("/auth/second-factor")
    assert browser.get("/auth/account").status_code == 401


@pytest.mark.parametrize("changes", [{"state": "x"}, {"state": ""}, {"code": "x"}, {"code": ""}])
def test_an_answer_that_was_not_asked_for_is_refused(
    auth: Auth, browser: Browser, provider: str, changes: dict[str, str]
) -> None:
    know(provider, "s8", preferred_username="x")
    assert log_in(browser, "s8", **changes).status_code == 403
    assert auth.accounts.list() == []


def test_an_answer_belongs_to_the_browser_that_asked(app: Flask, auth: Auth, provider: str) -> None:
    know(provider, "s9", preferred_username="x")
    there = requests.post(go_there(Browser(app)), data={"sub": "s9"}, allow_redirects=False, timeout=5)
    back = urlsplit(there.headers["Location"])
    victim = Browser(app)
    assert victim.get(f"{back.path}?{back.query}").status_code == 403
    go_there(victim)
    assert victim.get(f"{back.path}?{back.query}").status_code == 403
    assert auth.accounts.list() == []


def test_a_provider_that_is_away_is_503(auth: Auth) -> None:
    browser = Browser(create_app(settings(auth, f"http://localhost:{free_port()}", "open"), auth))
    assert browser.get("/auth/oidc/mock").status_code == 503


def test_an_unknown_provider_is_not_found(browser: Browser) -> None:
    assert browser.get("/auth/oidc/nobody").status_code == 404
    assert browser.get("/auth/oidc/nobody/callback?code=x&state=y").status_code == 404


@pytest.mark.parametrize(
    "value", ["x", "[]", '{"a": {}}', '{"A": {"issuer": "https://x", "client_id": "", "client_secret": ""}}']
)
def test_a_setting_that_cannot_be_read_says_what_is_expected(value: str) -> None:
    with pytest.raises(ValueError, match="is expected"):
        Settings(oidc=value)


def test_what_is_linked_is_unlinked(auth: Auth, app: Flask, browser: Browser, provider: str) -> None:
    user = make(auth, "ada")
    browser.log_in()
    auth.federation.link(user, "mock", {"sub": "s20"}, HERE)
    page = browser.get("/auth/account").text
    assert "Unlink mock" in page
    assert browser.submit("/auth/oidc/mock/unlink").status_code == 303
    assert "Link your account at mock" in browser.get("/auth/account").text
    know(provider, "s20", preferred_username="elsewhere")
    log_in(Browser(app), "s20")
    assert [user.name for user in auth.accounts.list()] == ["ada", "elsewhere"]
    assert {"provider_linked", "provider_unlinked"} <= {event["event"] for event in auth.audit.read(user_id=user.id)}


def test_the_last_way_in_is_not_unlinked(auth: Auth, browser: Browser, provider: str) -> None:
    know(provider, "s21", preferred_username="only")
    log_in(browser, "s21")
    browser.get("/auth/account")
    assert browser.submit("/auth/oidc/mock/unlink").status_code == 422
    assert auth.federation.linked(1) == ["mock"]

"""Several tabs of one browser, also of one that does not tell where a request comes from; and one without cookies."""

import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.hostile import Hostile
from tests.auth.test_factors import Authenticator
from tests.auth.visitors import HERE, PASSWORD, TOKEN, Browser, Clock, make

# Which database it is makes no difference here.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


def tab(browser: Browser, path: str) -> Browser:
    """Another tab, with the same cookies."""
    other = Browser(browser.client.application)
    other.client = browser.client
    other.get(path)
    return other


def test_a_form_of_before_the_login_leads_where_it_wanted(auth: Auth, browser: Browser) -> None:
    make(auth)
    old, new = tab(browser, "/auth/login?next=/wiki/old"), tab(browser, "/auth/login?next=/wiki/new")
    assert new.submit("/auth/login", login="ada", password=PASSWORD, next="/wiki/new").status_code == 303
    session = browser.cookie()
    reply = old.submit("/auth/login", login=" ADA", password="x", next="/wiki/old")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/wiki/old")
    assert browser.cookie() == session


def test_another_name_in_such_a_form_takes_its_password(auth: Auth, browser: Browser) -> None:
    make(auth)
    make(auth, "lin")
    old = tab(browser, "/auth/login")
    browser.log_in()
    assert old.submit("/auth/login", login="lin", password="not that one").status_code == 401
    assert old.submit("/auth/login", login="lin", password=PASSWORD).status_code == 303
    assert "Log out lin" in browser.get("/auth/account").text


def test_a_second_factor_that_another_tab_has_shown_is_not_asked_for_again(
    auth: Auth, browser: Browser, clock: Clock
) -> None:
    make(auth)
    browser.log_in()
    begun = browser.send("POST", "/auth/second-factor/totp").get_json()
    authenticator = Authenticator(begun["secret"], clock)
    browser.send("POST", "/auth/second-factor/totp/confirm", {"setup": begun["setup"], "code": authenticator.code()})
    browser.get("/auth/account")
    browser.submit("/auth/logout")
    clock.pass_(60)
    browser.log_in()
    path = "/auth/second-factor"
    first, second = (tab(browser, f"{path}?next=/wiki/{name}") for name in ("first", "second"))
    assert first.submit(f"{path}/check", code=authenticator.code(), next="/wiki/first").headers["Location"]
    session = browser.cookie()
    assert second.submit(path, code="000000", next="/wiki/second").headers["Location"] == "/wiki/second"
    assert browser.get(f"{path}?next=/wiki/third").headers["Location"] == "/wiki/third"
    assert browser.cookie() == session


def test_a_form_of_another_site_logs_nobody_in_whatever_its_token(auth: Auth, browser: Browser) -> None:
    make(auth)
    page = browser.get("/auth/login")
    token = TOKEN.search(page.text)
    assert token
    for site in ("cross-site", "same-site", "none"):
        fields = {"csrf": token[1], "login": "ada", "password": PASSWORD}
        reply = browser.client.post("/auth/login", data=fields, headers={"Sec-Fetch-Site": site})
        assert reply.status_code == 403
    assert browser.cookie() is None


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}], ids=["older", "newer"])
@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
def test_a_form_without_cookies_says_so(auth: Auth, app: Flask, path: str, headers: dict[str, str]) -> None:
    make(auth)
    page = Browser(app).get(f"{path}?next=/wiki/x")
    token = TOKEN.search(page.text)
    assert token
    fields = {"csrf": token[1], "login": "ada", "name": "new", "password": PASSWORD, "next": "/wiki/x"}
    fields.pop("name" if path == "/auth/login" else "login")
    reply = app.test_client().post(path, data=fields, headers={"Accept": "text/html", **headers})
    assert reply.status_code == 403
    assert "did not send back the cookie" in reply.text
    assert "/wiki/x" in reply.text
    reply = app.test_client().post(path, data=fields, headers=headers)
    assert (reply.status_code, reply.get_json()["code"]) == (403, "invalid_token")
    assert len(auth.accounts.list()) == 1


@pytest.fixture
def provider() -> Iterator[Hostile]:
    provider = Hostile()
    yield provider
    provider.stop()


@pytest.fixture
def federated(auth: Auth, provider: Hostile) -> Browser:
    oidc = json.dumps({"mock": {"issuer": provider.url, "client_id": "us", "client_secret": "secret"}})
    settings = Settings(state=auth.folder, public_url="http://localhost", registration="open", oidc=oidc)
    return Browser(create_app(settings, auth))


def begin(browser: Browser, target: str) -> dict[str, str]:
    there = browser.get(f"/auth/oidc/mock?next={target}").headers["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}


def finish(browser: Browser, provider: Hostile, flow: dict[str, str]) -> str | None:
    provider.nonce = flow["nonce"]
    return browser.get(f"/auth/oidc/mock/callback?code=x&state={flow['state']}").headers.get("Location")


def test_logins_at_a_provider_end_in_any_order(federated: Browser, provider: Hostile) -> None:
    flows = [begin(federated, f"/wiki/{number}") for number in range(8)]
    for number in (7, 0, 3):
        assert finish(federated, provider, flows[number]) == f"/wiki/{number}"
    assert finish(federated, provider, flows[3]) is None  # each once
    cookies = [cookie.key for cookie in federated.client._cookies.values()]
    assert len([name for name in cookies if "-oidc-" in name]) == 5


def test_a_ninth_login_ends_the_oldest(federated: Browser, provider: Hostile) -> None:
    flows = [begin(federated, f"/wiki/{number}") for number in range(9)]
    assert finish(federated, provider, flows[0]) is None
    assert finish(federated, provider, flows[1]) == "/wiki/1"


def test_a_state_is_good_for_its_provider_and_with_its_cookie(federated: Browser, provider: Hostile) -> None:
    first, second = begin(federated, "/wiki/1"), begin(federated, "/wiki/2")
    names = {flow["state"]: f"mergepoint-oidc-{flow['state']}" for flow in (first, second)}
    value = federated.cookie(names[second["state"]])
    assert value
    federated.client.set_cookie(names[first["state"]], value)
    assert finish(federated, provider, first) is None
    assert finish(federated, provider, second) == "/wiki/2"


def test_who_is_here_with_a_second_factor_stays_so(auth: Auth, federated: Browser, provider: Hostile) -> None:
    user = make(auth)
    auth.federation.link(user, "mock", {"sub": "s"}, HERE)
    flow = begin(federated, "/wiki/late")
    federated.log_in()
    with auth.store.write() as connection:
        connection.exec_driver_sql("UPDATE users SET totp = 'x'")
    session = federated.cookie()
    assert finish(federated, provider, flow) == "/wiki/late"
    assert federated.cookie() == session
    assert federated.get("/auth/account").status_code == 200


def test_a_callback_without_any_cookie_says_so(federated: Browser, provider: Hostile) -> None:
    flow = begin(federated, "/wiki/x")
    federated.client._cookies.clear()
    page = federated.get(f"/auth/oidc/mock/callback?code=x&state={flow['state']}")
    assert page.status_code == 403
    assert "did not send back the cookie" in page.text
    assert 'href="/auth/login' in page.text

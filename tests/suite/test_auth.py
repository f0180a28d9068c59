"""auth works without nginx: logins, CSRF, handover, keys; and other applications are told who asks."""

import itertools
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from mergepoint.suite.application import Suite
from tests.auth.place import Visitor
from tests.auth.test_browser import ACCOUNT, PASSWORD, log_in, register
from tests.live.test_browser import ARGUMENTS
from tests.servers import Reply, need
from tests.suite.running import Command

NUMBERS = itertools.count(1)
ADDRESSES = (f"127.1.{number // 250}.{number % 250 + 1}" for number in NUMBERS)


@pytest.fixture
def ada(one_process: Command) -> Visitor:
    """Somebody who has just registered, from an address of their own."""
    visitor = Visitor(one_process, next(ADDRESSES))  # type: ignore[arg-type]
    name = f"ada{next(NUMBERS)}"
    made = visitor.request("POST", "/auth/register", {"name": name, "password": PASSWORD})
    assert made.status == 200, made.body
    visitor.name = name  # type: ignore[attr-defined]
    return visitor


def user(visitor: Visitor, **headers: str) -> Any:
    reply = visitor.request(
        "GET", "/toys/x", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    assert reply.status == 200, reply.body
    return reply.json["user"]


def test_an_application_is_told_who_asks_by_a_session(ada: Visitor, one_process: Command) -> None:
    told = user(ada)
    assert (told["name"], told["admin"], told["aud"]) == (ada.name, False, "toys")  # type: ignore[attr-defined]
    assert told["iss"] == one_process.url
    assert {"sub", "email", "email_verified", "iat", "exp"} <= told.keys()
    assert "scope" not in told
    assert user(ada, Cookie="") is None
    assert user(ada, Cookie="mergepoint=forged") is None
    ada.post("/auth/logout")
    assert user(ada) is None


def test_an_application_is_told_who_asks_by_a_key(ada: Visitor) -> None:
    good = ada.post("/auth/keys", {"name": "good", "scopes": ["toys", "auth"]}).json["secret"]
    other = ada.post("/auth/keys", {"name": "other", "scopes": ["jobs"]}).json["secret"]
    ada.cookies.clear()
    assert user(ada, Authorization=f"Bearer {good}")["scope"] == "toys auth"
    assert user(ada, Authorization=f"bearer {other}") is None
    for wrong in (f"{good}x", good[:-1], "x", ""):
        assert user(ada, Authorization=f"Bearer {wrong}") is None
    assert user(ada, Authorization="Basic YTpi") is None
    assert ada.request("GET", "/auth/me", headers={"Authorization": f"Bearer {good}"}).json["user"]["name"] == ada.name  # type: ignore[attr-defined]


def test_an_application_sees_neither_sessions_nor_keys(ada: Visitor) -> None:
    seen = ada.request("GET", "/toys/x", headers={"Cookie": f"a=1; mergepoint={ada.cookies['mergepoint']}; b=2"}).json
    assert seen["user"]["name"] == ada.name  # type: ignore[attr-defined]
    assert seen["environ"]["HTTP_COOKIE"] == "a=1; b=2"
    seen = ada.request("GET", "/toys/x", headers={"Authorization": f"Bearer {ada.cookies['mergepoint']}"}).json
    assert "HTTP_AUTHORIZATION" not in seen["environ"]


def test_nobody_says_who_they_are_themselves(ada: Visitor, one_process: Command) -> None:
    forged = dict.fromkeys(
        ("Mergepoint-Identity", "Mergepoint_Identity", "MERGEPOINT-POLICY", "X-Real-IP", "X-Forwarded-For"), "1.2.3.4"
    )
    seen = one_process.request("GET", "/toys/x", headers=forged)
    assert seen.json["user"] is None
    assert "1.2.3.4" not in seen.json["environ"].values()
    assert seen.json["environ"]["REMOTE_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize(
    "path", ["/auth/verify", "/auth/verify?x", "/auth//verify", "/auth%2Fverify", "/auth/%76erify"]
)
def test_decisions_are_not_for_clients(path: str, ada: Visitor) -> None:
    sent = {"Mergepoint-Policy": "user", "Mergepoint-Audience": "jobs", "Mergepoint_Policy": "user"}
    reply = ada.request("GET", path, headers=sent)
    assert (reply.status, reply.headers["Mergepoint-Identity"]) == (404, None)


def test_another_site_changes_nothing(ada: Visitor) -> None:
    form = {"name": "key", "scopes": "toys"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        assert ada.request("POST", "/auth/keys", form=form, headers=headers).status == 403
    token = ada.get("/auth/me").json["csrf"]
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert ada.request("POST", "/auth/keys", form=form | {"csrf": token}, headers=headers).status == 403
    assert ada.request("POST", "/auth/keys", form=form | {"csrf": token}).status in (200, 303)


def test_the_hosts_name_that_a_client_sends_decides_nothing(ada: Visitor) -> None:
    token = ada.get("/auth/me").json["csrf"]
    headers = {"Host": "evil.example", "Origin": "http://evil.example", "X-CSRF-Token": token}
    assert ada.request("POST", "/auth/keys", {"name": "x", "scopes": ["toys"]}, headers=headers).status == 403


def test_a_handover_is_good_once(ada: Visitor, one_process: Command) -> None:
    token = ada.post("/auth/handover", {"audience": "game"}).json["token"]
    body = json.dumps({"token": token, "audience": "game"}).encode()
    kind = {"Content-Type": "application/json"}
    first = one_process.request("POST", "/auth/handover/redeem", body, kind)
    assert first.status == 200
    assert one_process.request("POST", "/auth/handover/redeem", body, kind).status == 403


def guess(one_process: Command, name: str, source: str, claimed: str) -> Reply:
    body = json.dumps({"login": name, "password": "wrong"}).encode()
    headers = {"X-Real-IP": claimed, "X_Real_IP": claimed, "X-Forwarded-For": claimed, "Forwarded": f"for={claimed}",
               "Content-Type": "application/json"}  # fmt: skip
    return one_process.request("POST", "/auth/login", body, headers, source=source)


def test_guessing_is_slowed_by_the_peers_address_and_not_by_what_it_says(ada: Visitor, one_process: Command) -> None:
    name, source, other = ada.name, next(ADDRESSES), next(ADDRESSES)  # type: ignore[attr-defined]
    for number in range(14):  # more than one network may try at one account
        assert guess(one_process, name, source, f"203.0.113.{number}").status == 401
    slowed = Visitor(one_process, source).log_in(name, PASSWORD)  # type: ignore[arg-type]
    assert slowed.status == 401
    assert slowed.json["code"] == "invalid_login"
    assert Visitor(one_process, other).log_in(name, PASSWORD).status == 200  # type: ignore[arg-type]
    admin = Visitor(one_process, next(ADDRESSES))  # type: ignore[arg-type]
    assert admin.log_in("admin", one_process.first_password).status == 200
    audit = admin.request("GET", "/auth/audit?limit=100", headers={"Accept": "application/json"}).body.decode()
    assert source in audit
    assert "203.0.113." not in audit


def test_without_auth_nobody_is_known(whole: Suite) -> None:
    assert whole.user({"HTTP_AUTHORIZATION": "Bearer mp_x", "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http",
                       "SERVER_NAME": "x", "SERVER_PORT": "80"}) is None  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


def test_in_a_browser_the_box_of_another_application_logs_in_and_out(browser: Browser, one_process: Command) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    name = f"chromium{next(NUMBERS)}"
    register(one_process, page, name)  # type: ignore[arg-type]
    context.clear_cookies()
    page.goto(f"{one_process.url}/toys/page.html")
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/toys/page.html")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.goto(f"{one_process.url}/toys/who")
    assert f'"name": "{name}"' in page.content()
    page.goto(f"{one_process.url}/toys/page.html")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_focused()
    assert complaints == []
    context.close()


def test_in_a_browser_a_key_is_made_and_a_program_is_handed_the_session(browser: Browser, one_process: Command) -> None:
    context = browser.new_context()
    page = context.new_page()
    name = f"chromium{next(NUMBERS)}"
    register(one_process, page, name)  # type: ignore[arg-type]
    token = page.evaluate(
        """async () => {
            const {csrf} = await (await fetch('/auth/me')).json();
            const send = (path, body) => fetch(path, {method: 'POST', body: JSON.stringify(body),
                headers: {'Content-Type': 'application/json', 'X-CSRF-Token': csrf}}).then(reply => reply.json());
            return [await send('/auth/handover', {audience: 'game'}),
                await send('/auth/keys', {name: 'k', scopes: ['toys']})];
        }"""
    )
    body = json.dumps({"token": token[0]["token"], "audience": "game"}).encode()
    kind = {"Content-Type": "application/json"}
    assert one_process.request("POST", "/auth/handover/redeem", body, kind).status == 200
    seen = one_process.request("GET", "/toys/x", headers={"Authorization": f"Bearer {token[1]['secret']}"})
    assert seen.json["user"]["name"] == name
    page.goto(f"{one_process.url}/auth/account")
    page.get_by_role("button", name="Log out").first.click()
    page.wait_for_url(lambda url: not ACCOUNT.search(url))
    log_in(one_process, page, name)  # type: ignore[arg-type]
    page.wait_for_url(ACCOUNT)
    context.close()

"""In a real browser: where one is after logging in, with several tabs, without scripts, and what a script is told."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from mergepoint.auth.sessions.redirects import local
from tests.auth.place import Place
from tests.auth.test_browser import ACCOUNT, ARGUMENTS, PASSWORD, register
from tests.auth.test_comeback import RAW, second_factor
from tests.auth.test_redirects import SPELLINGS
from tests.servers import free_port, need, wait_for


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    url = f"http://localhost:{free_port()}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", url.rpartition(":")[2]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: requests.get(f"{url}/.well-known/openid-configuration", timeout=1).ok, seconds=30)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def here(nginx_present: None, provider: str) -> Iterator[Place]:
    oidc = {"mock": {"issuer": provider, "client_id": "us", "client_secret": "secret"}}
    place = Place(applications={"lab.conf": RAW}, AUTH_REGISTRATION="open", AUTH_OIDC=json.dumps(oidc)).start()
    place.user("ada")
    yield place
    place.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """One that runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    yield context
    context.close()


def fill(page: Page, name: str = "ada", password: str = PASSWORD) -> None:
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


ADDRESSES = [
    "/wiki/O'Brien_(x)?q[title]=x|y&u=https://e.com/a?b=1%262+3", "/wiki/Übersicht/email%40example.com/100%25",
    "/lab/group%2Fname//-/%E2%80%A6/x;y=1", "/wiki/" + "a%20b/" * 300,
]  # fmt: skip
MORE = [
    "/wiki/User:Ann", "/wiki/Python_(language)", "/wiki/O'Brien", "/wiki/100%25", "/wiki/?q[title]=x", "/wiki/?x=a|b",
    "/wiki/C%23?p=%2F..%2F", "/wiki/@ann", "/lab/%2F", "/lab/?x=//", "/wiki/?", "/wiki/?next=/wiki/",
]  # fmt: skip


@pytest.mark.parametrize("addresses", [ADDRESSES, pytest.param(MORE, marks=pytest.mark.long)], ids=["some", "more"])
def test_a_login_leads_to_what_was_asked_for_byte_for_byte(
    here: Place, context: BrowserContext, addresses: list[str]
) -> None:
    page = context.new_page()
    for address in addresses:
        context.clear_cookies()
        page.goto(f"{here.public_url}{address}")
        assert "/auth/login" in page.url
        here.application.seen.clear()
        fill(page)
        expect(page.get_by_text("Mergepoint-Identity")).to_be_visible()
        after = here.application.seen[0]["target"], page.url
        here.application.seen.clear()
        page.goto(f"{here.public_url}{address}")
        assert (here.application.seen[0]["target"], page.url) == after, address


def test_no_spelling_leads_a_browser_to_another_site(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{here.public_url}/auth/login")
    targets = [local(spelling) for spelling in SPELLINGS] + ["/lab//evil.example", "/lab/%2f/evil.example", "/a;//b"]
    read = "targets => targets.map(target => new URL(target, location.href).origin)"
    assert set(page.evaluate(read, targets)) == {here.public_url}


def test_a_fragment_survives_a_password_login_without_scripts(here: Place, plain: BrowserContext) -> None:
    page = plain.new_page()
    page.goto(f"{here.public_url}/wiki/long?x=1#part-2")
    fill(page, password="not that one, sorry")
    expect(page.get_by_role("alert")).to_be_visible()
    fill(page)
    page.wait_for_url("**/wiki/long?x=1#part-2")


def test_a_fragment_survives_a_second_factor_without_scripts(here: Place, plain: BrowserContext) -> None:
    codes = second_factor(here.user("fragment"))
    page = plain.new_page()
    page.goto(f"{here.public_url}/wiki/long#part-3")
    fill(page, "fragment")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/wiki/long#part-3")


def test_a_fragment_survives_the_user_box(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{here.public_url}/open/page.html?x=1#there")
    page.get_by_role("link", name="Log in").click()
    fill(page)
    page.wait_for_url("**/open/page.html?x=1#there")


def go_to_provider(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Log in with mock").click()
    page.wait_for_url("**/oauth2/authorize**")


def deny(page: Page) -> None:
    page.get_by_role("button", name="Deny").click()


def allow(page: Page, subject: str) -> None:
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize", exact=True).click()


def test_tabs_log_in_by_a_provider_beside_each_other(here: Place, context: BrowserContext) -> None:
    tabs = [context.new_page() for _ in range(3)]
    for number, tab in enumerate(tabs):
        go_to_provider(tab, f"{here.public_url}/wiki/tab{number}")
    for number, tab in enumerate(tabs):
        allow(tab, "several-tabs")
        tab.wait_for_url(f"**/wiki/tab{number}")
    assert not [cookie["name"] for cookie in context.cookies() if "oidc" in str(cookie["name"])]


def test_a_provider_leads_back_whatever_the_length(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    address = f"{here.public_url}/wiki/O'Brien?x=" + "a|b" * 1500
    go_to_provider(page, address)
    allow(page, "long")
    page.wait_for_url(address)


@pytest.mark.long
def test_eight_logins_at_once_are_kept_and_the_oldest_goes(here: Place, context: BrowserContext) -> None:
    tabs = [context.new_page() for _ in range(9)]
    for number, tab in enumerate(tabs):
        go_to_provider(tab, f"{here.public_url}/wiki/tab{number}")
    assert len([cookie for cookie in context.cookies() if "oidc" in str(cookie["name"])]) == 8
    allow(tabs[0], "nine-tabs")
    expect(tabs[0].get_by_role("alert")).to_contain_text("not begun in this browser")
    tabs[0].get_by_role("link", name="Log in").click()
    tabs[0].wait_for_url("**/auth/login**")
    allow(tabs[1], "nine-tabs")
    tabs[1].wait_for_url("**/wiki/tab1")
    allow(tabs[8], "nine-tabs")
    tabs[8].wait_for_url("**/wiki/tab8")


def test_who_gave_up_at_the_provider_may_log_in_otherwise(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    go_to_provider(page, f"{here.public_url}/wiki/elsewhere")
    deny(page)
    expect(page.get_by_role("alert")).to_contain_text("given up")
    page.get_by_role("link", name="Log in").click()
    fill(page)
    page.wait_for_url("**/wiki/elsewhere")


def test_an_application_gets_no_cookie_of_a_login_under_way(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    go_to_provider(page, f"{here.public_url}/wiki/x")
    other = context.new_page()
    context.add_cookies([{"name": "theirs", "value": "1", "url": here.public_url}])
    here.application.seen.clear()
    other.goto(f"{here.public_url}/open/x")
    [seen] = here.application.seen
    assert [value for name, value in seen["headers"] if name.lower() == "cookie"] == ["theirs=1"]


def test_whoever_is_logged_in_goes_where_they_wanted(here: Place, context: BrowserContext) -> None:
    old, other, new = context.new_page(), context.new_page(), context.new_page()
    old.goto(f"{here.public_url}/wiki/old")
    other.goto(f"{here.public_url}/wiki/other")
    new.goto(f"{here.public_url}/wiki/new")
    fill(new)
    new.wait_for_url("**/wiki/new")
    fill(old, password="whatever was typed")
    old.wait_for_url("**/wiki/old")
    other.get_by_role("link", name="Log in with mock").click()
    other.wait_for_url("**/wiki/other")
    new.reload()
    assert "Mergepoint-Identity" in new.content()  # still the same session


@pytest.mark.long
def test_somebody_else_logs_in_by_an_older_form(here: Place, context: BrowserContext) -> None:
    here.user("lin")
    old, new = context.new_page(), context.new_page()
    for page, address in ((old, "old"), (new, "new")):
        page.goto(f"{here.public_url}/wiki/{address}")
    fill(new)
    new.wait_for_url("**/wiki/new")
    fill(old, "lin", "not that one, sorry")
    expect(old.get_by_role("alert")).to_be_visible()
    fill(old, "lin")
    old.wait_for_url("**/wiki/old")
    old.goto(f"{here.public_url}/auth/account")
    expect(old.get_by_text("Log out lin")).to_be_visible()


def test_forms_opened_before_there_was_a_cookie_all_work(here: Place, context: BrowserContext) -> None:
    """As when a browser restores its tabs: each answer sets a cookie, and the last one stays."""
    first, second = context.new_page(), context.new_page()
    first.goto(f"{here.public_url}/wiki/first")
    context.clear_cookies()
    second.goto(f"{here.public_url}/wiki/second")
    fill(first)
    first.wait_for_url("**/wiki/first")
    fill(second)
    second.wait_for_url("**/wiki/second")


def test_a_second_factor_is_asked_for_once_in_two_tabs(here: Place, context: BrowserContext) -> None:
    codes = second_factor(here.user("twice"))
    first, second = context.new_page(), context.new_page()
    for page, address in ((first, "first"), (second, "second")):
        page.goto(f"{here.public_url}/wiki/{address}")
    for page in (first, second):
        fill(page, "twice")
        expect(page.get_by_label("Code")).to_be_visible()
    first.get_by_label("Code").fill(codes[0])
    second.get_by_label("Code").fill(codes[1])
    for page, address in ((second, "second"), (first, "first")):
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url(f"**/wiki/{address}")


def test_registering_leads_where_one_wanted(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{here.public_url}/wiki/O'Brien?x=a|b")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Name").fill("newcomer")
    page.get_by_label("Password").fill("short")
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url("**/wiki/O'Brien?x=a|b")


def test_a_login_without_cookies_says_so(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{here.public_url}/wiki/x")
    context.clear_cookies()
    fill(page)
    expect(page.get_by_role("alert")).to_contain_text("cookie")
    fill(page)  # they are allowed now
    page.wait_for_url("**/wiki/x")


FETCH = """async () => { const answer = await fetch("/wiki/data", {headers: {Accept: "text/html"}});
    return [answer.status, answer.redirected, answer.headers.get("WWW-Authenticate"), (await answer.json()).code]; }"""
XHR = """() => new Promise(done => { const request = new XMLHttpRequest(); request.open("POST", "/wiki/data");
    request.setRequestHeader("Accept", "text/html"); request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.onload = () => done([request.status, request.responseURL.includes("login"),
        request.getResponseHeader("WWW-Authenticate"), JSON.parse(request.responseText).code]);
    request.send("a=1"); })"""


@pytest.mark.parametrize("script", [FETCH, XHR], ids=["fetch", "XMLHttpRequest"])
def test_a_script_is_told_in_its_own_terms(here: Place, context: BrowserContext, script: str) -> None:
    page = context.new_page()
    page.goto(f"{here.public_url}/open/page.html")
    assert page.evaluate(script) == [401, False, 'Bearer realm="mergepoint"', "login_required"]


SEND = """() => { const form = document.createElement("form"); form.method = "post"; form.action = "/wiki/save";
    form.innerHTML = '<input name="text" value="a long letter">'; document.body.append(form); form.submit(); }"""


def test_what_was_typed_is_sent_again_after_a_login_in_another_tab(
    here: Place, context: BrowserContext, plain: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{here.public_url}/wiki/page.html")
    fill(page)
    page.wait_for_url("**/wiki/page.html")
    context.clear_cookies()  # the session ends while the form is filled in
    here.application.seen.clear()
    page.evaluate(SEND)
    expect(page.get_by_role("heading", name="Log in, then send again")).to_be_visible()
    assert here.application.seen == []
    with context.expect_page() as opened:
        page.get_by_role("link", name="Log in in another tab").click()
    fill(opened.value)
    opened.value.wait_for_url(ACCOUNT)
    page.reload()
    assert "a+long+letter" in page.content()
    [seen] = here.application.seen
    assert (seen["method"], seen["target"]) == ("POST", "/wiki/save")


def test_the_page_that_says_so_needs_no_script_and_reads_well(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{here.public_url}/open/page.html")
    with page.expect_navigation() as navigation:
        page.evaluate(SEND)
    assert navigation.value.status == 401
    assert page.title() == "Log in, then send again · Mergepoint"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == page.locator("main").count() == 1
    assert page.locator("script").count() == 0
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Log in in another tab")).to_be_focused()
    expect(page.get_by_text("not kept here")).to_be_visible()
    assert messages == []


def test_an_old_form_of_ours_offers_what_helps(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    register(here, page, "older")
    page.goto(f"{here.public_url}/auth/keys")
    context.clear_cookies()
    page.get_by_label("Name").fill("nightly")
    page.get_by_label("Scopes").fill("wiki")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_role("link", name="Open the page again")).to_be_visible()
    page.get_by_role("link", name="Log in").click()
    fill(page, "older")
    page.wait_for_url("**/auth/keys")

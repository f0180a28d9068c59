"""In a real browser: the user box on pages that are not ours, our pages with scripts and without, passkeys."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.auth.place import Place
from tests.live.test_browser import ARGUMENTS
from tests.servers import need

ACCOUNT = re.compile(r"://[^/]+/auth/account$")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def here(nginx_present: None) -> Iterator[Place]:
    """With the application's own port as another origin that may ask; by 127.0.0.1 it is one that may not."""
    place = Place(AUTH_REGISTRATION="open")
    place.environment["AUTH_ORIGINS"] = f"http://localhost:{place.application.port}"
    place.start()
    yield place
    place.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def register(place: Place, page: Page, name: str) -> None:
    page.goto(f"{place.public_url}/auth/register")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url(ACCOUNT)


def log_in(place: Place, page: Page, name: str) -> None:
    page.goto(f"{place.public_url}/auth/login")
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_the_box_on_a_page_of_an_application(here: Place, page: Page) -> None:
    page.goto(f"{here.public_url}/open/page.html")
    box = page.get_by_role("group", name="Your account")
    box.get_by_role("link", name="Log in").click()
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Name").fill("box.one")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url("**/open/page.html")
    expect(box.get_by_role("link", name="box.one")).to_be_visible()
    assert page.evaluate("window.told.name") == "box.one"
    box.get_by_role("button", name="Log out").click()
    expect(box.get_by_role("link", name="Log in")).to_be_focused()


def test_logging_in_by_the_box_leads_back_to_the_page(here: Place, page: Page) -> None:
    register(here, page, "back")
    page.context.clear_cookies()
    page.goto(f"{here.public_url}/open/page.html?x=1")
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Name or e-mail").fill("back")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/open/page.html?x=1")


def test_the_box_works_by_keyboard(here: Place, page: Page) -> None:
    register(here, page, "keys")
    page.goto(f"{here.public_url}/open/page.html")
    expect(page.get_by_role("link", name="keys")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="keys")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Log in")).to_be_focused()


def test_a_named_origin_shows_who_is_logged_in_and_another_does_not(here: Place, page: Page) -> None:
    register(here, page, "afar")
    port = here.application.port
    page.goto(f"http://localhost:{port}/page.html?at={here.public_url}")
    expect(page.get_by_role("link", name="afar")).to_be_visible()
    page.goto(f"http://127.0.0.1:{port}/page.html?at={here.public_url}")
    expect(page.get_by_text("Account unavailable")).to_be_visible()
    page.goto(f"http://localhost:{port}/page.html?at={here.public_url}")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_a_name_is_never_markup(here: Place, page: Page) -> None:
    page.route(
        "**/auth/me",
        lambda route: route.fulfill(
            json={"user": {"name": "<img src=x onerror=alert(1)>", "avatar": "javascript:alert(1)"}, "csrf": ""}
        ),
    )
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(f"{here.public_url}/open/page.html")
    expect(page.get_by_role("link", name="<img src=x onerror=alert(1)>")).to_be_visible()
    assert page.locator("mergepoint-userbox img[src=x]").count() == 0


def test_the_box_is_styled_by_variables(here: Place, page: Page) -> None:
    page.goto(f"{here.public_url}/open/page.html")
    link = page.get_by_role("link", name="Log in")
    page.add_style_tag(content="mergepoint-userbox { --userbox-accent: rgb(1, 2, 3) }")
    expect(link).to_have_css("color", "rgb(1, 2, 3)")


def test_every_page_works_without_scripts(here: Place, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    register(here, page, "plain")
    page.goto(f"{here.public_url}/auth/keys")
    page.get_by_label("Name").fill("nightly")
    page.get_by_label("Scopes").fill("wiki")
    page.get_by_role("button", name="Make a key").click()
    assert re.fullmatch(r"mp_[0-9A-Za-z]{36}", page.locator("output").inner_text())
    page.get_by_role("button", name="Revoke nightly").click()
    expect(page.get_by_text("You have no keys")).to_be_visible()
    page.goto(f"{here.public_url}/wiki/")
    assert '"Mergepoint-Identity"' in page.content()
    page.goto(f"{here.public_url}/auth/account")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/auth/login")
    context.close()


def test_no_page_breaks_its_own_policy(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text) if message.type == "error" else None)
    log_in_admin(here, page)
    for path in ("account", "sessions", "keys", "second-factor", "users", "audit", "logout", "docs"):
        page.goto(f"{here.public_url}/auth/{path}")
        assert page.locator("h1").count() == 1, path
    assert messages == []


def test_every_field_has_a_label_and_every_page_a_title_and_a_language(here: Place, page: Page) -> None:
    log_in_admin(here, page)
    for path in ("account", "sessions", "keys", "second-factor", "users", "audit"):
        page.goto(f"{here.public_url}/auth/{path}")
        assert page.title().endswith("Mergepoint")
        assert page.locator("html").get_attribute("lang") == "en"
        for field in page.locator("input:not([type=hidden]):not([hidden]), button").all():
            named = field.evaluate(
                "element => element.labels?.length || element.ariaLabel || element.textContent.trim()"
            )
            assert named, (path, field.evaluate("element => element.outerHTML"))


def log_in_admin(place: Place, page: Page) -> None:
    page.goto(f"{place.public_url}/auth/login")
    page.get_by_label("Name or e-mail").fill("admin")
    page.get_by_label("Password").fill(place.first_password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(ACCOUNT)


def test_a_passkey_is_added_and_asked_for(here: Place, context: BrowserContext) -> None:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    options |= {"hasResidentKey": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    register(here, page, "keyed")
    page.goto(f"{here.public_url}/auth/second-factor")
    form = page.locator("#add-passkey")
    form.get_by_label("Name").fill("this laptop")
    form.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#codes li")).to_have_count(10)
    page.goto(f"{here.public_url}/auth/account")
    page.get_by_role("button", name="Log out").click()
    log_in(here, page, "keyed")
    page.wait_for_url(re.compile("/auth/second-factor"))
    page.goto(f"{here.public_url}/wiki/")
    assert "/auth/login" in page.url  # the password alone opens nothing
    log_in(here, page, "keyed")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(ACCOUNT)
    page.goto(f"{here.public_url}/wiki/")
    assert '"Mergepoint-Identity"' in page.content()
    page.goto(f"{here.public_url}/auth/second-factor")
    page.get_by_role("button", name="Remove this laptop").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()

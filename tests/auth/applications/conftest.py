"""The site with real applications behind auth, and a browser to visit it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.auth.applications.running import NAMES, Site
from tests.auth.applications.verbatim import VerbatimPlace
from tests.live.test_browser import ARGUMENTS
from tests.servers import need


@pytest.fixture(scope="session")
def site(nginx_present: None) -> Iterator[Site]:
    """Django, Flask and Sinatra at /django/, /flask/ and /sinatra/, each for whoever is logged in."""
    site = Site().start()
    yield site
    site.stop()


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of each application."""
    return str(request.param)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


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


@pytest.fixture(scope="session")
def verbatim(nginx_present: None) -> Iterator[VerbatimPlace]:
    """The shipped nginx and auth with an application that says what a test tells it."""
    place = VerbatimPlace(TRUSTED_PROXIES="127.0.0.9").start()
    yield place
    place.stop()


@pytest.fixture(scope="module")
def shop(nginx_present: None) -> Iterator[VerbatimPlace]:
    """One whose public address is https://shop.example, and which trusts 127.0.0.9; auth is not needed."""
    place = VerbatimPlace(AUTH_PUBLIC_URL="https://shop.example", TRUSTED_PROXIES="127.0.0.9")
    place.start_nginx()
    yield place
    place.stop()

"""In Chromium: EventSource and WebSocket of a page behind the login, and how they end."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.auth.test_browser import PASSWORD, log_in
from tests.auth.test_streams import Streams
from tests.live.test_browser import ARGUMENTS
from tests.servers import need


@pytest.fixture
def streams(nginx_present: None) -> Iterator[Streams]:
    streams = Streams().start()
    yield streams
    streams.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        yield page
        browser.close()


@pytest.mark.long
def test_a_page_behind_the_login_has_streams_until_it_is_logged_out(streams: Streams, page: Page) -> None:
    place = streams.place
    place.user("browsing")
    log_in(place, page, "browsing")
    page.wait_for_url("**/auth/account")
    page.goto(f"{place.public_url}/live/page")
    page.wait_for_function("sockets.length == 1 && source.readyState == EventSource.OPEN")
    assert page.evaluate("sockets[0]") == "hello"
    for event in ("one", "two"):
        streams.events.send(event)
        page.wait_for_function(f"seen.at(-1) == '{event}'", timeout=2000)
    place.command("reset-password", "browsing")  # a link alone ends nothing
    ended = place.logged_in("browsing", PASSWORD).post("/auth/sessions", method="DELETE")
    assert ended.status == 200
    page.wait_for_function("window.code == 1006 && source.readyState == EventSource.CLOSED", timeout=20_000)
    assert page.evaluate("seen") == ["one", "two"]


@pytest.mark.long
def test_a_page_of_another_origin_opens_no_websocket(streams: Streams, page: Page) -> None:
    place = streams.place
    place.user("browsing")
    log_in(place, page, "browsing")
    page.wait_for_url("**/auth/account")
    page.goto(f"http://localhost:{streams.events.port}/x/page")  # the same site, so the cookie comes along
    page.evaluate(f"""() => {{
        const socket = new WebSocket("ws://localhost:{place.port}/sockets/echo");
        socket.onopen = () => {{ window.result = "open" }};
        socket.onclose = () => {{ window.result ??= "closed" }} }}""")
    assert page.wait_for_function("window.result").json_value() == "closed"
    assert streams.sockets.open == []

"""An avatar all the way: a picture somewhere, auth's link to it, the user box, and what thumbnail serves by nginx."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.auth.place import Place, Visitor
from tests.kit.sources import Server
from tests.live.test_browser import ARGUMENTS
from tests.servers import need
from tests.thumbnail import pictures

KEY, SALT = "736563726574", "68656c6c6f"
PHOTOGRAPH = pictures.file(pictures.flag(300, 200), "JPEG")
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(PHOTOGRAPH)}\r\n\r\n"


@pytest.fixture(scope="module")
def source() -> Iterator[Server]:
    """Where the picture is."""
    source = Server(HEAD.encode() + PHOTOGRAPH)
    yield source
    source.close()


@pytest.fixture(scope="module")
def here(nginx_present: None, source: Server) -> Iterator[Place]:
    place = Place(AUTH_THUMBNAIL_KEY=KEY, AUTH_THUMBNAIL_SALT=SALT)
    place.start()
    try:
        place.start_service("thumbnail", THUMBNAIL_KEYS=KEY, THUMBNAIL_SALTS=SALT, THUMBNAIL_SOURCES=source.url)
        yield place
    finally:
        place.stop()


@pytest.fixture
def ada(here: Place, source: Server) -> Visitor:
    visitor = here.logged_in()
    assert visitor.post("/auth/account/picture", {"picture": f"{source.url}/ada.jpg"}).status == 200
    return visitor


def test_the_link_of_an_avatar_leads_to_a_small_picture(here: Place, ada: Visitor) -> None:
    link = ada.get("/auth/me").json["user"]["avatar"]
    reply = here.visitor().get(link)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/webp")
    small = pictures.opened(reply.body)
    assert small.size == (56, 56)
    assert small.getpixel((5, 5))[0] > 200  # red, as the picture's first quarter


def test_nobody_makes_a_link_to_another_picture(here: Place, ada: Visitor, source: Server) -> None:
    link = ada.get("/auth/me").json["user"]["avatar"]
    asked = len(source.seen)
    assert here.visitor().get(link.replace("rs:fill:56:56", "rs:fill:5600:5600")).status == 403
    assert len(source.seen) == asked


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


def test_the_user_box_and_the_account_show_it(here: Place, ada: Visitor, browser: Browser, source: Server) -> None:
    with browser.new_context() as context:
        context.add_cookies([{"name": "mergepoint", "value": ada.cookies["mergepoint"], "url": here.public_url}])
        page = context.new_page()
        for path, picture in (("/open/page.html", "[part=avatar]"), ("/auth/account", "main img")):
            page.goto(here.public_url + path)
            image = page.locator(f"img{picture}" if picture.startswith("[") else picture)
            expect(image).to_be_visible()
            page.wait_for_function("image => image.complete && image.naturalWidth === 56", arg=image.element_handle())


def test_without_the_picture_the_box_shows_an_initial(here: Place, ada: Visitor, browser: Browser) -> None:
    ada.post("/auth/account/picture", {"picture": "http://127.0.0.1:9/none.jpg"})
    with browser.new_context() as context:
        context.add_cookies([{"name": "mergepoint", "value": ada.cookies["mergepoint"], "url": here.public_url}])
        page = context.new_page()
        page.goto(f"{here.public_url}/open/page.html")
        expect(page.locator("span[part=avatar]")).to_have_text("A")

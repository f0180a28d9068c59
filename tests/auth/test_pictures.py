"""Avatars: links that the thumbnail service believes, of pictures that users name."""

import base64
import hashlib
import hmac

import pytest

from mergepoint.auth import Auth
from mergepoint.auth.accounts.pictures import avatar
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.visitors import Browser, make

KEY, SALT = "736563726574", "68656c6c6f"
PICTURE = "https://images.example.com/ada.jpg?size=1"


@pytest.fixture
def browser(auth: Auth) -> Browser:
    settings = Settings(
        state=auth.folder, public_url="http://localhost", thumbnail_key=KEY, thumbnail_salt=SALT
    )  # fmt: skip
    make(auth)
    browser = Browser(create_app(settings, auth))
    browser.log_in()
    return browser


def me(browser: Browser) -> dict[str, str | None]:
    user: dict[str, str | None] = browser.client.get("/auth/me").get_json()["user"]
    return user


def test_the_link_is_signed_as_imgproxy_has_it(browser: Browser) -> None:
    assert me(browser)["avatar"] is None
    browser.get("/auth/account")
    assert browser.submit("/auth/account/picture", picture=PICTURE).status_code == 303
    service, signature, path = str(me(browser)["avatar"])[1:].split("/", 2)
    assert service == "thumbnail"
    expected = hmac.digest(bytes.fromhex(KEY), bytes.fromhex(SALT) + f"/{path}".encode(), hashlib.sha256)
    assert base64.urlsafe_b64decode(signature + "=") == expected
    source = path.rpartition("/")[2].removesuffix(".webp")
    assert base64.urlsafe_b64decode(source + "=" * (-len(source) % 4)).decode() == PICTURE


def test_a_picture_is_taken_away_again(browser: Browser) -> None:
    browser.send("POST", "/auth/account/picture", {"picture": PICTURE})
    browser.send("POST", "/auth/account/picture", {})
    assert me(browser)["picture"] is None


@pytest.mark.parametrize(
    "picture", ["javascript:alert(1)", "data:x", "//x", "https://a b", "https://ü.de/x", "https://x\n"]
)
def test_a_picture_has_a_plain_address(browser: Browser, picture: str) -> None:
    assert browser.send("POST", "/auth/account/picture", {"picture": picture}).status_code == 422


def test_without_a_key_there_is_no_avatar() -> None:
    assert avatar(PICTURE, b"", b"") is None

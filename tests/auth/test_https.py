"""A site that browsers see by https: its cookie is for this host alone, and works through nginx as the plain one."""

from collections.abc import Iterator

import pytest

from tests.auth.place import Place, header

COOKIE = "__Host-mergepoint"


@pytest.fixture(scope="module")
def place(nginx_present: None) -> Iterator[Place]:
    place = Place(AUTH_PUBLIC_URL="https://example.com")
    place.start()
    yield place
    place.stop()


def test_the_cookie_lets_in_and_stays_with_us(place: Place) -> None:
    visitor = place.logged_in()
    assert set(visitor.cookies) == {COOKIE}
    reply = visitor.get("/wiki/")
    assert reply.status == 200
    assert header(reply, "Mergepoint-Identity")
    assert header(reply, "Cookie") == []
    assert visitor.post("/auth/logout").status == 200
    assert visitor.cookies == {}


def test_it_has_every_attribute_that_guards_it(place: Place) -> None:
    reply = place.visitor().log_in("admin", place.first_password)
    attributes = {part.strip().partition("=")[0] for part in reply.headers["Set-Cookie"].split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite", "Path", "Max-Age"} <= attributes
    assert "Domain" not in attributes
    assert "Path=/;" in reply.headers["Set-Cookie"] + ";"
    assert "SameSite=Lax" in reply.headers["Set-Cookie"]


def test_the_plain_cookie_is_none_here(place: Place) -> None:
    token = place.logged_in().token
    assert place.request("GET", "/wiki/", None, {"Cookie": f"mergepoint={token}"}).status == 401
    assert place.request("GET", "/wiki/", None, {"Cookie": f"{COOKIE}={token}"}).status == 200


def test_a_dead_one_is_taken_away_as_browsers_want_it(place: Place) -> None:
    reply = place.request("GET", "/maybe/", None, {"Cookie": f"{COOKIE}=ms_dead"})
    assert reply.status == 200
    [gone] = reply.headers.get_all("Set-Cookie", [])
    assert gone.startswith(f"{COOKIE}=;")
    assert {"Secure", "Path=/", "Max-Age=0"} <= {part.strip() for part in gone.split(";")}


def test_a_form_is_believed_from_there_alone(place: Place) -> None:
    visitor = place.logged_in()
    token = visitor.get("/auth/me").json["csrf"]
    for origin, status in (("https://example.com", 200), ("http://example.com", 403), ("https://evil.example", 403)):
        headers = {"X-CSRF-Token": token, "Origin": origin}
        assert visitor.request("POST", "/auth/keys", {"name": "x", "scopes": ["x"]}, headers=headers).status == status

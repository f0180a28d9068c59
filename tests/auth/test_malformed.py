"""Cookies and Authorization headers as nobody should send them: nobody is let in, and nobody is locked out."""

import pytest

from tests.auth.place import Place
from tests.auth.raw import exchange, get, status

# What nginx does with it, before any database is asked.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)

COOKIES = [
    b"", b";", b"=", b"==", b";;;;", b"mergepoint", b"mergepoint;", b"=ms_x", b"mergepoint==", b'mergepoint="',
    b'mergepoint="ms_x"', b"mergepoint=ms_x=", b"mergepoint = ms_x", b"mergepoint=ms_x; mergepoint=ms_y",
    b"MERGEPOINT=ms_x", b"$Version=1; mergepoint=ms_x; $Path=/", b"mergepoint=ms_x, mergepoint=ms_y",
    b"__Host-mergepoint=ms_x", b"__host-mergepoint=ms_x", b"mergepoint=\xff\xfe", b"mergepoint=\x01",
    b"mergepoint=\x7f", b"mergepoint=\t", b"m\xe9rgepoint=x", b"\xff=\xff", b"mergepoint=%00",
    b"mergepoint=%0d%0aSet-Cookie:a=b",
    b"mergepoint=" + b"a" * 7000, b"a=" + b"b" * 7000, b"; ".join(b"c%d=x" % number for number in range(500)),
    b"mergepoint=ms_" + b"A" * 43, b"mergepoint=mp_" + b"a" * 36, b"mergepoint=null", b"mergepoint={}",
    b"mergepoint='; DROP TABLE sessions; --", b"mergepoint-form=x; mergepoint-oidc=y",
]  # fmt: skip
AUTHORIZATIONS = [
    "", "Bearer", "Bearer ", "bearer x", "BEARER x", "Bearer  x", "Bearer x y", "Bearer\tx", "Basic", "Basic x",
    "Basic eDp4", "Digest a=b", "Token x", "mp_x", "Bearer mp_" + "\xff" * 36, "Bearer " + "a" * 7000, "Bearer null",
    "Bearer a.b.c", ",", "Bearer ,", "Bearer ms_" + "A" * 43, "Negotiate x", "Bearer \x7f", "Bearer \xa0",
]  # fmt: skip
ANYBODY = ("/maybe/", "/open/", "/auth/me", "/auth/login")


def with_cookies(place: Place, path: str, *values: bytes) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode()
    return exchange(place, head + b"".join(b"Cookie: " + value + b"\r\n" for value in values) + b"\r\n")


@pytest.mark.parametrize("cookie", COOKIES, ids=lambda cookie: repr(cookie[:24]))
def test_a_malformed_cookie_is_none(place: Place, cookie: bytes) -> None:
    assert status(with_cookies(place, "/wiki/", cookie)) == 401
    for path in ANYBODY:
        assert status(with_cookies(place, path, cookie)) == 200, path


def test_malformed_cookies_of_others_do_not_log_anybody_out(place: Place) -> None:
    own = b"mergepoint=" + place.user("cookie").token.encode()
    for cookie in (b"\xff=\xff", b"a", b";;", b'b="', b"c=\x01", b"mergepointx=y", b"d=" + b"e" * 3000):
        assert status(with_cookies(place, "/wiki/", cookie + b"; " + own)) == 200
        assert status(with_cookies(place, "/wiki/", own + b"; " + cookie)) == 200


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("value", AUTHORIZATIONS, ids=lambda value: repr(value[:24]))
def test_a_malformed_authorization_lets_nobody_in(place: Place, value: str, times: int) -> None:
    lines = [f"Authorization: {value}"] * times
    for path in ("/wiki/", "/auth/keys"):
        assert status(get(place, path, *lines)) in (400, 401), path
    for path in ("/maybe/", "/open/", "/auth/me"):
        assert status(get(place, path, *lines)) in (200, 400, 401), path

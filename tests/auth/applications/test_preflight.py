"""Preflights (CORS) are answered by the application, where its location says so; nothing else passes unasked."""

import pytest

from tests.auth.applications.verbatim import VerbatimPlace
from tests.auth.raw import get, status

ASKS = ["Origin: https://pages.example", "Access-Control-Request-Method: PUT"]
ALLOWS = ["Access-Control-Allow-Origin: https://pages.example", "Access-Control-Allow-Methods: PUT", "Vary: Origin"]


def ask(place: VerbatimPlace, path: str, *lines: str, method: str = "OPTIONS", body: bytes = b"") -> bytes:
    place.verbatim.seen.clear()
    place.verbatim.say(*ALLOWS, status="204 No Content", body=b"")
    return get(place, path, *lines, method=method, body=body)


def test_it_reaches_the_application_without_credentials(verbatim: VerbatimPlace) -> None:
    received = ask(verbatim, "/cors/x", *ASKS, "Access-Control-Request-Headers: x-a, x-b", "Cookie: a=1")
    assert status(received) == 204
    assert all(line.encode() in received for line in ALLOWS)
    assert verbatim.verbatim.values("Access-Control-Request-Headers") == ["x-a, x-b"]
    assert verbatim.verbatim.values("Origin") == ["https://pages.example"]


def test_it_carries_nobodys_identity_even_if_it_brings_one(verbatim: VerbatimPlace) -> None:
    token = verbatim.ada.token
    lies = [f"Cookie: mergepoint={token}; other=1", "Authorization: Basic YTpi", "Mergepoint-Identity: a.b.c"]
    assert status(ask(verbatim, "/cors/x", *ASKS, *lies)) == 204
    names = {name for name, _ in verbatim.verbatim.headers()}
    assert not names & {"cookie", "authorization", "mergepoint-identity"}


@pytest.mark.parametrize(
    ("method", "lines", "body"),
    [
        ("OPTIONS", [], b""),
        ("OPTIONS", ASKS[:1], b""),
        ("OPTIONS", ASKS[1:], b""),
        ("OPTIONS", ["Origin:", ASKS[1]], b""),
        ("OPTIONS", [ASKS[0], "Access-Control-Request-Method:"], b""),
        ("OPTIONS", [ASKS[0], "Access-Control-Request-Method: PUT x"], b""),
        ("OPTIONS", [*ASKS, "Content-Length: 1"], b"x"),
        ("OPTIONS", [*ASKS, "Transfer-Encoding: chunked"], b"1\r\nx\r\n0\r\n\r\n"),
        ("OPTIONS", [*ASKS, "Upgrade: websocket", "Connection: upgrade"], b""),
        ("OPTIONS", [*ASKS, "Upgrade: h2c"], b""),
        ("GET", ASKS, b""),
        ("HEAD", ASKS, b""),
        ("POST", ASKS, b""),
        ("DELETE", ASKS, b""),
        ("options", ASKS, b""),
        ("POST", [*ASKS, "X-HTTP-Method-Override: OPTIONS"], b""),
    ],
)
def test_whatever_is_no_preflight_is_guarded(
    verbatim: VerbatimPlace, method: str, lines: list[str], body: bytes
) -> None:
    assert status(ask(verbatim, "/cors/x", *lines, method=method, body=body)) in (400, 401, 405)
    assert verbatim.verbatim.seen == []


def test_a_location_that_does_not_say_so_is_guarded(verbatim: VerbatimPlace) -> None:
    assert status(ask(verbatim, "/closed/x", *ASKS)) == 401
    assert verbatim.verbatim.seen == []


@pytest.mark.parametrize("path", ["/cors/../backstage/x", "/cors/%2e%2e/x", "/cors//x", "/cors/x%00"])
def test_its_path_is_looked_at_as_ever(verbatim: VerbatimPlace, path: str) -> None:
    assert status(ask(verbatim, path, *ASKS)) in (400, 401, 404)
    assert verbatim.verbatim.seen == []


def test_who_is_logged_in_asks_options_as_themselves(verbatim: VerbatimPlace) -> None:
    assert status(ask(verbatim, "/cors/x", f"Cookie: mergepoint={verbatim.ada.token}")) == 204
    assert verbatim.verbatim.values("Mergepoint-Identity")

"""How a body is framed never changes what it is, for auth's own pages and for applications; large ones too."""

import hashlib
import itertools
import json
from collections.abc import Iterator

import pytest

from tests.auth.applications.places import example
from tests.auth.applications.streams import Events
from tests.auth.place import Place
from tests.auth.raw import exchange, status

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def events() -> Iterator[Events]:
    events = Events()
    yield events
    events.stop()


@pytest.fixture(scope="module")
def here(nginx_present: None, events: Events) -> Iterator[Place]:
    """With two applications that take what arrives: of the usual size, and of up to 50 MB."""
    address = f"127.0.0.1:{events.port}"
    place = Place(
        applications={
            "small.conf": example("small", address),
            "large.conf": example("large", address, lines="client_max_body_size 50m;"),
        }
    ).start()
    yield place
    place.stop()


@pytest.fixture(scope="module")
def token(here: Place) -> str:
    return here.logged_in().token


def chunked(body: bytes, size: int = 7000, trailer: bytes = b"") -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x;x=y\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"


def message(method: str, path: str, body: bytes, *lines: str, framing: str, version: str = "1.1") -> bytes:
    """Return a request with *body* in one of the ways that HTTP has for it."""
    head = [f"{method} {path} HTTP/{version}", "Host: localhost", "Connection: close", *lines]
    if framing == "length":
        head.append(f"Content-Length: {len(body)}")
    elif framing == "expect":
        head += [f"Content-Length: {len(body)}", "Expect: 100-continue"]
    elif framing == "trailer":
        head += ["Transfer-Encoding: chunked", "Trailer: X-User"]
        body = chunked(body, trailer=b"X-User: root\r\nContent-Length: 1\r\n")
    elif framing == "chunked":
        head.append("Transfer-Encoding: chunked")
        body = chunked(body)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def answer(received: bytes) -> bytes:
    """Return the body of the last answer, past `100 Continue`."""
    while received.startswith(b"HTTP/1.1 100"):
        received = received.partition(b"\r\n\r\n")[2]
    return received


FRAMINGS = ["length", "expect", "chunked", "trailer"]
BODIES = {"nothing": b"", "short": b"a=1&b=2", "in pieces": b"0123456789" * 3000, "600 KB": b"x" * 600_000}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS", "PROPFIND"])
def test_an_application_gets_the_body_that_was_sent(
    here: Place, events: Events, token: str, method: str, framing: str
) -> None:
    for body in BODIES.values():
        sent = message(method, "/large/x", body, f"Authorization: Bearer {token}", framing=framing)
        received = answer(exchange(here, sent))
        assert status(received) == 200, (received[:300], len(body))
        seen = events.requests[-1]
        assert (seen["method"], seen["length"]) == (method, len(body))
        assert seen["sha256"] == hashlib.sha256(body).hexdigest()
        assert not {"Transfer-Encoding", "Trailer", "X-User", "Expect"} & seen["headers"].keys()


def test_an_old_client_may_send_a_body(here: Place, events: Events, token: str) -> None:
    bearer = f"Authorization: Bearer {token}"
    received = exchange(here, message("POST", "/small/x", b"old", bearer, framing="length", version="1.0"))
    assert status(received) == 200
    assert events.requests[-1]["length"] == 3


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_login_may_be_framed_in_any_way(here: Place, framing: str) -> None:
    body = json.dumps({"login": "admin", "password": here.first_password}).encode()
    sent = message("POST", "/auth/login", body, "Content-Type: application/json", framing=framing)
    assert status(answer(exchange(here, sent))) == 200


@pytest.mark.parametrize("framing", FRAMINGS)
def test_auth_takes_changes_framed_in_any_way(here: Place, token: str, framing: str) -> None:
    lines = ("Content-Type: application/json", "Accept: application/json", f"Authorization: Bearer {token}")
    body = json.dumps({"name": "a key", "scopes": ["jobs"]}).encode()
    received = answer(exchange(here, message("POST", "/auth/keys", body, *lines, framing=framing)))
    assert status(received) == 200, received
    key = json.loads(received.partition(b"\r\n\r\n")[2])["key"]
    sent = message("DELETE", f"/auth/keys/{key['id']}", b"{}", *lines, framing=framing)
    assert status(answer(exchange(here, sent))) == 200


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_body_that_is_too_large_for_auth_is_413(here: Place, framing: str) -> None:
    sent = message("POST", "/auth/login", b" " * 70_000, "Content-Type: application/json", framing=framing)
    assert status(answer(exchange(here, sent))) == 413


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_location_takes_what_it_says_and_no_more(here: Place, events: Events, token: str, framing: str) -> None:
    bearer = f"Authorization: Bearer {token}"
    for path, size, expected in [
        ("/small/x", 500_000, 200), ("/small/x", 600_000, 413), ("/large/x", 20 * MEGABYTE, 200),
        ("/large/x", 51 * MEGABYTE, 413),
    ]:  # fmt: skip
        sent = message("POST", path, b"u" * size, bearer, framing=framing)
        assert status(answer(exchange(here, sent))) == expected, (path, size)
        if expected == 200:
            assert events.requests[-1]["length"] == size


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_who_may_not_upload_is_told_why(here: Place, events: Events, token: str, framing: str) -> None:
    """Not 413, and not 500: no page of ours has a size of its own."""
    visitor = here.logged_in()
    key = visitor.post("/auth/keys", {"name": "k", "scopes": ["other"]}).json["secret"]
    before = len(events.requests)
    for lines, expected in [
        ((), 401),
        (("Authorization: Bearer ms_bad",), 401),
        ((f"Authorization: Bearer {key}",), 403),
    ]:
        for path in ("/large/x", "/small/x"):
            sent = message("POST", path, b"u" * 600_000, *lines, framing=framing)
            received = answer(exchange(here, sent))
            # Of the usual size a declared length is looked at first.
            too_large = path == "/small/x" and framing == "length"
            assert status(received) == (413 if too_large else expected), (lines, received[:200])
    assert len(events.requests) == before


def test_an_upload_while_auth_is_away_is_503(nginx_present: None, events: Events) -> None:
    address = f"127.0.0.1:{events.port}"
    place = Place(applications={"large.conf": example("large", address, lines="client_max_body_size 50m;")}).start()
    try:
        place.stop_auth()
        sent = message("POST", "/large/x", b"u" * 600_000, "Authorization: Bearer ms_x", framing="length")
        received = answer(exchange(place, sent))
        assert status(received) == 503
        assert b"problem+json" in received
    finally:
        place.stop()


BOTH = ["Content-Length: 6", "Transfer-Encoding: chunked"]
SMUGGLING = {
    "both": BOTH,
    "both, the other way round": BOTH[::-1],
    "both, in other case": ["content-length: 6", "TRANSFER-ENCODING: CHUNKED"],
    "two lengths": ["Content-Length: 6", "Content-Length: 60"],
    "two equal lengths": ["Content-Length: 6", "Content-Length: 6"],
    "a list of lengths": ["Content-Length: 6, 60"],
    "a signed length": ["Content-Length: +6"],
    "a negative length": ["Content-Length: -6"],
    "a length in hexadecimal": ["Content-Length: 0x6"],
    "two encodings": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    "chunked twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "a list of encodings": ["Transfer-Encoding: identity, chunked"],
    "compressed and chunked": ["Transfer-Encoding: gzip, chunked"],
    "an unknown encoding": ["Transfer-Encoding: xchunked"],
    "a blank before the colon": ["Transfer-Encoding : chunked"],
    "a folded line": ["Transfer-Encoding:\r\n chunked"],
    "a vertical tab": ["Transfer-Encoding: \x0bchunked"],
}
INNER = b"GET /small/smuggled HTTP/1.1\r\nHost: localhost\r\nX-Inner: 1\r\n\r\n"


@pytest.mark.parametrize("what", SMUGGLING)
def test_a_request_with_two_readings_is_refused(here: Place, events: Events, token: str, what: str) -> None:
    bearer = f"Authorization: Bearer {token}"
    for path, stream in itertools.product(["/small/x", "/auth/login"], [[], ["Accept: text/event-stream"]]):
        before = len(events.requests)
        head = [f"POST {path} HTTP/1.1", "Host: localhost", bearer, *stream, *SMUGGLING[what]]
        received = exchange(here, "\r\n".join(head).encode("latin-1") + b"\r\n\r\n0\r\n\r\n" + INNER)
        assert status(received) in (400, 501), (what, received[:200])
        assert not any("smuggled" in seen["path"] for seen in events.requests[before:])


def test_an_old_client_sends_no_chunks(here: Place, token: str) -> None:
    sent = message("POST", "/small/x", b"x", f"Authorization: Bearer {token}", framing="chunked", version="1.0")
    assert status(exchange(here, sent)) == 400


@pytest.mark.parametrize(
    "body", [b"zz\r\nx\r\n0\r\n\r\n", b"-1\r\n\r\n", b"ffffffffffffffff1\r\nx", b"5\r\nabc0\r\n\r\n"]
)
def test_chunks_that_are_none_are_refused(here: Place, events: Events, token: str, body: bytes) -> None:
    before = len(events.requests)
    for path in ("/small/x", "/auth/login"):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
        received = exchange(here, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        assert status(received) in (400, 408, 413), received[:200]
    assert len(events.requests) == before

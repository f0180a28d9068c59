"""What a client says of itself in headers, in whatever way, never arrives; and what hides in a body is no request."""

import json
import re

import pytest

from tests.auth.claims import NAMES
from tests.auth.place import Place, header
from tests.auth.raw import exchange, get

# What nginx does with it, before any database is asked.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)


def told(place: Place) -> str:
    """All that the application was sent since this was last asked."""
    seen = json.dumps(place.application.seen)
    place.application.seen.clear()
    return seen


def test_no_header_that_somebody_believes_arrives(place: Place) -> None:
    told(place)
    for path in ("/open/", "/maybe/"):
        for start in range(0, len(NAMES), 60):
            lies = dict.fromkeys(NAMES[start : start + 60], "root-in-disguise")
            assert place.request("GET", path, None, lies).status == 200
    assert "root-in-disguise" not in told(place)


@pytest.mark.parametrize(
    "lines",
    [
        ["Mergepoint-Identity: a.b.root", "Mergepoint-Identity: a.b.root"],
        ["mergepoint-identity: a.b.root", "MERGEPOINT-IDENTITY: a.b.root"],
        ["Mergepoint_Identity: a.b.root"],
        ["Mergepoint.Identity: a.b.root"],
        ["Mergepoint-Identity : a.b.root"],
        [" Mergepoint-Identity: a.b.root"],
        ["X-Other: x", " Mergepoint-Identity: a.b.root"],
        ["Mergepoint-Identity:\ta.b.root"],
        ["Mergepoint-Identity\x00: a.b.root"],
        ["Mergepoint-Identity\xa0: a.b.root"],
        ["\xadMergepoint-Identity: a.b.root"],
        ["X: y\rMergepoint-Identity: a.b.root"],
        ["X: y\nMergepoint-Identity: a.b.root"],
        ["Connection: Mergepoint-Identity", "Mergepoint-Identity: a.b.root"],
        ["Connection: close, X-Real-IP, Mergepoint-Identity", "X-Auth-User: a.b.root"],
        ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", "Mergepoint-Identity: a.b.root"],
        ["HTTP_MERGEPOINT_IDENTITY: a.b.root"],
        ["HTTP-Mergepoint-Identity: x", "SCRIPT_NAME: a.b.root", "REMOTE_USER: a.b.root"],
    ],
)
def test_no_spelling_of_a_header_arrives(place: Place, lines: list[str]) -> None:
    told(place)
    for path in ("/open/", "/maybe/"):
        get(place, path, *lines)
    for seen in json.loads(told(place)):
        assert not [value for name, value in seen["headers"] if "root" in value and name != "X"]


def test_the_true_identity_is_not_taken_away_by_connection(place: Place) -> None:
    visitor = place.logged_in()
    lies = {"Connection": "Mergepoint-Identity, X-Real-IP, Host", "Mergepoint-Identity": "a.b.root"}
    reply = visitor.request("GET", "/wiki/", headers=lies)
    [identity] = header(reply, "Mergepoint-Identity")
    assert identity != "a.b.root"
    assert header(reply, "X-Real-IP") == ["127.0.0.1"]


def test_trailers_do_not_arrive(place: Place) -> None:
    told(place)
    body = b"1\r\nx\r\n0\r\nMergepoint-Identity: a.b.root\r\nRemote-User: root\r\n\r\n"
    get(place, "/open/", "Transfer-Encoding: chunked", "Trailer: Mergepoint-Identity", body=body, method="POST")
    assert "root" not in told(place)


SMUGGLED = b"GET /backstage/ HTTP/1.1\r\nHost: x\r\nMergepoint-Identity: a.b.root\r\n\r\n"
LENGTHS = [
    [f"Content-Length: {len(SMUGGLED)}", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Content-Length: 0"],
    ["Content-Length: 0", f"Content-Length: {len(SMUGGLED)}"],
    [f"Content-Length: +{len(SMUGGLED)}"],
    ["Content-Length: 0x10"],
    ["Content-Length: 0, 5"],
    ["Content-Length: -1"],
    ["Content-Length: 5\r\n\t5"],
    ["Transfer-Encoding: xchunked"],
    ["Transfer-Encoding: chunked, identity"],
    ["Transfer-Encoding : chunked"],
    ["Transfer-Encoding:\x0bchunked"],
    ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"],
    ["Transfer_Encoding: chunked"],
]


@pytest.mark.parametrize("lines", LENGTHS)
def test_what_hides_in_a_body_is_no_request_of_its_own(place: Place, lines: list[str]) -> None:
    """However the length is told: the application never sees a second request that nobody was asked about."""
    told(place)
    for body in (SMUGGLED, b"0\r\n\r\n" + SMUGGLED):
        head = "\r\n".join(["POST /open/ HTTP/1.1", "Host: localhost", *lines]).encode("latin-1")
        received = exchange(place, head + b"\r\n\r\n" + body + b"GET /auth/health HTTP/1.0\r\n\r\n")
        assert not re.search(rb"HTTP/1\.1 (?:500|502|504)", received)
    for seen in json.loads(told(place)):
        assert not seen["target"].startswith("/backstage")
        assert ["Mergepoint-Identity", "a.b.root"] not in seen["headers"]


@pytest.mark.parametrize(
    "path", ["/auth/login", "/auth/account", "/auth/me", "/auth/nothing", "/auth/jwks.json", "/wiki/"]
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_our_own_answers_say_each_header_once(place: Place, path: str, accept: str) -> None:
    names = [name.lower() for name in place.request("GET", path, None, {"Accept": accept}).headers]
    once = [name for name in names if name != "set-cookie"]
    assert sorted(once) == sorted(set(once))

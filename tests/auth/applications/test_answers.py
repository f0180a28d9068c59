"""What an application behind auth says arrives as it was said, once, and only two headers of ours beside it."""

import time
from email.utils import parsedate_to_datetime

import pytest

from tests.auth.applications.verbatim import VerbatimPlace
from tests.auth.raw import get

# Each as an application says it, some of them several times.
SAID = """
Accept-CH: Sec-CH-UA-Model
Accept-Patch: application/json
Accept-Ranges: bytes
Access-Control-Allow-Credentials: true
Access-Control-Allow-Headers: X-Custom
Access-Control-Allow-Methods: PUT, PATCH
Access-Control-Allow-Origin: https://pages.example
Access-Control-Expose-Headers: X-Total
Access-Control-Max-Age: 17
Age: 3
Allow: GET, HEAD
Alt-Svc: h3=":443"
Cache-Control: public, max-age=60
Cache-Control: immutable
Cache-Status: theirs; hit
CDN-Cache-Control: max-age=600
Clear-Site-Data: "cache"
Content-Disposition: attachment; filename="a.txt"
Content-Encoding: gzip
Content-Language: mi, en
Content-Location: /said/other
Content-Security-Policy: default-src 'self'
Content-Security-Policy: frame-ancestors 'none'
Content-Security-Policy-Report-Only: default-src 'none'
Content-Type: text/html
Cross-Origin-Embedder-Policy: require-corp
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-site
DAV: 1, 2
Date: Sun, 06 Nov 1994 08:49:37 GMT
Deprecation: @1688169599
ETag: "strong"
Expires: Sun, 06 Nov 1994 09:49:37 GMT
HX-Redirect: /said/next
Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT
Link: </a.css>; rel=preload
Link: </b.js>; rel=preload
Location: http://127.0.0.1:8000/said/elsewhere
Mergepoint-Degraded: deadline
NEL: {"max_age": 1}
Origin-Agent-Cluster: ?1
Permissions-Policy: camera=()
Pragma: no-cache
Preference-Applied: return=minimal
Proxy-Status: theirs
RateLimit: "default";r=1
Referrer-Policy: same-origin
Refresh: 5; url=http://127.0.0.1:8000/said/
Reporting-Endpoints: main="https://reports.example"
Repr-Digest: sha-256=:AA==:
Retry-After: 77
Server: theirs/1.0
Server-Timing: db;dur=1
Server-Timing: render;dur=2
Service-Worker-Allowed: /said/
Set-Cookie: a=1; Path=/said/; HttpOnly
Set-Cookie: b=2; Domain=example.com; Secure; SameSite=None
Set-Cookie: c=
SourceMap: /said/a.map
Strict-Transport-Security: max-age=5
Sunset: Sat, 31 Dec 2033 23:59:59 GMT
Timing-Allow-Origin: *
Trailer-Like: x
Tus-Resumable: 1.0.0
Upload-Offset: 5
Vary: Cookie
Vary: Accept-Language
Via: 1.1 theirs
WWW-Authenticate: Basic realm="theirs"
WWW-Authenticate: Bearer
Warning: 199 - "x"
X-Anything: \xe9
X-Content-Type-Options: nosniff
X-Frame-Options: SAMEORIGIN
X-Powered-By: theirs
X-Robots-Tag: none
X-Runtime: 0.1
X-XSS-Protection: 0
""".strip().encode().decode("unicode_escape").splitlines()  # fmt: skip
FRAMING = {"connection", "content-length", "transfer-encoding"}
OURS = {"x-request-id"}  # added to what applications say: services/auth/README.md


def heard(received: bytes) -> list[str]:
    """The lines of an answer's head in order, without its framing and what is ours."""
    lines = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return [line for line in lines if line.partition(":")[0].lower() not in FRAMING | OURS]


@pytest.mark.parametrize("path", ["/said/x", "/known/x"])
@pytest.mark.parametrize(
    "status", ["200 OK", "301 Moved", "401 Unauthorized", "403 No", "404 None", "429 Slow", "503 Off"]
)
def test_every_header_arrives_once_and_as_it_was_said(verbatim: VerbatimPlace, path: str, status: str) -> None:
    verbatim.verbatim.say(*SAID, status=status)
    received = get(verbatim, path, "Accept-Encoding: gzip", "Accept: text/html")
    assert received.startswith(f"HTTP/1.1 {status}".encode())
    assert sorted(heard(received)) == sorted(SAID)
    assert received.endswith(b"\r\n\r\nsome text")


@pytest.mark.parametrize(
    "status", ["200 OK", "404 Not Found", "429 Slow", "500 Broken", "502 Bad", "503 Off", "504 Late"]
)
def test_an_application_that_says_nothing_is_given_nothing(verbatim: VerbatimPlace, status: str) -> None:
    """But a date, which whoever forwards an answer adds: RFC 9110, 6.6.1."""
    verbatim.verbatim.say("Content-Type: application/json", status=status, body=b'"' + b"x" * 5000 + b'"')
    received = get(verbatim, "/said/x", "Accept-Encoding: gzip", "Origin: https://pages.example")
    names = {line.partition(":")[0] for line in heard(received)}
    assert names == {"Date", "Content-Type"}
    [date] = [line.partition(": ")[2] for line in heard(received) if line.startswith("Date")]
    assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 60
    assert received.startswith(f"HTTP/1.1 {status}".encode())


def test_the_request_id_is_ours_once(verbatim: VerbatimPlace) -> None:
    verbatim.verbatim.say("X-Request-Id: theirs")
    received = get(verbatim, "/said/x", "X-Request-Id: asked")
    assert received.lower().count(b"x-request-id:") == 1
    assert b"X-Request-Id: asked\r\n" in received


@pytest.mark.parametrize(
    ("said", "is_taken_away"),
    [
        ([], True),
        (["Cache-Control: private, max-age=60"], True),
        (["Cache-Control: no-store"], True),
        (["Cache-Control: no-cache"], True),
        (["Cache-Control: public, max-age=60"], False),
        (["Cache-Control: max-age=60"], False),
        (["Cache-Control: s-maxage=60"], False),
    ],
)
def test_a_dead_session_is_taken_away_unless_others_may_be_given_the_answer(
    verbatim: VerbatimPlace, said: list[str], is_taken_away: bool
) -> None:
    verbatim.verbatim.say("Set-Cookie: theirs=1", *said)
    received = get(verbatim, "/known/x", "Cookie: mergepoint=ms_dead")
    cookies = [line for line in heard(received) if line.startswith("Set-Cookie: ")]
    assert len(cookies) == 1 + is_taken_away
    assert "Set-Cookie: theirs=1" in cookies
    assert b"X-Content-Type-Options" not in received


def test_a_part_of_an_answer_passes(verbatim: VerbatimPlace) -> None:
    verbatim.verbatim.say("Content-Range: bytes 2-5/10", "Accept-Ranges: bytes", status="206 Partial", body=b"2345")
    received = get(verbatim, "/said/x", "Range: bytes=2-5", 'If-Range: "tag"')
    assert received.startswith(b"HTTP/1.1 206")
    assert b"Content-Range: bytes 2-5/10\r\n" in received
    assert verbatim.verbatim.values("Range") == ["bytes=2-5"]
    assert verbatim.verbatim.values("If-Range") == ['"tag"']


def test_nginx_makes_neither_304_nor_412_of_an_answer(verbatim: VerbatimPlace) -> None:
    """Whether a condition holds is for the application to say."""
    conditions = ['If-None-Match: "a"', "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"]
    verbatim.verbatim.say('ETag: "a"', "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT")
    assert get(verbatim, "/said/x", *conditions).startswith(b"HTTP/1.1 200")
    assert get(verbatim, "/said/x", 'If-Match: "b"').startswith(b"HTTP/1.1 200")
    verbatim.verbatim.answer = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nVary: Cookie\r\nConnection: close\r\n\r\n'
    received = get(verbatim, "/said/x", *conditions)
    assert received.startswith(b"HTTP/1.1 304")
    assert {'ETag: "a"', "Vary: Cookie"} <= set(heard(received))


@pytest.mark.parametrize("name", ["Redirect", "Expires", "Limit-Rate", "Charset", "Buffering"])
def test_an_application_does_not_steer_nginx(verbatim: VerbatimPlace, name: str) -> None:
    """Nor a proxy in front: the words for nginx do not leave."""
    value = {"Redirect": "/_verify", "Expires": "600", "Limit-Rate": "1", "Charset": "koi8-r", "Buffering": "no"}[name]
    verbatim.verbatim.say(f"X-Accel-{name}: {value}", "Content-Type: text/plain")
    received = get(verbatim, "/closed/x", f"Cookie: mergepoint={verbatim.logged_in().token}")
    assert received.endswith(b"\r\n\r\nsome text")
    assert b"x-accel" not in received.lower()
    assert b"Content-Type: text/plain\r\n" in received
    assert b"mergepoint-identity" not in received.lower()


def test_a_long_head_arrives(verbatim: VerbatimPlace) -> None:
    lines = [f"Set-Cookie: cookie{number}={'x' * 1000}" for number in range(14)]
    verbatim.verbatim.say(*lines)
    assert [line for line in heard(get(verbatim, "/said/x")) if line.startswith("Set-Cookie")] == lines


# What our own answers say of themselves.
NAMES = {"Cache-Control", "Cache-Status", "X-Content-Type-Options", "Referrer-Policy", "X-Request-Id"}


@pytest.mark.parametrize(
    ("path", "lines", "body", "status"),
    [
        ("/closed/x", [], b"", 401),
        ("/backstage/x", ["Cookie: {user}"], b"", 403),
        ("/said/x", ["Content-Length: 600000"], b"x" * 600_000, 413),
        ("/said/%2e%2e/x", [], b"", 404),
        ("/gone/x", [], b"", 503),
    ],
)
def test_our_own_errors_have_all_of_ours(
    verbatim: VerbatimPlace, path: str, lines: list[str], body: bytes, status: int
) -> None:
    if path == "/gone/x":
        verbatim.verbatim.answer = b""
        path = "/said/x"
    lines = [line.format(user=f"mergepoint={verbatim.ada.token}") for line in lines]
    received = get(verbatim, path, *lines, body=body, method="POST" if body else "GET")
    assert received.startswith(f"HTTP/1.1 {status} ".encode())
    said = [line.partition(": ") for line in received.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]]
    names = [name for name, _, _ in said]
    assert set(names) >= NAMES
    assert len(names) == len(set(names))
    assert ("Content-Type", ": ", "application/problem+json") in said
    assert ("Retry-After" in names) == (status == 503)

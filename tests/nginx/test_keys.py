"""What shares an answer and what never does."""

import contextlib
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.nginx.gateway import LARGE, LIMIT, Gateway, chunks, converse, fresh

# None of them may reach the service, so none may change an answer.
FOREIGN = {
    "Authorization": "Bearer secret",
    "Cookie": "session=secret",
    "Host": "evil.example",
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-HTTP-Method-Override": "DELETE",
    "Accept-Charset": "latin-1",
    "Accept-Language": "de",
    "Cache-Control": "no-cache",
    "Content-MD5": "secret",
    "Digest": "sha-256=secret",
    "Forwarded": "for=192.0.2.1;host=evil.example",
    "From": "secret@example.org",
    "If-Modified-Since": "Sat, 01 Jan 2022 00:00:00 GMT",
    "If-None-Match": '"another"',
    "If-Range": '"another"',
    "Mergepoint-Counts": "x",
    "Mergepoint-Identity": "secret",
    "Mergepoint-Service": "evil",
    "Origin": "https://evil.example",
    "Pragma": "no-cache",
    "Prefer": "return=minimal",
    "Proxy": "http://evil.example",
    "Range": "bytes=0-1",
    "Referer": "https://evil.example/secret",
    "TE": "trailers",
    "True-Client-IP": "192.0.2.1",
    "Upgrade": "h2c",
    "User-Agent": "secret",
    "Via": "1.1 evil",
    "X-Accel-Redirect": "/static/style.css",
    "X-Client-IP": "192.0.2.1",
    "X-HTTP-Method": "DELETE",
    "X-Original-URL": "/metrics",
    "X-Real-IP": "192.0.2.1",
    "X-Rewrite-URL": "/metrics",
    "X-Requested-With": "XMLHttpRequest",
    "X-User": "secret",
}
# What the service is told. Mergepoint-… headers end in work.conf.
TOLD = {"Host", "Accept", "Content-Type", "Content-Length", "If-None-Match", "X-Request-Id", "X-Real-IP"}


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("size", [1, 2, 1000, 8192, 16 * 1024, LIMIT - 1, LIMIT])
@pytest.mark.parametrize("chunk", [0, 1, 1000, 100_000, LIMIT], ids="chunks of {}".format)
@pytest.mark.parametrize("kind", ["text", "binary"])
def test_two_bodies_never_share_an_answer(gateway: Gateway, size: int, chunk: int, kind: str):
    if chunk and size // chunk > 20_000:
        pytest.skip("the same as fewer chunks, only slower")
    body = os.urandom(size) if kind == "binary" else (b"print('hi')\n" * (size // 12 + 1))[:size]
    other_end = body[:-1] + bytes([body[-1] ^ 1])
    other_start = bytes([body[0] ^ 1]) + body[1:]
    target = f"/highlight?{fresh()}"
    for one in (body, other_end, other_start) * 2:
        answer = gateway.post(target, chunks(one, chunk) if chunk else one)
        assert answer.json["sha256"] == sha256(one)


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize("size", [LIMIT + 1, LARGE // 2, LARGE])
def test_two_large_bodies_never_share_an_answer(gateway: Gateway, method: str, size: int):
    body = os.urandom(size)
    target = f"/htmldiff?{fresh()}"
    for one in (body, body[:-1] + bytes([body[-1] ^ 1])) * 2:
        assert gateway.request(method, target, one).json["sha256"] == sha256(one)
    assert gateway.stored(method, target, body).json["sha256"] == sha256(body)


def test_ten_thousand_pairs_from_eight_writers_never_share_an_answer(gateway: Gateway):
    word = fresh()

    def write(writer: int) -> int:
        with contextlib.closing(gateway.connect()) as connection:
            for number in range(1250):
                body = f"{number} {writer} {word} ".encode() + bytes(number % 256 for _ in range(number % 1500))
                for one in (body + b"a", body + b"b", body + b"a"):
                    assert converse(connection, "POST", "/highlight", one).json["sha256"] == sha256(one)
        return number

    with ThreadPoolExecutor(8) as writers:
        assert list(writers.map(write, range(8))) == [1249] * 8


@pytest.mark.parametrize("method", ["POST", "QUERY"])
def test_the_same_body_is_known_the_second_time(gateway: Gateway, method: str):
    target = f"/highlight?{fresh()}"
    first = gateway.stored(method, target, b"x")
    second = gateway.request(method, target, b"x")
    assert (first.hit, second.hit) == (False, True)
    assert second.body == first.body
    assert second.json["method"] == method


def test_a_chunked_body_is_known_by_what_is_in_it(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    gateway.stored("POST", target, b"some text")
    assert gateway.post(target, chunks(b"some text", 2)).hit


def test_a_body_that_cannot_be_hashed_is_neither_looked_up_nor_stored(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    for _ in range(2):
        answer = gateway.post(target, chunks(bytes(LIMIT), 1000))  # more than the buffer, with what frames the chunks
        assert answer.status == 200
        # Past nginx 1.22, njs reads bodies from files too.
        assert answer.headers["Cache-Status"] in ("mergepoint; fwd=bypass", "mergepoint; fwd=miss", "mergepoint; hit")
        assert answer.json["sha256"] == sha256(bytes(LIMIT))


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_requests_that_differ_in_options_only_never_share_an_answer(gateway: Gateway, method: str):
    word = fresh()
    for _ in range(2):
        for option in ("style=a", "style=b", "Style=a", "style=a&", ""):
            target = f"/highlight?{word}&{option}"
            assert gateway.request(method, target, None if method == "GET" else b"x").json["target"] == target


def test_methods_never_share_an_answer(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    for _ in range(2):
        for method in ("GET", "POST", "QUERY"):
            assert gateway.request(method, target, b"x").json["method"] == method


def test_gets_with_two_bodies_never_share_an_answer(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    for body in (b"one", b"two", b"one", b"two", b""):
        assert gateway.request("GET", target, body).json["sha256"] == sha256(body)


def test_head_shares_the_answer_of_get(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    assert gateway.stored("HEAD", target, None).body == b""
    answer = gateway.get(target)
    assert answer.hit
    assert answer.json["method"] == "GET"


def test_content_types_never_share_an_answer(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    for _ in range(2):
        for kind in ("text/plain", "application/json", "multipart/form-data; boundary=a", "TEXT/plain"):
            assert gateway.post(target, b"x", {"Content-Type": kind}).json["type"] == kind


def test_all_that_accept_html_share_an_answer(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    gateway.stored("GET", target, None)
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    library = "application/json, text/plain, */*"  # axios, Angular
    for accept in ("*/*", "text/html", browser, library, "application/json,*/*"):
        assert gateway.get(target, {"Accept": accept}).hit


def test_all_that_accept_something_else_are_told_apart(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    for _ in range(2):
        for accept in (
            "image/png",
            "image/svg+xml, */*;q=0.1",
            "text/html;q=0.1, a/b",
            "TEXT/*",
            "application/json",
            "application/json, text/plain",
            "application/json, */*;q=0.1",
            "application/json, image/png, */*",
        ):
            assert gateway.get(target, {"Accept": accept}).json["accept"] == accept


def test_a_field_cannot_pretend_to_be_the_next_one(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    for _ in range(2):
        for accept, kind in (("a b", "c"), ("a", "b c"), ("a|b", "c"), ("a", "b|c")):
            answer = gateway.post(target, b"x", {"Accept": accept, "Content-Type": kind}).json
            assert (answer["accept"], answer["type"]) == (accept, kind)


def test_accept_means_nothing_where_the_path_says_the_format(gateway: Gateway):
    target = f"/highlight/python/{fresh()}.svg"
    answer = gateway.stored("GET", target, None, {"Accept": "image/png"})
    assert answer.json["accept"] is None
    assert gateway.get(target, {"Accept": "text/html"}).hit


def test_the_longest_link_is_known_the_second_time(gateway: Gateway):
    target = f"/highlight/python/{fresh()}{'x' * 8000}.svg"
    assert not gateway.stored("GET", target, None).hit
    assert gateway.get(target).hit


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_header_never_changes_an_answer(gateway: Gateway, method: str, name: str):
    target = f"/highlight?{fresh()}"
    first = gateway.stored(method, target, b"x")
    second = gateway.request(method, target, b"x", {name: FOREIGN[name]})
    assert second.hit
    assert (second.status, second.body) == (first.status, first.body)


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_a_foreign_header_never_reaches_the_service(gateway: Gateway, method: str):
    word = fresh()
    gateway.request(method, f"/highlight?{word}", b"x", FOREIGN | {"Content-Type": "text/plain"})
    (request,) = gateway.seen(word)
    assert set(request["headers"]) <= TOLD
    assert request["headers"]["X-Real-IP"] == "127.0.0.1"
    assert "secret" not in str(request)
    assert "evil" not in str(request)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_a_foreign_header_said_is_never_told_to_others(gateway: Gateway, name: str):
    target = f"/highlight?{fresh()}"
    gateway.stored("POST", target, b"x", {name: FOREIGN[name]})
    answer = gateway.post(target, b"x")
    assert answer.hit
    assert answer.json == {
        "method": "POST",
        "target": target,
        "type": None,
        "accept": "text/html",
        "sha256": sha256(b"x"),
        "version": answer.json["version"],
    }

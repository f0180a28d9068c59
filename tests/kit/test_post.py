"""Messages go to allowed origins at checked addresses only; of an answer the head is read, within a time."""

import ipaddress
import socket
import time
from collections.abc import Callable

import pytest

from mergepoint.kit.fetch.origins import NotAUrl
from mergepoint.kit.fetch.post import NotSent, Posted, Poster
from tests.kit.test_fetch import LOOPBACK, PRIVATE, to
from tests.stopwatch import Stopwatch

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def post(poster: Poster, url: str, timeout: float = 3.0) -> Posted:
    return poster.post(url, b'{"a":1}', {"webhook-id": "msg_1"}, ends=time.monotonic() + timeout)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(NotSent) as refused:
        act()
    return refused.value.code


def test_a_message_arrives_as_it_is(serve) -> None:
    server = serve(b"HTTP/1.1 429 Wait\r\nRetry-After: 7\r\n\r\n")
    assert post(Poster(server.url), f"{server.url}/a%20b?c=d#e") == Posted(429, "7")
    [request] = server.seen
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a%20b?c=d HTTP/1.1\r\n")
    for line in (f"Host: 127.0.0.1:{server.port}".encode(), b"Content-Length: 7", b"webhook-id: msg_1"):
        assert b"\r\n" + line in head
    assert body == b'{"a":1}'


def test_without_allowed_origins_nothing_is_sent(serve) -> None:
    canary = serve(OK)
    assert refusal(lambda: post(Poster(""), canary.url)) == "refused"
    assert refusal(lambda: post(Poster("https://example.com *"), canary.url)) == "refused"
    assert canary.seen == []


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_in_every_form(address: str) -> None:
    for addresses in ((address,), ("8.8.8.8", address)):
        assert refusal(lambda a=addresses: post(Poster("*", resolve=to(*a)), "https://example.com/")) == "refused"


@pytest.mark.parametrize("host", LOOPBACK)
def test_no_spelling_of_loopback_is_taken_or_reached(host: str, serve) -> None:
    canary = serve(OK)
    poster = Poster(f"* http://localhost.test:{canary.port}")
    assert refusal(lambda: poster.check(f"http://{host}/")) == "refused"
    assert refusal(lambda: post(poster, f"http://{host}:{canary.port}/")) == "refused"
    assert canary.seen == []


def test_names_are_asked_for_by_each_message_and_not_before(serve) -> None:
    server = serve(OK)
    asked = []

    def resolve(host: str, _port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
        asked.append(host)
        return [ipaddress.ip_address("127.0.0.1" if len(asked) == 1 else "10.0.0.1")]

    poster = Poster(f"http://told.test:{server.port}=127.0.0.1", resolve=resolve)
    poster.check(f"http://told.test:{server.port}/")
    assert asked == []
    assert post(poster, f"http://told.test:{server.port}/").status == 200
    assert refusal(lambda: post(poster, f"http://told.test:{server.port}/")) == "refused"
    assert asked == ["told.test"] * 2


@pytest.mark.parametrize("url", ["", "example.com", "ftp://example.com/", "http://a:b@example.com/", "http://[::1"])
def test_what_is_no_url_is_none(url: str) -> None:
    with pytest.raises(NotAUrl):
        Poster("*").check(url)
    assert refusal(lambda: post(Poster("*"), url)) == "refused"


def test_no_redirect_is_followed(serve) -> None:
    canary = serve(OK)
    server = serve(f"HTTP/1.1 308 There\r\nLocation: {canary.url}\r\n\r\n".encode())
    assert post(Poster([server.url, canary.url]), server.url).status == 308
    assert canary.seen == []


def drip(sock: socket.socket, _head: bytes) -> None:
    while True:
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [lambda *_: time.sleep(3), drip], ids=["silent", "drip"])
def test_a_message_ends_in_time(answer, serve) -> None:
    server = serve(answer)
    with Stopwatch() as watch:
        assert refusal(lambda: post(Poster(server.url), server.url, 0.3)) == "too_slow"
    assert watch.seconds < 1


def test_a_slow_resolver_costs_no_more_than_the_time() -> None:
    slow = Poster("*", resolve=lambda *_: time.sleep(3) or [])
    with Stopwatch() as watch:
        assert refusal(lambda: post(slow, "http://example.com/", 0.2)) == "too_slow"
    assert watch.seconds < 1


def test_after_its_time_nothing_is_sent(serve) -> None:
    server = serve(OK)
    assert refusal(lambda: post(Poster(server.url), server.url, -1.0)) == "too_slow"
    assert server.seen == []


def test_a_body_without_end_costs_nothing(serve) -> None:
    def endless(sock: socket.socket, _head: bytes) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(b"x" * 65536)

    server = serve(endless)
    with Stopwatch() as watch:
        assert post(Poster(server.url), server.url, 10).status == 200
    assert watch.seconds < 1

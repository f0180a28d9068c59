"""A source's server may say anything: it is fetched or refused, and never our fault."""

import pytest

from mergepoint.kit.fetch import Fetcher
from mergepoint.kit.problems import Problem

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PLACES = [
    b"http://[", b"http://[::1", b"//[x]", b"http://a]b/", b"//", b"///", b"http:", b"javascript:x", b"//\xe9",
    b"/\x00", b"http://x:99999/", b"http://user@x/", b"\\\\x", b"x" * 60_000,
]  # fmt: skip
ANSWERS = [
    b"", b"hello", bytes(range(256)), b"HTTP/1.1 x\r\n\r\n", b"HTTP/2 200\r\n\r\n", OK + b"A: b\r\n" * 200 + b"\r\n",
    OK + b"A: " + b"b" * 70_000 + b"\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
    CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"-fffffffffffff\r\nhello", CHUNKED + b"x\r\nhello",
    CHUNKED + b"f" * 5000 + b"\r\nhello", CHUNKED + b"5;" + b"a" * 70_000, CHUNKED + b"0\r\n" + b"A: b\r\n" * 50_000,
    OK + b"Content-Length: " + b"9" * 10 + b"\r\n\r\nhello", OK + b"Content-Encoding: br\r\n\r\nhello",
]  # fmt: skip


def code(serve, answer: bytes, redirects: int = 0) -> str:
    server = serve(answer)
    with pytest.raises(Problem) as refused:
        Fetcher([server.url], max_bytes=1000, timeout=3, redirects=redirects).fetch(server.url)
    return refused.value.code


@pytest.mark.parametrize("redirects", [0, 1])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: str(place[:20]))
def test_a_redirect_to_what_is_no_url_is_refused(serve, place: bytes, redirects: int) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n"
    assert code(serve, answer, redirects) in ("source_refused", "source_redirected", "source_unreachable")


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer[-20:]))
def test_what_is_no_answer_is_the_sources_fault(serve, answer: bytes) -> None:
    assert code(serve, answer) in ("source_unreachable", "source_failed", "source_too_large")

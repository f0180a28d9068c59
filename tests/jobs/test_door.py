"""One call of the door: what comes back, and what is no answer, however it is none."""

import threading
import time
from collections.abc import Callable

import pytest

from mergepoint.jobs.performing import backoff
from mergepoint.jobs.performing.door import Call, ConnectionFailed, DeadlinePassed, DoorClosed, Stopped, UnusableAnswer
from tests.jobs.door import Door, Handler

MOST = 100_000


def call(door: Door, deadline: float = 5.0, method: str = "POST", body: bytes = b"body") -> object:
    return Call(str(door.path), deadline, most=MOST).perform(method, "/highlight?x=%20y", {"Accept": "a/b"}, body)


def raw(*pieces: bytes, pause: float = 0.0, endless: bool = False) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
        while endless:
            handler.wfile.write(pieces[-1])
            handler.wfile.flush()
            time.sleep(pause)

    return answer


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_method_path_headers_and_body_arrive_as_they_were_given(door: Door, method: str) -> None:
    seen = []

    def answer(handler: Handler) -> None:
        seen.append((handler.command, handler.path, handler.headers["Accept"], handler.body))
        handler.reply(201, b"made", Content_Type="a/b", Set_Cookie="a=b", X_Other="c", ETag='"e"')

    door.answer(answer)
    found = Call(str(door.path), 5, most=MOST).perform(method, "/highlight?x=%20y", {"Accept": "a/b"}, b"body")
    assert seen == [(method, "/highlight?x=%20y", "a/b", b"body")]
    assert (found.status, found.body, found.headers) == (201, b"made", {"Content-Type": "a/b", "ETag": '"e"'})


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        raw(OK + b"Content-Length: 100001\r\n\r\n"),
        raw(OK + b"\r\n", b"x" * 50_000, endless=True),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"9\r\n123456789\r\n", endless=True),
        raw(b"garbage\r\n\r\n"),
        raw(b"\0" * 200_000),
        raw(OK + b"X: " + b"y" * 100_000),
        raw(OK + b"X: y\r\n" * 50_000),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n", endless=True),
        raw(b"SSH-2.0-OpenSSH_9\r\n"),
        raw(b"HTTP/1.1 abc OK\r\n\r\n"),
    ],
)
def test_an_answer_that_is_too_large_endless_or_no_http_is_unusable(
    door: Door, answer: Callable[[Handler], None]
) -> None:
    door.answer(answer)
    with pytest.raises(UnusableAnswer) as caught:
        call(door)
    assert caught.value.code in ("answer_too_large", "answer_invalid")


@pytest.mark.parametrize(
    "answer",
    [
        raw(),
        raw(OK),
        raw(OK + b"Content-Length: 10\r\n\r\nshort"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n123"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n"),
    ],
)
def test_an_answer_that_ends_early_is_a_failed_connection(door: Door, answer: Callable[[Handler], None]) -> None:
    door.answer(answer)
    with pytest.raises(ConnectionFailed):
        call(door)


def test_a_door_where_nobody_listens_is_closed(door: Door) -> None:
    door.path.unlink()
    with pytest.raises(DoorClosed):
        call(door)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_drips_ends_at_the_deadline(door: Door, head: bytes) -> None:
    door.answer(raw(head, b"x", endless=True, pause=0.05))
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        call(door, deadline=0.5)
    assert time.monotonic() - began < 3


def test_an_error_that_comes_before_all_is_sent_is_an_answer(door: Door) -> None:
    def answer(handler: Handler) -> None:
        handler.reply(413, b"too large")
        handler.close_connection = True

    door.answer(answer)
    assert call(door, body=b"x" * 5_000_000).status == 413  # type: ignore[attr-defined]


def test_a_call_is_ended_from_another_thread(door: Door) -> None:
    door.answer(lambda handler: time.sleep(3))
    one = Call(str(door.path), 30, most=MOST)
    threading.Timer(0.3, one.stop).start()
    with pytest.raises(Stopped):
        one.perform("POST", "/highlight", {}, b"")


def test_delays_grow_and_are_spread() -> None:
    most = [backoff.delay(attempt, None, 0, random=lambda: 1.0) for attempt in range(1, 20)]
    assert most[:4] == [2, 4, 8, 16]
    assert most == sorted(most)
    assert most[-1] == backoff.CAP
    assert backoff.delay(3, None, 0, random=lambda: 0.25) == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7), ("0", 0), (" 12 ", 12), ("99999999999999999999", 600), ("-5", 0), ("soon", 0), ("", 0), (None, 0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 600),
        ("٣", 0), ("Thu, 99 Jan 1970", 0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float) -> None:
    assert backoff.delay(1, header, 10.0, random=lambda: 0.0) == seconds

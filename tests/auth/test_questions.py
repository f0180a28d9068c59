"""What the program for streams asks, how often, and how long a stream goes on without an answer. No server."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mergepoint.auth.streams.access_check import AccessCheck, AccessChecks
from mergepoint.auth.streams.head import Unreadable, read_head
from mergepoint.auth.streams.stream_slots import NoFreeSlot, StreamSlots, network
from tests import clock_loop

GOOD = b"HTTP/1.1 200 OK\r\nMergepoint-Identity: a.b.c\r\n\r\n"
NOBODY = b"HTTP/1.1 200 OK\r\nMergepoint-Identity: nobody\r\n\r\n"
EVERY = 4.0  # seconds of a loop whose time jumps


def check(cookie: bytes = b"mergepoint=ms_1", *, known: bool = True) -> AccessCheck:
    return AccessCheck(b"user", b"wiki", cookie, b"", known)


class Auth:
    """Gives *answers* in turn, the last for ever; None is no answer."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []

    async def __call__(self, request: bytes) -> bytes:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise ConnectionRefusedError
        return answer


def reason(auth: Auth, asked: AccessCheck, **options: float) -> str:
    """Return why the stream ended, "" if it has not after 25 questions."""

    async def wait() -> str:
        checks = AccessChecks(auth, interval=EVERY, clock=asyncio.get_running_loop().time, **options)
        try:
            return await asyncio.wait_for(checks.until_refused(asked), EVERY * 25)
        except TimeoutError:
            return ""

    return clock_loop.run(wait())


def test_who_may_be_there_stays() -> None:
    auth = Auth(GOOD)
    assert reason(auth, check()) == ""
    assert len(auth.requests) > 5


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"403 Forbidden"])
def test_a_refusal_ends_it(status: bytes) -> None:
    assert reason(Auth(GOOD, GOOD, b"HTTP/1.1 " + status + b"\r\n\r\n"), check()) == "refused"


def test_somebody_who_becomes_nobody_ends() -> None:
    assert reason(Auth(GOOD, NOBODY), check()) == "refused"
    assert reason(Auth(NOBODY), check(known=False)) == ""


@pytest.mark.parametrize("answer", [None, b"", b"HTTP/1.1 503 x\r\n\r\n", b"HTTP/1.1 429 x\r\n\r\n", b"\x00\xff"])
def test_without_a_decision_it_goes_on_for_a_while_and_no_longer(answer: bytes | None) -> None:
    assert reason(Auth(GOOD, answer, answer, GOOD), check(), without_decision=EVERY * 8) == ""
    assert reason(Auth(GOOD, answer), check(), without_decision=EVERY * 8) == "no decision"


def together(auth: Auth, *asked: AccessCheck) -> None:
    async def wait() -> None:
        checks = AccessChecks(auth, interval=EVERY, clock=asyncio.get_running_loop().time)
        waiting = [asyncio.create_task(checks.until_refused(one)) for one in asked]
        await asyncio.sleep(EVERY * 3.5)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert checks._open == {}  # no credential is kept

    clock_loop.run(wait())


def test_streams_that_share_a_credential_share_the_check() -> None:
    auth = Auth(GOOD)
    together(auth, *[check()] * 50)
    assert len(auth.requests) == 3


def test_a_question_says_policy_audience_and_credentials_and_that_it_is_not_the_first() -> None:
    auth = Auth(GOOD)
    together(auth, AccessCheck(b"scope:jobs:write", b"jobs", b"", b"Bearer mp_x", True))
    lines = auth.requests[0].split(b"\r\n")
    assert lines[0] == b"HEAD /auth/verify HTTP/1.1"
    assert {b"Mergepoint-Policy: scope:jobs:write", b"Mergepoint-Audience: jobs", b"Authorization: Bearer mp_x"} <= {
        *lines
    }
    assert b"Mergepoint-Again: 1" in lines
    assert not any(line.startswith(b"Cookie") for line in lines)


def received(*pieces: bytes) -> Callable[[int], Awaitable[bytes]]:
    left = list(pieces)

    async def receive(_size: int) -> bytes:
        return left.pop(0) if left else b""

    return receive


def test_what_is_ours_is_taken_out_of_a_head() -> None:
    head = asyncio.run(
        read_head(received(b"GET /x HTTP/1.1\r\nA: 1\r\nmergepoint-STREAM-Po", b"licy: user\r\nB: 2\r\n\r\nbo"))
    )
    assert head.ours == {b"policy": b"user"}
    assert head.forwarded == b"GET /x HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\nbo"


@pytest.mark.parametrize("pieces", [[], [b"GET / HTTP/1.1\r\n"], [b"x" * 50_000] * 3])
def test_what_is_no_head_is_refused(pieces: list[bytes]) -> None:
    with pytest.raises(Unreadable):
        asyncio.run(read_head(received(*pieces)))


def test_a_network_may_have_half_of_the_room_and_all_no_more_than_all() -> None:
    slots = StreamSlots(4)
    with slots.slot("192.0.2.1"), slots.slot("192.0.2.1"):
        with pytest.raises(NoFreeSlot, match="one network"), slots.slot("192.0.2.1"):
            pass
        with (
            slots.slot("2001:db8::1"),
            slots.slot("2001:db8::2"),
            pytest.raises(NoFreeSlot, match="in all"),
            slots.slot("x"),
        ):
            pass
    assert not slots.held


def test_a_network_is_an_address_or_a_64() -> None:
    assert network("2001:db8::1") == network("2001:db8:0:0:f::9") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") != network("192.0.2.2")

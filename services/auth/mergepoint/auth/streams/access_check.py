"""Whether credentials that were let in are still good: checked every few seconds, once for all streams that share them.

It does not know sockets: the function that asks is passed in.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

INTERVAL = 4.0  # seconds between two checks: even if one is lost, a stream ends within 10 seconds (issue 15)
ANSWER_TIMEOUT = 3.0  # seconds
# Seconds that a stream goes on while there is no decision: as long as it takes to start auth again.
WITHOUT_DECISION = 60.0
MAX_CONCURRENT = 32  # checks: half of auth's threads


@dataclass(frozen=True)
class AccessCheck:
    """The credentials of a stream, and the *policy* and *audience* of its location.

    *known*: the stream was let in as a particular user, not as an anonymous visitor.
    """

    policy: bytes
    audience: bytes
    cookie: bytes
    authorization: bytes
    known: bool

    def request(self) -> bytes:
        """Return the head of the request that nginx's server for decisions reads."""
        lines = [
            b"HEAD /auth/verify HTTP/1.1",
            b"Host: mergepoint",
            b"Connection: close",
            b"Mergepoint-Service: auth",
            b"Mergepoint-Again: 1",
            b"Mergepoint-Policy: " + self.policy,
            b"Mergepoint-Audience: " + self.audience,
            b"Cookie: " + self.cookie,
            b"Authorization: " + self.authorization,
        ]
        return b"\r\n".join(line for line in lines if not line.endswith(b": ")) + b"\r\n\r\n"

    def is_refused(self, answer: bytes) -> bool | None:
        """Return what the head of *answer* decides; None if it is no decision."""
        status, *lines = answer.split(b"\r\n")
        code = status[9:12]
        if code == b"200":
            # The policy `optional` lets everybody in. A session that ends there turns a known user into nobody.
            return self.known and any(line.lower() == b"mergepoint-identity: nobody" for line in lines)
        return True if code in (b"401", b"403") else None


Ask = Callable[[bytes], Awaitable[bytes]]


class AccessChecks:
    """Repeats checks. *ask* sends a request and returns the head of its answer; *interval* and *without_decision* are
    seconds.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        interval: float = INTERVAL,
        without_decision: float = WITHOUT_DECISION,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._interval, self._without_decision, self._clock = ask, interval, without_decision, clock
        self._open: dict[AccessCheck, _Watch] = {}
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def until_refused(self, check: AccessCheck) -> str:
        """Wait until the credentials of *check* are refused; return the reason."""
        watch = self._open.get(check)
        if watch is None:
            watch = self._open[check] = _Watch(asyncio.create_task(self._repeat(check)))
        watch.waiting += 1
        try:
            return await asyncio.shield(watch.task)
        finally:
            watch.waiting -= 1
            if not watch.waiting:  # no stream has these credentials any longer
                watch.task.cancel()
                if self._open.get(check) is watch:
                    del self._open[check]

    async def _repeat(self, check: AccessCheck) -> str:
        decided_at = self._clock()
        while True:
            await asyncio.sleep(self._interval)
            refused = await self._ask_once(check)
            if refused:
                self._open.pop(check, None)  # a stream that begins from now on was let in later: it is checked anew
                return "refused"
            if refused is not None:
                decided_at = self._clock()
            elif self._clock() - decided_at > self._without_decision:
                self._open.pop(check, None)
                return "no decision"

    async def _ask_once(self, check: AccessCheck) -> bool | None:
        async with self._slots:
            with contextlib.suppress(OSError, TimeoutError):
                return check.is_refused(await asyncio.wait_for(self._ask(check.request()), ANSWER_TIMEOUT))
        return None


@dataclass
class _Watch:
    task: asyncio.Task[str]
    waiting: int = 0

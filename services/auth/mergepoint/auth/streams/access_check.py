"""Are credentials that were let in still good? Asked every few seconds, once for all streams that share them."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

EVERY = 4.0  # seconds between two questions: with one that is lost, an end still takes less than 10 (issue 15)
ANSWER_WITHIN = 3.0  # seconds
# How long a stream goes on while nobody can say whether it may: as long as it takes to start auth again.
WITHOUT_ANSWER = 60.0  # seconds
AT_ONCE = 32  # questions: half of auth's threads


@dataclass(frozen=True)
class Question:
    """May whoever has these credentials be there? *known*: somebody in particular was let in, not anybody."""

    policy: bytes
    audience: bytes
    cookie: bytes
    authorization: bytes
    known: bool

    def request(self) -> bytes:
        """Return the question as nginx's server for decisions reads it."""
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
        """Return what the head of an *answer* says, None if it is no decision."""
        status, *lines = answer.split(b"\r\n")
        code = status[9:12]
        if code == b"200":
            # Where anybody may be (`optional`), a session that is over makes somebody a nobody.
            return self.known and any(line.lower() == b"mergepoint-identity: nobody" for line in lines)
        return True if code in (b"401", b"403") else None


Ask = Callable[[bytes], Awaitable[bytes]]


class Questions:
    """Asks. ``refused`` is what a stream waits for."""

    def __init__(
        self,
        ask: Ask,
        *,
        every: float = EVERY,
        without_answer: float = WITHOUT_ANSWER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._every, self._without_answer, self._clock = ask, every, without_answer, clock
        self._open: dict[Question, _Watch] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def refused(self, question: Question) -> str:
        """Wait until the answer to *question* is no; return why."""
        watch = self._open.get(question)
        if watch is None:
            watch = self._open[question] = _Watch(asyncio.create_task(self._repeat(question)))
        watch.waiting += 1
        try:
            return await asyncio.shield(watch.task)
        finally:
            watch.waiting -= 1
            if not watch.waiting:  # nobody needs the credentials any more
                watch.task.cancel()
                if self._open.get(question) is watch:
                    del self._open[question]

    async def _repeat(self, question: Question) -> str:
        known_at = self._clock()
        while True:
            await asyncio.sleep(self._every)
            refused = await self._answer(question)
            if refused:
                self._open.pop(question, None)  # who comes now was let in later, and is asked about anew
                return "refused"
            if refused is not None:
                known_at = self._clock()
            elif self._clock() - known_at > self._without_answer:
                self._open.pop(question, None)
                return "no decision"

    async def _answer(self, question: Question) -> bool | None:
        async with self._places:
            with contextlib.suppress(OSError, TimeoutError):
                return question.is_refused(await asyncio.wait_for(self._ask(question.request()), ANSWER_WITHIN))
        return None


@dataclass
class _Watch:
    task: asyncio.Task[str]
    waiting: int = 0

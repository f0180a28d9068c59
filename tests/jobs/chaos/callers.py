"""Callers who ask for jobs all the time, and write down what each of them was answered, when and how fast."""

import http.client
import itertools
import threading
import time
from dataclasses import dataclass, field

from tests.jobs.chaos.stack import Stack

SMALL, LARGE = 500, 50_000  # bytes; a large body is a file, or pieces in the database
PATH = "/highlight?language=python"


@dataclass(frozen=True)
class Asked:
    """One request: *status* is 0 if nginx did not answer. Times are seconds since 1970."""

    body: bytes = field(repr=False)
    began: float
    seconds: float
    status: int
    location: str | None = None
    retry_after: str | None = None
    error: str = ""


class Callers:
    """*threads* callers that make *rate* jobs a second together, until `stop`; each tenth is a large one."""

    def __init__(self, stack: Stack, *, rate: float = 60, threads: int = 6) -> None:
        self.asked: list[Asked] = []
        self._stack, self._pause = stack, threads / rate
        self._numbers = itertools.count()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> list[Asked]:
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.asked

    def _run(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            number = next(self._numbers)
            filler = b"x" * (LARGE if number % 10 == 0 else SMALL)
            self.asked.append(ask(self._stack, f"job{number} ".encode() + filler))
            due = max(due + self._pause, time.monotonic() - 1)
            self._over.wait(max(due - time.monotonic(), 0))


def ask(stack: Stack, body: bytes) -> Asked:
    """Ask for one job."""
    began, clock = time.time(), time.monotonic()
    try:
        reply = stack.ask("POST", PATH, body, Prefer="respond-async")
    except (OSError, http.client.HTTPException) as error:
        return Asked(body, began, time.monotonic() - clock, 0, error=repr(error))
    headers = reply.headers
    return Asked(
        body, began, time.monotonic() - clock, reply.status, headers["Location"], headers["Retry-After"],
        "" if reply.status == 202 else reply.body.decode(errors="replace")[:300],
    )  # fmt: skip

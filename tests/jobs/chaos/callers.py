"""Callers who ask for jobs all the time, and write down what each of them was answered, when and how fast."""

import http.client
import itertools
import threading
import time
from dataclasses import dataclass

from tests.jobs.chaos.stack import Stack

PATH = "/highlight?language=python"


@dataclass(frozen=True)
class Asked:
    """One request: *status* is 0 if nginx did not answer. Times are seconds since 1970."""

    body: bytes
    began: float
    seconds: float
    status: int
    location: str | None = None
    retry_after: str | None = None
    error: str = ""


class Callers:
    """*threads* callers that make *rate* jobs a second together, until `stop`."""

    def __init__(self, stack: Stack, *, rate: float = 60, threads: int = 6, filler: int = 500) -> None:
        self.asked: list[Asked] = []
        self._stack, self._pause, self._filler = stack, threads / rate, b" " + b"x" * filler
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
            self.asked.append(ask(self._stack, f"job{next(self._numbers)}".encode() + self._filler))
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

"""Callers at work in the background: each sends one text after the other, no two alike, and keeps what came back."""

import dataclasses
import json
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

from mergepoint.client import Client, Error
from tests.servers import ROOT, Connection, wait_for

PAUSE = 0.1  # between one caller's calls
RUBY = ["ruby", f"-I{ROOT / 'clients/ruby/lib'}", str(Path(__file__).with_name("load.rb"))]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a call came to; a status of 0 is no answer at all."""

    status: int
    detail: str
    retry_after: str | None = None

    @property
    def well(self) -> bool:
        return self.status == 200

    @property
    def away(self) -> bool:
        """Refused, and told when to come back."""
        return self.status == 503 and bool(self.retry_after)


class Caller(Protocol):
    """Has a text highlighted."""

    def __call__(self, text: str, language: str = "text") -> Seen: ...


def bare(port: int) -> Caller:
    """Return a caller that takes the first answer, whatever it is."""

    def call(text: str, language: str = "text") -> Seen:
        connection = Connection(port)
        try:
            reply = connection.request("POST", f"/highlight?language={language}&nowrap=1", text.encode())
        except OSError as error:
            return Seen(0, repr(error))
        finally:
            connection.close()
        return Seen(reply.status, reply.body.decode(), reply.headers["Retry-After"])

    return call


@contextmanager
def python_client(url: str) -> Iterator[Caller]:
    """A caller that uses our Python client as it is, with its retries."""

    def call(text: str, language: str = "text") -> Seen:
        try:
            return Seen(200, str(client.highlight(text, language, nowrap=True)))
        except Error as error:
            return Seen(error.status or 0, str(error))

    with Client(url) as client:
        yield call


@contextmanager
def ruby_client(url: str) -> Iterator[Caller]:
    """A caller that uses our Ruby client the same way."""

    def call(text: str, language: str = "text") -> Seen:
        process.stdin.write(json.dumps([text, language]) + "\n")
        process.stdin.flush()
        return Seen(**json.loads(process.stdout.readline()))

    with subprocess.Popen([*RUBY, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield call


class Load:
    """*callers* at work until the end of the block, which must not begin before all is well."""

    def __init__(self, *callers: Caller) -> None:
        self.seen: list[Seen] = []
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=[caller]) for caller in callers]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.go_on()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, calls: int = 20) -> None:
        """Return when so many more calls went well."""
        now = len(self.seen)
        wait_for(lambda: sum(seen.well for seen in self.seen[now:]) >= calls, seconds=60)

    @property
    def failed(self) -> list[Seen]:
        return [seen for seen in self.seen if not seen.well]

    def _work(self, caller: Caller) -> None:
        while not self._done.wait(PAUSE):
            text = secrets.token_hex(16) + "\n"
            seen = caller(text)
            if seen.well and seen.detail != text:
                seen = Seen(0, f"the answer to something else: {seen.detail}")
            self.seen.append(seen)


def call_slowly(caller: Caller, answers: list[Seen]) -> threading.Thread:
    """Start a call that ends when it has worked for its deadline of 0.9 s, and then appends to *answers*."""
    slow = "'\\" * 40_000  # strings that never end, for Perl's lexer
    thread = threading.Thread(target=lambda: answers.append(caller(slow, "perl")))
    thread.start()
    return thread

"""Runs other queues beside jobs: Celery and RQ over Redis, from a virtual environment of their own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from peers import need, say
from suite import HERE, free_port

THREADS = 16  # as many as jobs' worker has
FINISHED_WITHIN = 60.0  # seconds
WARM = 0.1  # the part of the jobs that is done before the time counts
STEP = 0.02  # seconds


def rate_of(count: int, done: Callable[[], int]) -> float:
    """Return how many jobs a second are finished, of *count*, of which *done* says how many are."""
    ends, began, first = time.monotonic() + FINISHED_WITHIN, 0.0, 0
    while (number := done()) < count:
        if not began and number >= count * WARM:
            began, first = time.monotonic(), number
        if time.monotonic() > ends:
            raise RuntimeError(f"only {number} of {count} jobs are finished after {FINISHED_WITHIN:.0f} s")
        time.sleep(STEP)
    return (count - first) / (time.monotonic() - began)


class Queues:
    """Celery and RQ, installed in *folder*; Redis has no file. Raise Absent if they cannot be run here."""

    def __init__(self, folder: Path) -> None:
        need("redis-server")
        self._folder, self._port = folder, free_port()
        say(sys.executable, "-m", "venv", str(folder / "venv"))
        self._python = str(folder / "venv/bin/python")
        pinned = str(HERE / "peers/queues.txt")
        say(self._python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", pinned)
        self._environment = {**os.environ, "REDIS": f"redis://127.0.0.1:{self._port}/0", "URL": ""}
        names = "import celery, rq; print(celery.__version__, rq.VERSION)"
        self.celery_version, self.rq_version = say(self._python, "-c", names).split()

    @contextlib.contextmanager
    def running(self, url: str) -> Iterator[None]:
        """Run Redis, for tasks that call *url*."""
        self._environment["URL"] = url
        command = ["redis-server", "--port", str(self._port), "--save", "", "--bind", "127.0.0.1"]
        with self._program(command):
            while not self._is_up():
                time.sleep(STEP)
            yield

    def celery(self, count: int) -> float:
        """Return the tasks a second of a plain worker: threads, acks_late, results kept in Redis."""
        worker = ["-m", "celery", "-A", "calls", "worker", "--pool=threads", f"--concurrency={THREADS}", "-l", "ERROR"]
        return self._rate("celery", worker, count, lambda: self._number("EVAL", COUNT_RESULTS, "0"))

    def rq(self, count: int) -> float:
        """Return the jobs a second of a plain worker, which forks for each."""
        worker = ["-m", "rq.cli", "worker", "-q", "-u", self._environment["REDIS"]]
        return self._rate("rq", worker, count, lambda: self._number("ZCARD", "rq:finished:default"))

    def _rate(self, name: str, worker: list[str], count: int, done: Callable[[], int]) -> float:
        self._number("FLUSHALL")
        queue = [self._python, "calls.py", name, str(count)]
        subprocess.run(queue, check=True, env=self._environment, cwd=HERE / "peers")
        with self._program([self._python, *worker]):
            return rate_of(count, done)

    @contextlib.contextmanager
    def _program(self, command: list[str]) -> Iterator[None]:
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(command, env=self._environment, cwd=HERE / "peers", stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)

    def _is_up(self) -> bool:
        try:
            return self._number("DBSIZE") >= 0
        except OSError:
            return False

    def _number(self, *words: str) -> int:
        """Send a command to Redis; return its answer if that is a number, else 0."""
        line = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as connection:
            connection.sendall(line.encode())
            answer = connection.makefile("rb").readline()
        return int(answer[1:]) if answer.startswith(b":") else 0


COUNT_RESULTS = "return #redis.call('KEYS', 'celery-task-meta-*')"

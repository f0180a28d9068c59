"""Real servers for tests: gunicorn with the shipped configuration, on a port of its own."""

import contextlib
import dataclasses
import http.client
import inspect
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.stopwatch import Stopwatch

ROOT = pathlib.Path(__file__).parents[1]


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back over HTTP."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """A kept connection to *port* on 127.0.0.1, from *source*, which may be another loopback address."""

    def __init__(self, port: int, *, source: str = "127.0.0.1", timeout: float = 20) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(source, 0))

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        self._connection.request(method, target, body, dict(headers or {}))
        response = self._connection.getresponse()
        return Reply(response.status, response.headers, response.read())

    def close(self) -> None:
        self._connection.close()


class Gunicorn:
    """A service under gunicorn, as shipped; *environment* is added to ours. Its log goes to *log*."""

    def __init__(self, service: str, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._service = service
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="mergepoint-test-"))
        self.log = self._folder / "log"
        self._environment = {
            **os.environ,
            "MERGEPOINT_SERVICE": service,
            "MERGEPOINT_BIND": f"127.0.0.1:{self.port}",
            "TMPDIR": str(self._folder),
            **environment,
        }

    def start(self) -> "Gunicorn":
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "services/gunicorn.conf.py")],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(self._healthy, seconds=90)
        except AssertionError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder)

    def connect(self, **options: Any) -> Connection:
        return Connection(self.port, **options)

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        connection = self.connect()
        try:
            return connection.request(method, target, body, headers)
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def workers(self) -> set[int]:
        """The pids of gunicorn's workers; its other child, the sandbox's zygote, has a process group of its own."""
        return {pid for pid in children(self.pid) if os.getpgid(pid) != pid}

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def _healthy(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()[-3000:]
        return self.request("GET", f"/{self._service}/health").status == 200


PORTS = itertools.count(random.randrange(2000))  # processes of pytest-xdist begin at different ones


def free_port() -> int:
    """Return a port that nobody listens on, and that the kernel gives to no client as its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for number in PORTS:
        port = 10_000 + worker * 2000 % 20_000 + number % 2000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def children(pid: int) -> set[int]:
    """The pids of the direct children of *pid*, zombies too."""
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return {int(child) for task in tasks.iterdir() for child in _children_of_thread(task)}


def _children_of_thread(task: pathlib.Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return []


def descendants(pid: int) -> set[int]:
    below = children(pid)
    return below.union(*(descendants(child) for child in below)) if below else below


def alive(pid: int) -> bool:
    """Whether *pid* runs; a zombie does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    os.kill(pid, number)


def wait_for(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Return when *condition* holds; a refused connection is a no. On a busy machine it waits for longer."""
    holds, seen = outcome(condition)
    if holds:
        return
    with Stopwatch() as watch:
        while not holds:
            assert watch.seconds < seconds, f"waited {watch.wall:.1f} s for {source(condition)}; last: {seen!r}"
            time.sleep(0.01)
            holds, seen = outcome(condition)


def outcome(condition: Callable[[], object]) -> tuple[bool, object]:
    """Return whether *condition* holds, and what it gave or raised."""
    try:
        seen = condition()
    except (OSError, http.client.HTTPException) as error:
        return False, error
    return bool(seen), seen


def source(condition: Callable[[], object]) -> str:
    """Return how *condition* is written, or its name."""
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):
        return repr(condition)


def need(*programs: str) -> None:
    """Skip the test on a machine that lacks one of *programs*; on CI that is an error."""
    for program in programs:
        if not shutil.which(program):
            missing(f"{program} is not installed")


def missing(what: str) -> None:
    """Say that *what* a test needs is not there: an error on CI, a skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)

"""Starts the programs to measure: the suite, an nginx with static files only, the peers. All end with this process."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import Message
from pathlib import Path

from memory import worked

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.append(str(ROOT / "deploy/local"))

from runner import health, processes  # noqa: E402
from runner.folder import make_folder  # noqa: E402
from runner.output.logs import Logs  # noqa: E402
from runner.signals import Signals  # noqa: E402
from runner.suite import Suite  # noqa: E402

START_WITHIN = 60.0
SETTLED_WITHIN, PAUSE, IDLE = 30.0, 0.5, 0.05  # seconds; seconds; a part of one processor
STATIC = """\
daemon off;
pid nginx.pid;
error_log stderr crit;
worker_processes auto;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    keepalive_requests 100000;
    default_type "text/html; charset=utf-8";
    server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
"""


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder like that of `make run`."""
    path = make_folder()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def mergepoint(*application: str, **environment: str) -> Iterator[tuple[str, int]]:
    """Run the suite; yield its URL and the pid of highlight's gunicorn. *application* goes to gunicorn's command line.

    *environment* is added to ours. Limits per address are off, as we are one address; nothing else is. Its log lines
    are written, to /dev/null.
    """
    port = free_port()
    with prepared(port) as suite:
        suite.environment |= environment
        suite.commands["highlight"] = [*suite.commands["highlight"], *application]
        run(suite, port)
        settle()
        yield f"http://127.0.0.1:{port}", suite.processes["highlight"].pid


@contextlib.contextmanager
def prepared(port: int) -> Iterator[Suite]:
    """Yield a suite that can be changed and started; it ends with the block. Its output goes to ``errors`` there."""
    with folder() as path, open(path / "errors", "wb") as errors:
        logs = Logs(errors.fileno(), errors.fileno())
        suite = Suite(path, f"127.0.0.1:{port}", path, logs)
        suite.environment |= {"MERGEPOINT_LIMITS": "off", "MERGEPOINT_ACCESS_LOG": "/dev/null"}
        suite.environment["AUTH_STATE"] = str(path / "auth")
        try:
            yield suite
        finally:
            suite.stop(Signals())
            logs.close()


def run(suite: Suite, port: int, path: str = "/health") -> None:
    """Start *suite* and wait until *path* reports that it is healthy."""
    suite.start()
    try:
        health.wait_until_healthy(suite, ("127.0.0.1", port), Signals(), path=path)
    except health.NotHealthy as error:
        error.add_note((suite.run / "errors").read_text()[-2000:])
        raise


def settle() -> None:
    """Wait until the started programs rest: services continue preparations for seconds after their first answer."""
    ends = time.monotonic() + SETTLED_WITHIN
    before = worked()
    while time.monotonic() < ends:
        time.sleep(PAUSE)
        now = worked()
        if now - before < IDLE * PAUSE:
            return
        before = now


def wait_until_there(*sockets: str) -> None:
    """Wait until somebody listens at each of *sockets*, which are paths."""
    ends = time.monotonic() + START_WITHIN
    for path in sockets:
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(path) == 0:
                    break
            if time.monotonic() > ends:
                raise TimeoutError(f"nobody listens at {path}")
            time.sleep(0.1)


@contextlib.contextmanager
def started_by_make() -> Iterator[str]:
    """Run the suite with `make run`, as a person does; yield its URL after it has highlighted a text."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # if we are made
    environment["MERGEPOINT_LISTEN"] = f"127.0.0.1:{port}"
    with folder() as state:
        environment["XDG_STATE_HOME"] = str(state)
        yield from _run_make(url, environment)


def _run_make(url: str, environment: Mapping[str, str]) -> Iterator[str]:
    with program(["make", "-C", str(ROOT), "run"], f"{url}/highlight?language=python", b"x = 1", environment):
        yield url


@contextlib.contextmanager
def static_files(*contents: bytes) -> Iterator[list[str]]:
    """Run an nginx that only serves *contents* from files; yield the files' URLs."""
    port = free_port()
    with folder() as path:
        urls = [f"http://127.0.0.1:{port}/{number}" for number in range(len(contents))]
        for number, content in enumerate(contents):
            (path / str(number)).write_bytes(content)
        (path / "nginx.conf").write_text(STATIC.format(port=port, root=path))
        user = ["-g", f"user {os.environ.get('MERGEPOINT_USER', 'www-data')};"] if os.geteuid() == 0 else []
        with program(["nginx", "-p", str(path), "-c", "nginx.conf", "-e", "stderr", *user], urls[0]):
            yield urls


@contextlib.contextmanager
def program(
    command: Sequence[str], url: str, body: bytes | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* during the block, which begins when *url* answers; yield its process."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*processes.DIES_WITH_US, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=HERE,
            process_group=0,
        )
        try:
            ask(url, body, within=START_WITHIN, alive=lambda: process.poll() is None)
        except OSError as error:
            said.seek(0)
            error.add_note(said.read().decode(errors="replace")[-2000:])
            process.terminate()
            raise
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def ask(
    url: str, body: bytes | None = None, *, within: float, alive: Callable[[], bool] = lambda: True
) -> tuple[Message, bytes]:
    """Request *url* until it answers, for at most *within* seconds; return the headers and the body."""
    ends = time.monotonic() + within
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as answer:
                return answer.headers, answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > ends or not alive():
                raise
            time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

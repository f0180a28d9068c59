"""A start that does not become healthy names the service to blame."""

import contextlib
import http.server
import json
import pathlib
import sys
import threading
from collections.abc import Iterator

import pytest
from runner import health
from runner.health import NotHealthy
from runner.output.logs import Logs
from runner.signals import Signals
from runner.suite import Suite

from tests.servers import need

ILL = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("toy.sock")
listener.listen()
while True:
    connection, _ = listener.accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 503 x\\r\\n\\r\\nmy database is away")
    connection.close()
"""


@contextlib.contextmanager
def gateway() -> Iterator[tuple[str, int]]:
    """What nginx says of a service that says that it is not well."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(
                json.dumps({"status": "unavailable", "services": {"toy": {"status": "unavailable"}}}).encode()
            )

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield ("127.0.0.1", server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.fixture
def suite(tmp_path: pathlib.Path) -> Iterator[Suite]:
    need("setpriv")
    log = (tmp_path / "log").open("wb")
    logs = Logs(log.fileno(), log.fileno())
    suite = Suite(tmp_path, "127.0.0.1:1", tmp_path, logs)
    yield suite
    suite.stop(Signals())
    logs.close()
    log.close()


def troubles(suite: Suite, command: list[str], within: float, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(health, "START_WITHIN", within)
    suite.commands = {"toy": command}
    suite.start()
    with gateway() as address, pytest.raises(NotHealthy) as told:
        health.wait_until_healthy(suite, address, Signals())
    return dict(told.value.troubles)


def test_one_that_ends(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert troubles(suite, ["sh", "-c", "exit 78"], 20, monkeypatch) == {"toy": "ended with status 78"}


def test_one_that_does_not_listen(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert troubles(suite, ["sleep", "60"], 0.3, monkeypatch) == {"toy": "does not listen after 0 s"}


def test_one_that_is_not_well_in_its_own_words(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    said = troubles(suite, [sys.executable, "-c", ILL], 2, monkeypatch)
    assert said == {"toy": "is not well after 2 s: my database is away"}

"""A real nginx from the shipped files, with only addresses and paths of its own, and a stub in place of the service."""

import dataclasses
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from tests.servers import free_port, wait_for

NGINX = pathlib.Path(__file__).parents[2] / "nginx"
STUB = pathlib.Path(__file__).with_name("stub.py")
SERVICES = sorted(path.stem for path in NGINX.glob("services/*.conf"))
LIMIT = 512 * 1024
LARGE = 8 * 1024 * 1024  # of snippets/policies/large.conf


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def hit(self) -> bool:
        return self.headers["Cache-Status"].startswith("mergepoint; hit")


class Gateway:
    """nginx and the stub behind it, which is every service, in the directory *run*."""

    def __init__(self, run: pathlib.Path, *, files: pathlib.Path = NGINX, **environment: str) -> None:
        self.run = run
        self.files = files
        self.port = free_port()
        self.log_path = run / "access.log"
        self.errors_path = run / "errors.log"
        self.environment = {
            **os.environ,
            "MERGEPOINT_LISTEN": f"127.0.0.1:{self.port}",
            "MERGEPOINT_ACCESS_LOG": str(self.log_path),
            **environment,
        }

    def start(self) -> None:
        for service in SERVICES:
            if service != "highlight" and not (self.run / f"{service}.sock").is_symlink():
                (self.run / f"{service}.sock").symlink_to("highlight.sock")
        (self.run / "waiting").mkdir(exist_ok=True)
        if not (self.run / "waiting/waiting.sock").is_symlink():
            (self.run / "waiting/waiting.sock").symlink_to("../highlight.sock")
        self.start_stub()
        with self.errors_path.open("ab") as errors:
            self.nginx = subprocess.Popen([self.files / "start", self.run], env=self.environment, stderr=errors)
        wait_for(lambda: self.get("/").status == 200)

    def stop(self) -> None:
        self.nginx.terminate()
        self.nginx.wait(10)
        self.stop_stub()

    def start_stub(self) -> None:
        self.stub = subprocess.Popen([sys.executable, STUB, self.run / "highlight.sock"])
        wait_for(lambda: self.control() is not None)

    def stop_stub(self) -> None:
        self.stub.kill()
        self.stub.wait()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def request(
        self,
        method: str,
        target: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send *target* as it is, and *body* chunked unless it is bytes."""
        connection = self.connect()
        try:
            return converse(connection, method, target, body, headers)
        finally:
            connection.close()

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("GET", target, None, headers)

    def post(self, target: str, body: bytes | Iterable[bytes], headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("POST", target, body, headers)

    def stored(
        self,
        method: str,
        target: str,
        body: bytes | None = b"x",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask until the answer is a hit (nginx sends one a moment before it has it); return the first."""
        first = self.request(method, target, body, headers)
        wait_for(lambda: self.request(method, target, body, headers).hit)
        return first

    def raw(self, data: bytes, *, patience: float = 5) -> bytes:
        """Send bytes; return all that comes back until the connection is closed, or silent for *patience* seconds."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as connection:
            try:
                connection.sendall(data)
                while chunk := connection.recv(65536):
                    received += chunk
            except (TimeoutError, ConnectionError):
                pass
        return received

    def door(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send *target* as a worker of jobs does."""
        connection = UnixConnection(self.run / "door/door.sock")
        try:
            return converse(connection, method, target, body, headers)
        finally:
            connection.close()

    def control(self, **state: Any) -> dict[str, Any]:
        """Change the stub's state; return it."""
        connection = UnixConnection(self.run / "highlight.sock")
        try:
            return converse(connection, "POST", "/control", json.dumps(state).encode()).json
        finally:
            connection.close()

    def seen(self, word: str) -> list[dict[str, Any]]:
        """Return the requests that reached the stub with *word* in their target."""
        return [request for request in self.control()["seen"] if word in request["target"]]

    def logged(self, word: str) -> list[dict[str, Any]]:
        """Return the log lines with *word* in them, once there are some: nginx writes them with a delay."""
        wait_for(lambda: word in self.log_path.read_text())
        return [json.loads(line) for line in self.log_path.read_text().splitlines() if word in line]


class UnixConnection(http.client.HTTPConnection):
    """HTTP to the stub itself, past nginx."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__("stub", timeout=5)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def converse(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    headers = headers or {}
    connection.putrequest(method, target, skip_accept_encoding=True, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    if isinstance(body, bytes):
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
    elif body is None:
        connection.endheaders()
    else:
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(body, encode_chunked=True)
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def chunks(body: bytes, size: int) -> Iterable[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def fresh() -> str:
    """Return a word that no request had before: nothing with it in its target is stored yet."""
    return uuid.uuid4().hex


def is_problem(answer: Answer, status: int, code: str) -> bool:
    """Return whether it is RFC 9457 with all that we promise."""
    problem = answer.json
    assert answer.status == status == problem["status"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"] == "about:blank"
    assert answer.headers.get_all("X-Request-Id") == [problem["request_id"]]
    return True

"""In place of the auth service: servers that are slow, broken, or not auth at all."""

import contextlib
import pathlib
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator

from tests.auth.place import Place

Behaviour = Callable[[], Iterator[bytes]]
HOLD = 30.0  # seconds for which the slow ones go on; nobody should wait for them so long


def answer(status: str = "200 OK", *headers: str, body: bytes = b"", length: int | None = None) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + body


def says(data: bytes) -> Behaviour:
    """Sends *data* and hangs up."""
    return lambda: iter([data])


def stalled(data: bytes) -> Behaviour:
    """Sends *data* and nothing more."""

    def talk() -> Iterator[bytes]:
        yield data
        time.sleep(HOLD)

    return talk


def drop_by_drop(data: bytes) -> Behaviour:
    """Sends *data* a byte a second."""

    def talk() -> Iterator[bytes]:
        for byte in data[: int(HOLD)]:
            yield bytes([byte])
            time.sleep(1)

    return talk


IDENTITY = "Mergepoint-Identity: {}"
GOOD = answer("200 OK", IDENTITY.format("a.b.c"))

# What nobody may be let in by.
BROKEN: dict[str, Behaviour] = {
    "never answers": stalled(b""),
    "answers a byte a second": drop_by_drop(GOOD),
    "sends half a header and waits": stalled(GOOD[:40]),
    "sends half a header and hangs up": says(GOOD[:40]),
    "hangs up at once": says(b""),
    "sends garbage": says(b"\x16\x03\x01\x02\x00\x01\x00\xff" * 100),
    "speaks another protocol": says(b"220 mail.example.com ESMTP\r\n"),
    "has no status": says(b"HTTP/1.1 \r\n\r\n"),
    "has an odd status": says(answer("999 Odd")),
    "is at fault": says(answer("500 Internal Server Error", IDENTITY.format("a.b.c"))),
    "has a broken one behind it": says(answer("502 Bad Gateway")),
    "is overloaded": says(answer("503 Service Unavailable", "Retry-After: 1000")),
    "redirects": says(answer("302 Found", "Location: /open/", IDENTITY.format("a.b.c"))),
    "says not modified": says(answer("304 Not Modified", IDENTITY.format("a.b.c"))),
    "knows no such path": says(answer("404 Not Found", body=b"<h1>Not Found</h1>")),
    "has a header that is too large": says(answer("200 OK", IDENTITY.format("a.b.c"), "X-Large: " + "x" * 70_000)),
    "has too many headers": says(answer("200 OK", IDENTITY.format("a.b.c"), *["X-Many: x"] * 20_000)),
    "lets everybody in": says(answer("200 OK", "Content-Type: text/html", body=b"<h1>It works!</h1>")),
    "lets everybody in without a body": says(answer("204 No Content")),
    "lets everybody in as nothing": says(answer("200 OK", IDENTITY.format(""))),
    "lets everybody in as what is no token": says(answer("200 OK", IDENTITY.format("admin"))),
    "lets everybody in as something large": says(answer("200 OK", IDENTITY.format("a.b." + "x" * 3000))),
}  # fmt: skip


class Broken:
    """A server on the Unix socket *path*. The credential that it is shown is the number of the behaviour wanted."""

    def __init__(self, path: pathlib.Path) -> None:
        outer = self
        self.asked: list[bytes] = []

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    outer._converse(self.request)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 512

        self._server = Server(str(path), Handler)
        path.chmod(0o777)  # nginx's workers are somebody else when we are root
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _converse(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (received := connection.recv(65536)):
                return
            request += received
        if b" /auth/health " in request:
            connection.sendall(answer(body=b'{"status": "ok"}'))
            return
        self.asked.append(request)
        found = re.search(rb"(?:Bearer |mergepoint=)number(\d+)", request)
        behaviour = list(BROKEN.values())[int(found[1])] if found else stalled(b"")
        for data in behaviour():
            connection.sendall(data)


def asking_for(behaviour: str) -> list[dict[str, str]]:
    """The headers of a program and of a browser, to be sent to a broken place."""
    number = f"number{list(BROKEN).index(behaviour)}"
    return [
        {"Accept": "application/json", "Authorization": f"Bearer {number}"},
        {"Accept": "text/html,*/*;q=0.8", "Cookie": f"mergepoint={number}"},
    ]


class BrokenPlace(Place):
    """A place whose auth is *broken*."""

    def start_auth(self) -> None:
        self.broken = Broken(self.run / "auth.sock")

    def stop(self) -> None:
        self.broken.stop()
        super().stop()

"""Stands for nginx's door in tests: an HTTP server on a Unix socket."""

import http.server
import pathlib
import socketserver
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands every request to the door's *answer*, which may also write what is no answer."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def handle_any(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.deliveries[self.headers["Idempotency-Key"]] += 1
        try:
            self.server.answer(self)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_QUERY = handle_any  # noqa: N815 - http.server's names

    def reply(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "door"

    def log_message(self, *_: Any) -> None:
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    answer: Callable[[Handler], None]

    def handle_error(self, *_: Any) -> None:
        pass


class Door:
    """*answer* is called with each request; *deliveries* counts them by job."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.deliveries: Counter[str] = Counter()
        self._server = Server(str(path), Handler)
        self._server.lock = threading.Lock()  # type: ignore[attr-defined]
        self._server.deliveries = self.deliveries  # type: ignore[attr-defined]
        self.answer(lambda handler: handler.reply(200, handler.body.upper(), Content_Type="text/plain"))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, answer: Callable[[Handler], None]) -> None:
        self._server.answer = answer

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def new_door() -> Iterator[Door]:
    with tempfile.TemporaryDirectory(prefix="mpj", dir="/tmp") as folder:
        door = Door(pathlib.Path(folder) / "door.sock")
        yield door
        door.stop()

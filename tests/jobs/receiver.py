"""Stands for who is told of finished jobs: an HTTP server that verifies by the library of Standard Webhooks."""

import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Message:
    """What arrived; *headers* by names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> Any:
        """Return what is told; raise the library's error for a message that *secret* does not prove."""
        return Webhook(secret).verify(self.body, dict(self.headers))


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands every message to the receiver's *answer*, which may also write what is no answer."""

    protocol_version = "HTTP/1.1"
    receiver: "Receiver"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.messages.append(Message(self.path, headers, body))
        try:
            self.receiver.answer(self)
        except OSError:
            self.close_connection = True

    def reply(self, status: int = 204, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def write(self, *pieces: bytes) -> None:
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        pass


class Receiver:
    """*messages* are all that arrived; *answer* is called with each."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answer: Callable[[Handler], object] = Handler.reply
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"receiver": self}))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_port
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/told?by=jobs"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def new_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()

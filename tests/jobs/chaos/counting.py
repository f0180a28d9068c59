"""The service that jobs call in these tests: it writes down each delivery before it answers.

``python -m tests.jobs.chaos.counting SOCKET LOG SECONDS``; it takes so many seconds for an answer. What it has written
down outlives it.
"""

import hashlib
import http.server
import os
import pathlib
import socketserver
import sys
import time
from typing import Any


def answer_to(body: bytes) -> bytes:
    """Return what the service answers: twice as long as what it was asked."""
    return (b"counted " + hashlib.sha256(body).hexdigest().encode() + b"\n") * (len(body) // 36 + 1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        os.write(self.server.log, f"{body.split(b' ', 1)[0].decode()} {time.time():.3f}\n".encode())
        time.sleep(self.server.seconds)
        answer = answer_to(body)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def address_string(self) -> str:
        return "nginx"

    def log_message(self, *_: Any) -> None:
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, path: pathlib.Path, log: pathlib.Path, seconds: float) -> None:
        self.log, self.seconds = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), seconds
        path.unlink(missing_ok=True)
        super().__init__(str(path), Handler)
        path.chmod(0o666)  # nginx's workers run as another user

    def handle_error(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    Server(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), float(sys.argv[3])).serve_forever()

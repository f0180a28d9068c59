"""An application with streams: server-sent events as they are sent, WebSockets that echo, and what bodies arrived."""

import contextlib
import hashlib
import http.server
import json
import queue
import socket
import threading
from typing import Any

from websockets.sync.server import ServerConnection, serve

PAGE = b"""<!doctype html><html lang="en"><title>Streams</title><script>
window.seen = []; window.errors = 0; window.sockets = [];
const source = new EventSource("events");
source.onmessage = event => seen.push(event.data);
source.onerror = () => { errors++; window.state = source.readyState };
const socket = new WebSocket(`ws://${location.host}/sockets/echo`);
socket.onopen = () => socket.send("hello");
socket.onmessage = event => sockets.push(event.data);
socket.onclose = event => { window.code = event.code };
</script><p>Streams.</p>"""


class Events:
    """Over HTTP. ``send`` gives an event to every open stream; *requests* are what arrived, bodies by their hash."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self._streams: list[queue.Queue[bytes | None]] = []
        self.begun = 0
        """How many streams have begun, over or not."""
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.body()
                said = {
                    "method": self.command, "path": self.path, "headers": dict(self.headers.items()),
                    "length": len(body), "sha256": hashlib.sha256(body).hexdigest(),
                }  # fmt: skip
                application.requests.append(said)
                if "events" in self.path:
                    self.stream()
                    return
                is_page = self.path.endswith("page")
                answer = PAGE if is_page else json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if is_page else "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                found = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    found += self.rfile.read(size)
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                return found

            def stream(self) -> None:
                own: queue.Queue[bytes | None] = queue.Queue()
                application._streams.append(own)
                application.begun += 1
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                with contextlib.suppress(OSError):
                    while (event := self.next(own)) is not None:
                        self.wfile.write(event)
                        self.wfile.flush()
                application._streams.remove(own)
                self.close_connection = True

            def next(self, own: queue.Queue[bytes | None]) -> bytes | None:
                """Return the next event, None when there is none or nobody to take it."""
                while True:
                    with contextlib.suppress(queue.Empty):
                        return own.get(timeout=0.2)
                    with contextlib.suppress(BlockingIOError):
                        if not self.connection.recv(1, socket.MSG_DONTWAIT):
                            return None

            def log_message(self, *_arguments: object) -> None:
                pass

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def open(self) -> int:
        """How many streams are open, as far as the application has noticed."""
        return len(self._streams)

    def send(self, data: str) -> None:
        self.send_bytes(f"data: {data}\n\n".encode())

    def send_bytes(self, data: bytes) -> None:
        for stream in list(self._streams):
            stream.put(data)

    def end(self) -> None:
        """End all streams, as an application does that has no more to say."""
        for stream in list(self._streams):
            stream.put(None)

    def stop(self) -> None:
        self.end()
        self._server.shutdown()
        self._server.server_close()


class Sockets:
    """Over WebSocket: what comes is sent back. *open* are those that are connected."""

    def __init__(self) -> None:
        self.open: list[ServerConnection] = []
        self.headers: list[dict[str, str]] = []
        self._server = serve(self._echo, "127.0.0.1", 0, max_size=None)
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _echo(self, connection: ServerConnection) -> None:
        assert connection.request
        self.headers.append(dict(connection.request.headers.raw_items()))
        self.open.append(connection)
        try:
            for message in connection:
                connection.send(message)
        finally:
            self.open.remove(connection)

    def stop(self) -> None:
        self._server.shutdown()

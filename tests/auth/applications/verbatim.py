"""An application behind auth that answers what a test says, to the byte, and keeps what it was sent, to the byte."""

import contextlib
import functools
import re
import socket
import threading

from tests.auth.applications.running import location
from tests.auth.place import Place, Visitor

LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


class Verbatim:
    """Takes one request a connection; *answer* is what it says, *seen* what it was sent."""

    def __init__(self) -> None:
        self.answer = b""
        self.seen: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def say(self, *lines: str, status: str = "200 OK", body: bytes = b"some text") -> None:
        """Answer with *lines* as headers from now on, beside the length."""
        head = [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "Connection: close"]
        self.answer = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body

    def headers(self) -> list[tuple[str, str]]:
        """The names, in lower case, and values of the last request."""
        head = self.seen[-1].partition(b"\r\n\r\n")[0].decode("latin-1")
        pairs = [line.partition(": ") for line in head.split("\r\n")[1:]]
        return [(name.lower(), value) for name, _, value in pairs]

    def values(self, name: str) -> list[str]:
        return [value for found, value in self.headers() if found == name.lower()]

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, contextlib.suppress(OSError):
                    self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < _length(data):
            chunk = connection.recv(65536)
            if not chunk:
                return
            data += chunk
        self.seen.append(data)
        connection.sendall(self.answer)


def _length(data: bytes) -> int:
    found = LENGTH.search(data.partition(b"\r\n\r\n")[0])
    return int(found[1]) if found else 0


class VerbatimPlace(Place):
    """With that application at paths of several kinds.

    /said/ is for anybody, at /known/ it learns who is logged in, /closed/ is for them only, /cors/ too, but it answers
    preflights itself, and at /more/ it gets two headers more.
    """

    def __init__(self, **environment: str) -> None:
        self.verbatim = Verbatim()
        port = self.verbatim.port
        more = "proxy_set_header X-Custom $http_x_custom; proxy_set_header 'Other-Name' $http_other_name;"
        files = {
            "said.conf": location("said", port, policy="public"),
            "known.conf": location("known", port, policy="optional"),
            "closed.conf": location("closed", port),
            "cors.conf": location("cors", port, first="set $preflight application;"),
            "more.conf": location("more", port, policy="public", more=more),
        }
        super().__init__(applications=files, **environment)

    @functools.cached_property
    def ada(self) -> Visitor:
        """Somebody who is logged in, and no administrator."""
        return self.user("ada")

    def stop(self) -> None:
        super().stop()
        self.verbatim.stop()

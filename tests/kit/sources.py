"""Servers on loopback to fetch from: sources that a test allows by name, and canaries that must never be asked."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

Respond = Callable[[socket.socket, bytes], None]


class Server:
    """Gives each connection to 127.0.0.1 *answer*, or lets it do that; notes what it was asked."""

    def __init__(
        self, answer: Callable[[socket.socket, bytes], None] | bytes, tls: ssl.SSLContext | None = None
    ) -> None:
        self.answer = answer
        self.seen: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._tls = tls
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as sock:
                head = sock.recv(65536)
                self.seen.append(head)
                if isinstance(self.answer, bytes):
                    sock.sendall(self.answer)
                else:
                    self.answer(sock, head)
        except OSError:
            pass

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

"""Bytes to nginx, as no library would send them."""

import contextlib
import re
import socket

from tests.auth.place import Place


def exchange(place: Place, data: bytes) -> bytes:
    """Send bytes; return all that comes back until nginx closes the connection."""
    received = b""
    connection = socket.create_connection(("127.0.0.1", place.port), timeout=10)
    with connection, contextlib.suppress(ConnectionError, TimeoutError):
        connection.sendall(data)
        while chunk := connection.recv(65536):
            received += chunk
    return received


def get(place: Place, path: str, *lines: str, body: bytes = b"", method: str = "GET") -> bytes:
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *lines])
    return exchange(place, head.encode("latin-1") + b"\r\n\r\n" + body)


def status(received: bytes) -> int:
    """The status of an answer, 0 if there is none."""
    found = re.match(rb"HTTP/1\.. (\d+)", received)
    return int(found[1]) if found else 0

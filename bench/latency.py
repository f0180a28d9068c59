"""Measures how much longer a Python client's call takes than its bytes on a socket: latency.py HOST PORT FILE CALLS.

Prints both medians in microseconds: the client's and the socket's. latency.rb does the same for Ruby.
"""

import socket
import statistics
import sys
import time
from pathlib import Path

from mergepoint.client import Client

WARM_UP = 50


def main() -> None:
    host, port, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[4])
    code = Path(sys.argv[3]).read_text()
    client = Client(f"http://{host}:{port}")
    raw = Raw(host, port, code.encode())
    ways = (lambda: client.highlight(code, language="python"), raw.ask)
    times: list[list[float]] = [[], []]
    for _ in range(calls + WARM_UP):
        for way, taken in zip(ways, times, strict=True):
            began = time.perf_counter()
            answer = way()
            taken.append(time.perf_counter() - began)
        assert answer.endswith(b"</pre></div>\n")
    print(*(f"{statistics.median(taken[WARM_UP:]) * 1e6:.1f}" for taken in times))


class Raw:
    """The same request on a kept connection, with as little code as possible."""

    def __init__(self, host: str, port: int, body: bytes) -> None:
        head = f"POST /highlight?language=python HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        self._request = head.encode() + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> bytes:
        self._socket.sendall(self._request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(1 << 16)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(1 << 16)
        return body


if __name__ == "__main__":
    main()

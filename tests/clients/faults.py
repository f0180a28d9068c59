"""A server that misbehaves on purpose, over real sockets.

A plan names a fault for each request that comes; the last one stays. Knows HTTP only as far as it breaks it.
"""

import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any, NamedTuple

HEAD = {"X-Request-Id": "r-1", "Mergepoint-Language": "python", "Cache-Status": "mergepoint; fwd=miss"}
HTML = "text/html; charset=utf-8"
PROBLEM = "application/problem+json"
PNG = b"\x89PNG\r\n\x1a\n\xff"


class Request(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    nth: int
    """Which request it is on its connection."""
    at: float


Fault = Callable[[socket.socket, Request], None]


class Hangup(Exception):
    """The fault wants the connection closed."""


class FaultServer:
    """Answers on a port of its own until the ``with`` block ends, and remembers the *requests* it saw."""

    def __init__(self, *plan: str, tls: ssl.SSLContext | None = None) -> None:
        self._plan = [FAULTS[name] for name in plan]
        self._tls = tls
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.requests: list[Request] = []
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "FaultServer":
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):  # closed already
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, len(self._sockets)), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, connection: int) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Either side may hang up; that is what is tested.
        with sock, contextlib.suppress(Hangup, OSError):
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as stream:
                nth = 0
                while request := _read(stream, connection, nth := nth + 1):
                    with self._lock:
                        fault = self._plan[min(len(self.requests), len(self._plan) - 1)]
                        self.requests.append(request)
                    fault(sock, request)


def refused() -> str:
    """Return the URL of a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


@contextlib.contextmanager
def unreachable() -> Iterator[str]:
    """Yield the URL of a port that neither accepts nor refuses: its queue of connections is full."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _read(stream: Any, connection: int, nth: int) -> Request | None:
    line = stream.readline().decode()
    if not line:
        return None
    method, target, _ = line.split()
    headers = {}
    while name_value := stream.readline().decode("latin-1").strip():
        name, value = name_value.split(":", 1)
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body, connection, nth, time.monotonic())


def head(status: str, type: str, **headers: Any) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {**HEAD, "Content-Type": type, **named}
    return "\r\n".join([f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode()


def answer(status: str, type: str, body: bytes | str, **headers: Any) -> Fault:
    data = body.encode() if isinstance(body, str) else body
    return lambda sock, _: sock.sendall(head(status, type, Content_Length=len(data), **headers) + data)


def problem(status: str, code: str, detail: str = "no", **headers: Any) -> Fault:
    errors = [{"field": "language", "message": detail}]
    said = {"status": int(status[:3]), "code": code, "detail": detail, "errors": errors}
    return answer(status, PROBLEM, json.dumps(said), **headers)


def busy_until_date(sock: socket.socket, request: Request) -> None:
    date = formatdate(time.time() + 2, usegmt=True)  # whole seconds: between 1 and 2 from now
    problem("503 Service Unavailable", "overloaded", Retry_After=date)(sock, request)


def reset(sock: socket.socket, _: Request) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() sends RST
    raise Hangup


def hangup(sock: socket.socket, _: Request) -> None:
    raise Hangup


def hang(sock: socket.socket, _: Request) -> None:
    sock.recv(1)  # until the client has had enough
    raise Hangup


def echo(sock: socket.socket, request: Request) -> None:
    problem("401 Unauthorized", "unauthorized", request.headers.get("authorization", ""))(sock, request)


def stale(sock: socket.socket, request: Request) -> None:
    """Close a connection on its second request, as if it had been idle for too long."""
    if request.nth > 1:
        raise Hangup
    OK(sock, request)


def dribble(opening: bytes, piece: bytes = b"x") -> Fault:
    def send(sock: socket.socket, _: Request) -> None:
        sock.sendall(opening)
        while True:
            sock.sendall(piece)
            time.sleep(0.05)

    return send


def cut_off(opening: bytes) -> Fault:
    def send(sock: socket.socket, _: Request) -> None:
        sock.sendall(opening)
        raise Hangup

    return send


def endless(opening: bytes, piece: bytes) -> Fault:
    def send(sock: socket.socket, _: Request) -> None:
        sock.sendall(opening)
        while True:
            sock.sendall(piece)

    return send


KLINGON = {"status": 422, "code": "unknown_language", "detail": "did you mean 'kotlin'?"}
FULL = {"status": 200, "type": HTML, "body": "<b>é</b>", "language": "ruby", "plaintext": False, "degraded": None}
PLAIN = {"language": "c", "plaintext": True, "degraded": "deadline"}
BATCH = [
    FULL,
    {"status": 422, "problem": KLINGON},
    {"status": 200, "type": "image/png", "body": "iVBORw0KGgr/", "encoding": "base64", **PLAIN},
]
JOB = {"id": "0123456789abcdefghijkl", "state": "queued", "attempts": 0, "attempts_allowed": 5}
CALLBACK = {"url": "https://example.com/", "state": "pending", "tries": 0}
RUNNING = {**JOB, "state": "running", "attempts": 1, "callback": CALLBACK}
FAR = {"progress": {"done": 3, "of": 12, "note": 'a "done": 9'}}
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
OK = answer("200 OK", HTML, "<b>ok</b>")
DIFF = {
    "html": "<ins>é</ins>",
    "changes": [{"id": 1, "kind": "inserted", "path": "/", "old": "", "new": "é"}],
    "counts": {"inserted": 1},
    "granularity": "block",
    "degraded": "deadline",
}
ANNOTATED = {"html": "<span>b</span>", "parts": [{"label": "2", "text": "b"}], "granularity": "word", "degraded": None}

FAULTS: dict[str, Fault] = {
    "ok": OK,
    "hit": answer("200 OK", HTML, "<b>ok</b>", Cache_Status="mergepoint; hit; ttl=30"),
    "degraded": answer("200 OK", HTML, "ok", Mergepoint_Plaintext="1", Mergepoint_Degraded="deadline"),
    "cookie": answer("200 OK", HTML, "<b>ok</b>", Set_Cookie="a=1; Path=/"),
    "png": answer("200 OK", "image/png", PNG),
    "diff": answer("200 OK", "application/json", json.dumps(DIFF)),
    "annotated": answer("200 OK", "application/json", json.dumps(ANNOTATED)),
    "batch": answer("200 OK", "application/json", json.dumps({"results": BATCH})),
    "busy": problem("503 Service Unavailable", "overloaded"),
    "busy for a second": problem("503 Service Unavailable", "overloaded", Retry_After="1"),
    "busy for an hour": problem("503 Service Unavailable", "overloaded", Retry_After="3600"),
    "busy until a date": busy_until_date,
    "limited": problem("429 Too Many Requests", "rate_limited"),
    "limited for a second": problem("429 Too Many Requests", "rate_limited", Retry_After="1"),
    "bad request": problem("400 Bad Request", "invalid_encoding"),
    "echo": echo,
    "unauthorized": problem("401 Unauthorized", "unauthorized"),
    "forbidden": problem("403 Forbidden", "forbidden"),
    "not found": problem("404 Not Found", "not_found"),
    "too large": problem("413 Content Too Large", "body_too_large"),
    "unknown language": problem("422 Unprocessable Content", "unknown_language", "did you mean 'kotlin'?"),
    "unknown code": problem("422 Unprocessable Content", "from_the_future"),
    "unknown server code": problem("507 Insufficient Storage", "from_the_future"),
    "html error": answer("502 Bad Gateway", "text/html", "<h1>Bad Gateway</h1>"),
    "odd problem": answer("422 No", PROBLEM, '{"code": 7, "detail": ["x"], "errors": "x", "title": null}'),
    "deep problem": answer("422 No", PROBLEM, "[" * 100_000),
    "reset": reset,
    "hangup": hangup,
    "hang": hang,
    "stale": stale,
    "slow body": dribble(head("200 OK", HTML, Content_Length=100_000)),
    "slow chunks": dribble(head("200 OK", HTML, Transfer_Encoding="chunked"), b"1\r\nx\r\n"),
    "slow head": dribble(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "truncated": cut_off(head("200 OK", HTML, Content_Length=100) + b"<b>"),
    "truncated chunks": cut_off(head("200 OK", HTML, Transfer_Encoding="chunked") + b"3\r\n<b>\r\n"),
    "truncated head": cut_off(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "declared oversize": endless(head("200 OK", HTML, Content_Length=1 << 40), b"x" * 65536),
    "endless chunks": endless(head("200 OK", HTML, Transfer_Encoding="chunked"), CHUNK),
    "endless chunk": endless(head("200 OK", HTML, Transfer_Encoding="chunked") + b"-1\r\n", CHUNK),
    "endless body": endless(head("200 OK", HTML, Connection="close"), b"x" * 65536),
    "endless error": endless(head("500 Oh", PROBLEM, Transfer_Encoding="chunked"), CHUNK),
    "bad json": answer("200 OK", "application/json", '{"languages": ['),
    "other json": answer("200 OK", "application/json", '{"languages": "many"}'),
    "accepted": answer("202 Accepted", "application/json", json.dumps(JOB), Location=f"/jobs/{JOB['id']}"),
    "running": answer("200 OK", "application/json", json.dumps(RUNNING)),
    "far": answer("200 OK", "application/json", json.dumps({**RUNNING, **FAR})),
    "behind": answer("200 OK", "application/json", json.dumps({**JOB, "ahead": 7, "attempts": 2})),
    "done": answer("200 OK", "application/json", json.dumps({**JOB, "state": "done", "attempts": 1})),
    "its 503": problem("503 Service Unavailable", "overloaded", Mergepoint_Job=JOB["id"]),
    "redirect": answer("302 Found", HTML, "", Location="/elsewhere"),
    "no content": answer("206 Partial Content", HTML, "ok"),
    "not utf-8": answer("200 OK", HTML, b"\xff"),
    "gzip": answer("200 OK", HTML, gzip.compress(b"x" * 1000), Content_Encoding="gzip"),
    "mail": cut_off(b"220 mail.example.com ESMTP\r\n\r\n"),
    "garbage": cut_off(b"220 mail.example.com ESMTP\r\n"),
}

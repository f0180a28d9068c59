"""Connections that keep the limits of a whole call.

The timeouts of requests begin anew with every byte, so a slow server could hold a caller for ever. These sockets get no
more time than the call has left. The system resolves names without a time limit.
"""

import http.client
import io
import socket
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

FRAMING_BYTES = 1 << 20  # of the head and the sizes of chunks, beside the body


class Deadline:
    """The end of a call and its retries, *seconds* from now."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        return self._end - self._clock()


class TooManyBytes(Exception):
    """The answer has more bytes than the caller allows."""


class Limits(NamedTuple):
    deadline: Deadline
    max_bytes: int


current: ContextVar[Limits] = ContextVar("mergepoint_limits")
"""The limits of the call being made; urllib3 offers no way to hand them down to a socket."""


class Adapter(HTTPAdapter):
    """One kept connection to one server.

    Without a session around it, it follows no redirect, keeps no cookie, and reads neither ``~/.netrc`` nor
    the proxy variables: what is sent depends on nothing but the call.
    """

    kept = False
    """Whether the next request uses a kept connection, which the server may have closed in the meantime."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def _limit(sock: socket.socket) -> None:
    left = current.get().deadline.remaining()
    if left <= 0:
        raise TimeoutError("the time for the call is over")
    sock.settimeout(left)


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock, self._raw = sock, raw
        self._bytes_left = current.get().max_bytes + FRAMING_BYTES
        self.in_head = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        _limit(self._sock)
        count = self._raw.readinto(buffer)
        if count == 0 and self.in_head:  # http.client would take this for the end of the head, and an empty body
            raise http.client.RemoteDisconnected("the answer ended in its head")
        self._bytes_left -= count or 0
        if self._bytes_left < 0:  # a chunk of announced size -1 has no end
            raise TooManyBytes
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _Reader(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        self._reader.in_head = True
        super().begin()
        self._reader.in_head = False


class _Connection(http.client.HTTPConnection):
    response_class = _Response

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _limit(self.sock)
        super().send(data)


class _PlainConnection(_Connection, HTTPConnection):
    pass


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection

"""A socket as the file that http.client reads from: no read waits past a deadline, and all together are bounded."""

import io
import socket
from collections.abc import Callable
from typing import Any


class TooMuch(Exception):
    """More bytes came than may be."""


class BoundedStream(io.RawIOBase):
    """Reads from *connection*: at most *most* bytes; *left* says how many seconds a read may take, or raises."""

    def __init__(self, connection: socket.socket, left: Callable[[], float], most: int) -> None:
        self._connection, self._left, self._most = connection, left, most

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what http.client asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._left())
        count = self._connection.recv_into(buffer)
        self._most -= count
        if self._most < 0:
            raise TooMuch
        return count

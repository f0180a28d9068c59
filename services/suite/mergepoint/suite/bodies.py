"""Bodies of requests without a declared length, which WSGI servers hand over in several ways."""

import io
import socket
from typing import Any
from wsgiref.types import WSGIEnvironment

from werkzeug.exceptions import RequestEntityTooLarge


def is_chunked(environ: WSGIEnvironment) -> bool:
    """Whether the body has no length: its end is in the transfer coding."""
    return "HTTP_TRANSFER_ENCODING" in environ and not environ.get("CONTENT_LENGTH")


def mark_end(environ: WSGIEnvironment) -> None:
    """Say that the body ends where its stream does, as it does in servers that have decoded it without saying so.

    Not in one that hands over the connection itself (wsgiref): there a read would wait for ever.
    """
    if not isinstance(getattr(environ["wsgi.input"], "raw", None), socket.SocketIO):
        environ["wsgi.input_terminated"] = True


class Bounded(io.RawIOBase):
    """A stream that raises RequestEntityTooLarge if there are more than *most* bytes in it.

    (Werkzeug stops there, and shows the half of the body as the whole.)
    """

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._left = stream, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._stream.read(min(len(buffer), self._left) or 1)
        if len(data) > self._left or (data and len(data) == self._left and self._stream.read(1)):
            raise RequestEntityTooLarge
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

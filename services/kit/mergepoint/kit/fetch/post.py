"""Sends messages to other people's servers: over connections.py's connections, each answered within a time.

Of an answer only its head is read: whatever a server sends after it, however long or slowly, costs nothing. No redirect
is followed.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

import structlog

from .bounded_stream import BoundedStream, TooMuch
from .connections import Connector, Refused, Resolve, resolve, resolve_number
from .origins import NotAUrl, Target, parse_url

log = structlog.get_logger()
HEAD_BYTES = 1 << 17  # the most that the head of an answer may take


class NotSent(Exception):
    """No answer came. *code*: ``refused`` (not listed, or its address), ``too_slow``, ``unreachable``, ``no_http``.

    The text may be shown to whoever has named the URL.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Posted:
    """What a server answered. *retry_after* is its header, as it came."""

    status: int
    retry_after: str | None = None


class Poster:
    """Posts to *origins*, the entries of a setting (see origins.py); none: refuses everything.

    Threads may share one.
    """

    def __init__(
        self,
        origins: str | Iterable[str],
        *,
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._connector = Connector(origins, resolve=resolve, clock=clock, tls=tls)
        self.clock = clock

    def check(self, url: str) -> None:
        """Raise NotAUrl, or NotSent (``refused``) if *url* is not listed, or is a number that is not allowed.

        What a name leads to is not asked here: it may change, and is checked for every connection.
        """
        target = parse_url(url)
        try:
            self._connector.check(target, resolve_number(target.host, target.port))
        except Refused as error:
            raise _refusal(error) from None

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, ends: float) -> Posted:
        """Send *body* and return the answer; raise NotSent. All of it ends at *ends*, by the clock that was given."""
        try:
            target = parse_url(url)
            with closing(self._connector.connect(target, ends)) as connection:
                return self._exchange(connection, _head(target, headers, body) + body, ends)
        except (NotAUrl, Refused) as error:
            raise _refusal(error) from None
        except TimeoutError:
            raise NotSent("too_slow", "there was no answer in time") from None
        except OSError as error:  # http.client.RemoteDisconnected among them
            log.info("message", code="unreachable", why=f"{target.origin}: {type(error).__name__}: {error}"[:300])
            raise NotSent("unreachable", "its server cannot be reached") from None
        except (TooMuch, http.client.HTTPException, ValueError):
            raise NotSent("no_http", "its server did not answer with HTTP") from None

    def _exchange(self, connection: socket.socket, request: bytes, ends: float) -> Posted:
        connection.settimeout(self._connector.left(ends))
        connection.sendall(request)
        stream = BoundedStream(connection, lambda: self._connector.left(ends), HEAD_BYTES)
        response = http.client.HTTPResponse(stream, method="POST")  # type: ignore[arg-type]
        response.begin()
        return Posted(response.status, response.getheader("Retry-After"))


def _head(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    ours = {
        "Host": target.origin.partition("://")[2],
        "User-Agent": "mergepoint",
        "Connection": "close",
        "Content-Length": str(len(body)),
    }
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**ours, **headers}.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _refusal(error: Exception) -> NotSent:
    log.warning("message", code="refused", why=str(error)[:300])
    return NotSent("refused", "this address is not allowed")

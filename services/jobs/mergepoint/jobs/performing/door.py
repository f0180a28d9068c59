"""One request through nginx's door, within a deadline; its answer is bounded in time and size.

The connection can be ended from another thread: a job that was cancelled, or whose lease is lost, stops at once.
"""

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mergepoint.kit.fetch.bounded_stream import BoundedStream, TooMuch

HEAD_BYTES = 1 << 18  # the most that a head and the sizes of chunks may take, beside the body
CHUNK = 1 << 16
CONNECT_WITHIN = 5.0  # seconds
HOST = "mergepoint"  # of a job that does not say which host it was sent to
REFUSAL = "Mergepoint-Refusal"  # nginx's word why auth let nobody pass; it drops that header of applications
# What is kept of an answer: what says what its content is, and what a service of ours says about it. No cookie ever is.
KEPT = re.compile(
    r"content-(?!length\Z|security)[a-z-]+|etag|last-modified|link|location|retry-after|mergepoint-[a-z-]+"
    r"|x-(?:origin|result)-[a-z-]+",
    re.IGNORECASE,
)
# Said by nginx and by jobs, so that a service cannot.
OURS = re.compile(r"mergepoint-(?:job|identity|grant|refusal|attempt|set-cookie)", re.IGNORECASE)


class ConnectionFailed(Exception):
    """There was no answer, or it ended early; another attempt may have one."""

    code = "connection_failed"


class DoorClosed(Exception):
    """Nobody listens there: nginx is away, and no service was asked anything."""


class DeadlinePassed(Exception):
    """The attempt took too long."""

    code = "deadline"


class UnusableAnswer(Exception):
    """The answer is larger than it may be, or no HTTP; another would be no better."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Stopped(Exception):
    """Another thread ended the call."""


@dataclass(frozen=True)
class Answer:
    """What came back: *headers* are those that are kept. *refusal*: why the door itself has refused the request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    refusal: str = ""


class Stream(BoundedStream):
    """Knows whether the other side has ended it."""

    ended = False

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self.ended = not count
        return count


class Call:
    """One call of the door at *address*, a socket's path or ``host:port``; it may take *deadline* seconds."""

    def __init__(
        self, address: str, deadline: float, *, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address, self._most, self._clock = address, most, clock
        self._deadline = deadline
        self._socket: socket.socket | None = None
        self._stopped = False

    def perform(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer, or raise DoorClosed, ConnectionFailed, DeadlinePassed, UnusableAnswer or Stopped."""
        self._ends = self._clock() + self._deadline
        try:
            with self._connection() as connection:
                connection.settimeout(self._left())
                _send(connection, _head(method, target, headers, body) + body)
                return self._read(connection, method)
        except TooMuch:
            raise UnusableAnswer("answer_too_large", f"the answer has more than {self._most} bytes") from None
        except TimeoutError:
            raise DeadlinePassed(f"an attempt took longer than {self._deadline:g} s") from None
        except http.client.IncompleteRead:
            raise self._failed("the answer ended early") from None
        except ConnectionError as error:  # http.client.RemoteDisconnected among them
            raise self._failed(type(error).__name__) from error
        except (http.client.HTTPException, ValueError) as error:
            raise self._unusable(error) from error
        except OSError as error:
            raise self._failed(type(error).__name__) from error

    def stop(self) -> None:
        """End the call, from any thread."""
        self._stopped = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        with _connect(self._address, min(self._left(), CONNECT_WITHIN)) as connection:
            self._socket = connection
            if self._stopped:
                raise Stopped
            yield connection

    def _read(self, connection: socket.socket, method: str) -> Answer:
        stream = Stream(connection, self._left, self._most + HEAD_BYTES)
        response = http.client.HTTPResponse(stream, method=method)  # type: ignore[arg-type]
        response.begin()
        if stream.ended:  # http.client takes that for the end of the head
            raise ConnectionResetError
        if (response.length or 0) > self._most:
            raise TooMuch
        body = bytearray()
        while piece := response.read(CHUNK):
            body += piece
            if len(body) > self._most:
                raise TooMuch
        if self._stopped:
            raise Stopped
        if response.length:
            raise ConnectionResetError
        headers = {
            name: value for name, value in response.getheaders() if KEPT.fullmatch(name) and not OURS.fullmatch(name)
        }
        return Answer(response.status, headers, bytes(body), response.getheader(REFUSAL, ""))

    def _left(self) -> float:
        left = self._ends - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

    def _failed(self, why: str) -> Exception:
        return Stopped() if self._stopped else ConnectionFailed(f"no answer came back ({why})")

    def _unusable(self, error: Exception) -> Exception:
        return Stopped() if self._stopped else UnusableAnswer("answer_invalid", f"no HTTP came back: {error!r}"[:300])


def is_open(address: str) -> bool:
    """Whether somebody listens at the door."""
    try:
        _connect(address, CONNECT_WITHIN).close()
    except DoorClosed:
        return False
    return True


def _connect(address: str, timeout: float) -> socket.socket:
    is_path = address.startswith("/")
    connection = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
    connection.settimeout(timeout)
    host, _, port = address.rpartition(":")
    try:
        connection.connect(address if is_path else (host, int(port)))
    except OSError as error:
        connection.close()
        raise DoorClosed(f"nobody listens at the door ({type(error).__name__})") from error
    return connection


def _head(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {"Host": HOST, **headers, "Connection": "close"}.items()]
    if body or method in ("POST", "PUT", "PATCH", "QUERY"):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _send(connection: socket.socket, data: bytes) -> None:
    """Send all. Who answers before all is sent (413) and closes has an answer to read, so that is no error here."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(data)

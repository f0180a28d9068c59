"""A server of docs/protocol.md: sockets, repetitions, time limits. It does not know what the calls mean."""

import os
import re
import secrets
import threading
import time
import weakref
from contextlib import suppress
from typing import NamedTuple

import zmq

from ..connections import Deadline
from ..errors import ConnectionFailed, InvalidResponse, ResponseTooLarge, Timeout
from ..server import Answer
from .translation import Frames, Message, read, read_id

Socket = zmq.Socket[bytes]
Context = zmq.Context[Socket]

ADDRESS = re.compile(r"ipc:///.+|tcp://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")
KEY = re.compile(r"[!-~]{40}")  # Z85, ZeroMQ's RFC 32
FIRST_REPETITION = 1.0  # seconds without an answer
LATER_REPETITIONS = 2.0  # so that a server that was started anew is found within so many
IDLE = 16  # sockets that are kept for the next calls


class Keys(NamedTuple):
    """Our *secret* key, and the *server*'s public one."""

    secret: bytes
    server: bytes


class Server:
    """The server at *address*. Each call has a socket of its own for its time, whatever thread or process makes it."""

    def __init__(self, address: str, keys: Keys | None, *, connect_timeout: float, max_bytes: int) -> None:
        if not ADDRESS.fullmatch(address):
            raise ValueError("address must be like ipc:///run/mergepoint/highlight or tcp://127.0.0.1:5570")
        self.address = address
        self._keys, self._connect_timeout, self._max_bytes = keys, connect_timeout, max_bytes
        self._reset()

    def send(self, message: Message, deadline: Deadline, request_id: str) -> Answer:
        """Return the answer to *message*, or raise ConnectionFailed or InvalidResponse."""
        try:
            socket = self._take()
            try:
                frames = self._exchange(socket, message, deadline, request_id)
            except BaseException:
                socket.close(linger=0)  # an answer may still come to it
                raise
        except zmq.ZMQError as error:
            raise ConnectionFailed(f"{self.address}: {error.strerror}") from error
        self._give_back(socket)
        if sum(map(len, frames)) > self._max_bytes:
            raise ResponseTooLarge(f"{self.address}: the answer is longer than {self._max_bytes} bytes")
        try:
            return read(frames, request_id)
        except (LookupError, TypeError, ValueError) as error:
            raise InvalidResponse(f"{self.address}: answered with something else than a result") from error

    def close(self) -> None:
        """Close the idle sockets."""
        self._reset_after_fork()
        with self._lock:
            _close_all(self._idle)

    def _exchange(self, socket: Socket, message: Message, deadline: Deadline, request_id: str) -> Frames:
        id = secrets.token_hex(8)  # of this attempt: a second answer to an earlier one is not taken for its own
        self._wait_for_connection(socket, deadline)
        pause = FIRST_REPETITION
        while (left := deadline.remaining()) > 0:
            # The same each time: the server knows by the id what it has in hand. Without a connection it waits here.
            if socket.poll(_milliseconds(left), zmq.POLLOUT):
                with suppress(zmq.Again):  # the connection was lost just now
                    socket.send_multipart(message.frames(id, seconds=left, request_id=request_id), zmq.NOBLOCK)
            if frames := self._read(socket, id, min(pause, deadline.remaining())):
                return frames
            pause = LATER_REPETITIONS
        raise Timeout(f"{self.address}: no answer in time", request_id=request_id)

    def _wait_for_connection(self, socket: Socket, deadline: Deadline) -> None:
        seconds = min(self._connect_timeout, deadline.remaining())
        if not socket.poll(_milliseconds(seconds), zmq.POLLOUT):
            why = "with whom these keys may speak" if self._keys else "that answers"
            raise ConnectionFailed(f"{self.address}: there is no server {why}")

    def _read(self, socket: Socket, id: str, seconds: float) -> Frames | None:
        """Return the answer to *id*, or None if it does not come in time. Others are passed over."""
        left = Deadline(seconds, time.monotonic)
        while socket.poll(_milliseconds(left.remaining()), zmq.POLLIN):
            frames = socket.recv_multipart(zmq.NOBLOCK)
            if read_id(frames) == id:
                return frames
        return None

    def _take(self) -> Socket:
        self._reset_after_fork()
        with self._lock:
            if self._idle:
                return self._idle.pop()
        socket = self._context.socket(zmq.DEALER)
        try:
            self._connect(socket)
        except BaseException:
            socket.close(linger=0)
            raise
        return socket

    def _connect(self, socket: Socket) -> None:
        socket.linger = 0
        socket.immediate = True  # nothing is sent, and it is known, while there is no connection
        socket.ipv6 = True
        socket.reconnect_ivl_max = 1000  # milliseconds
        if self._keys:
            socket.curve_serverkey = self._keys.server
            socket.curve_secretkey = self._keys.secret
            socket.curve_publickey = zmq.curve_public(self._keys.secret)
        socket.connect(self.address)

    def _give_back(self, socket: Socket) -> None:
        with self._lock:
            if len(self._idle) < IDLE:
                self._idle.append(socket)
                return
        socket.close(linger=0)

    def _reset_after_fork(self) -> None:
        """Leave the parent's sockets, locks and context alone in a forked child."""
        if self._process != os.getpid():
            _of_parents.append((self._context, self._idle))
            self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Socket] = []
        self._context: Context = zmq.Context()
        weakref.finalize(self, _end, self._context, self._idle, os.getpid())  # at the end of the program, too
        self._process = os.getpid()  # last: a second thread that sees this sees the rest


_of_parents: list[object] = []  # what a forked child must not even close, and so never forgets


def _end(context: Context, idle: list[Socket], process: int) -> None:
    if process == os.getpid():
        _close_all(idle)
        context.term()


def _close_all(sockets: list[Socket]) -> None:
    while sockets:
        sockets.pop().close(linger=0)


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))

"""A worker: it offers one service to a broker and performs what it is given."""

import time
from pathlib import Path

import structlog
import zmq

from . import commands, curve
from .commands import BEAT, SILENCE
from .loop import Loop, Pulse, Signals
from .performing import Performers
from .serving import END_WITHIN
from .sockets import AT_ONCE, Context, Socket

log = structlog.get_logger()


class Worker:
    """Performs, by *performers*, what the broker at *address* gives. With *keys*, its secret and the broker's public
    key, it speaks CURVE. The file *alive* is touched while the broker is heard.
    """

    def __init__(
        self,
        performers: Performers,
        address: str,
        keys: tuple[bytes, bytes] | None = None,
        alive: Path | None = None,
    ) -> None:
        self._performers, self._address, self._keys = performers, address, keys
        self._signals, self._pulse = Signals(), Pulse(alive)
        self._context: Context = zmq.Context()
        self._beat = 0.0
        self._leaving = self._released = False
        self._connect()

    def run(self) -> None:
        """Work until a signal comes; then end what is in hand."""
        log.info("working", address=self._address)
        while not self._signals.came:
            self._turn()
        log.info("ending")
        self._leaving = True
        self._say(commands.DISCONNECT)
        end = time.monotonic() + END_WITHIN
        while not self._may_go(time.monotonic()) and time.monotonic() < end:
            self._turn()

    def close(self) -> None:
        self._socket.close()
        self._context.term()

    def _may_go(self, now: float) -> bool:
        """Whether the broker has all answers, and gives nothing more; a broker that says nothing is not waited for."""
        return not self._performers.running and (self._released or now - self._heard > SILENCE / 2)

    def _connect(self) -> None:
        """Connect anew and offer. What the former connection had in hand, the broker has given to another by now."""
        socket: Socket = self._context.socket(zmq.DEALER)
        socket.linger = 1000
        socket.ipv6 = True
        socket.reconnect_ivl_max = 1000  # milliseconds
        if self._keys:
            curve.introduce(socket, *self._keys)
        socket.connect(self._address)
        self._socket, self._heard = socket, time.monotonic()
        self._loop = Loop({socket: self._read, self._performers.wakes: self._answer}, self._signals)
        self._say(*self._performers.offer.frames())

    def _turn(self) -> None:
        now = time.monotonic()
        if now - self._heard > SILENCE:
            log.warning("broker silent; connecting again", address=self._address)
            self._socket.close(linger=0)
            self._connect()
        if now - self._beat >= BEAT:
            self._beat = now
            self._say(commands.HEARTBEAT)
        self._loop.turn(self._beat + BEAT - now)

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            try:
                command, *frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._heard = time.monotonic()
            self._pulse.beat()
            if command == commands.REQUEST and len(frames) > 1:
                self._performers.begin(frames[0], frames[1:])
            elif command == commands.DISCONNECT and self._leaving:
                self._released = True
            elif command == commands.DISCONNECT:
                self._say(*self._performers.offer.frames())

    def _answer(self) -> None:
        for number, answer in self._performers.collect():
            self._say(commands.ANSWER, number, *answer)

    def _say(self, *frames: bytes) -> None:
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK, copy=False)
        except zmq.Again:
            log.warning("the broker does not read", address=self._address)

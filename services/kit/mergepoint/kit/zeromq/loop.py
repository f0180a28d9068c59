"""One thread that reads sockets and does what is due, until a signal ends it."""

import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zmq

SIGNALS = (signal.SIGTERM, signal.SIGINT)
READABLE = int(zmq.POLLIN | zmq.POLLERR)


class Signals:
    """SIGTERM and Ctrl-C: they are noted, and wake the loop. ``came`` says whether one has."""

    def __init__(self) -> None:
        self.reads, self._writes = socket.socketpair()
        self.reads.setblocking(False)
        self._writes.setblocking(False)
        self.came = False
        signal.set_wakeup_fd(self._writes.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, self._note)

    def read(self) -> None:
        self.reads.recv(100)

    def _note(self, *_: object) -> None:
        self.came = True


class Pulse:
    """Touches *file*, if there is one, at most once a second: who looks at it knows that the program goes on."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._touched = file, 0.0

    def beat(self) -> None:
        now = time.monotonic()
        if self._file and now - self._touched >= 1:
            self._touched = now
            self._file.touch()


class Loop:
    """Calls the *readers* of what can be read: sockets of ZeroMQ, or numbers of descriptors."""

    def __init__(self, readers: Mapping[Any, Callable[[], object]], signals: Signals) -> None:
        self._readers = {**readers, signals.reads.fileno(): signals.read}
        self._poller = zmq.Poller()
        for each in self._readers:
            self._poller.register(each, zmq.POLLIN)

    def turn(self, seconds: float) -> None:
        """Wait for at most that long, and call the readers of what can be read."""
        for each, event in self._poller.poll(round(max(0, seconds) * 1000)):
            if event & READABLE:
                self._readers[each]()

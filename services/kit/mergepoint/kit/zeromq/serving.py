"""A server: clients on one side, the service's own threads on the other, in one process.

``serve`` runs a service so; ``broker`` runs the same with workers elsewhere.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
import zmq

from . import commands
from .broker import GRACE, Broker
from .curve import Gatekeeper, PublicKeys
from .loop import Loop, Pulse, Signals
from .performing import Performers
from .sockets import Door

END_WITHIN = 8.0  # seconds for what is under way, after SIGTERM; within 10 all is over
FLUSH = 0.02  # seconds between attempts to send what a slow client has not read
WORKERS_QUEUED = 4096  # messages to one worker: its slots bound them

log = structlog.get_logger()


@dataclass(frozen=True)
class Frontend:
    """Where peers connect, with frames of at most *most_bytes*. Beyond this machine it has a *secret* key, and the
    public *keys* of those who may.
    """

    address: str
    most_bytes: int
    secret: bytes = b""
    keys: PublicKeys | None = None


class Server:
    """Clients of *frontend*, served by *performers* in this process, or by the workers who connect to *backend*.

    The file *alive* is touched while it goes on.
    """

    def __init__(
        self,
        frontend: Frontend,
        *,
        performers: Performers | None = None,
        backend: Frontend | None = None,
        alive: Path | None = None,
    ) -> None:
        self._signals, self._pulse = Signals(), Pulse(alive)
        self._context = zmq.Context()
        self._gatekeeper: Gatekeeper | None = None
        self._clients = self._door("clients", frontend)
        self._workers = self._door("workers", backend, WORKERS_QUEUED) if backend else None
        self._performers = performers
        now = time.monotonic()
        self._broker = Broker(self._clients.send, self._to_worker, now, grace=0 if performers else GRACE)
        readers: dict[object, Callable[[], object]] = {self._clients.socket: self._read_clients}
        if self._workers:
            readers[self._workers.socket] = self._read_workers
        if performers:
            self._broker.add_local(performers.offer, now)
            readers[performers.wakes] = self._read_performers
        self._loop = Loop(readers, self._signals)

    def run(self) -> None:
        """Serve until a signal comes; then end what is under way."""
        for door in filter(None, (self._clients, self._workers)):
            door.bind()
        log.info("listening", address=self._clients.address)
        while not self._signals.came:
            self._turn()
        log.info("ending")
        self._broker.close(time.monotonic())
        end = time.monotonic() + END_WITHIN
        while not (self._broker.idle and not self._clients.holds) and time.monotonic() < end:
            self._turn()

    def close(self) -> None:
        for door in filter(None, (self._clients, self._workers)):
            door.close()
        if self._gatekeeper:
            self._gatekeeper.close()
        self._context.term()

    def _turn(self) -> None:
        now = time.monotonic()
        due = self._broker.due(now)
        self._loop.turn(min(due, FLUSH) if self._clients.holds else due)
        if self._clients.holds:
            self._clients.flush()
        self._pulse.beat()
        self._broker.tick(time.monotonic())

    def _door(self, domain: str, frontend: Frontend, queued: int | None = None) -> Door:
        keys, more = frontend.keys, {"queued": queued} if queued else {}
        door = Door(self._context, frontend.address, most_bytes=frontend.most_bytes, keys=keys, **more)
        if keys:
            self._gatekeeper = self._gatekeeper or Gatekeeper(self._context)
            self._gatekeeper.guard(door.socket, domain, frontend.secret, keys)
        return door

    def _read_clients(self) -> None:
        for client, frames in self._clients.messages():
            self._broker.from_client(client, frames, time.monotonic())

    def _read_workers(self) -> None:
        assert self._workers
        for worker, frames in self._workers.messages():
            self._broker.from_worker(worker, frames, time.monotonic())

    def _read_performers(self) -> None:
        assert self._performers
        for number, answer in self._performers.collect():
            self._broker.from_worker(b"", [commands.ANSWER, number, *answer], time.monotonic())

    def _to_worker(self, identity: bytes, frames: Sequence[bytes]) -> bool:
        if self._workers:
            return self._workers.send(identity, frames)
        assert self._performers
        _request, number, *request = frames
        self._performers.begin(number, request)
        return True

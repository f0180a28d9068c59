"""The two sides of a ROUTER socket: what arrives, and what leaves without one peer holding up the others."""

import os
from collections import deque
from collections.abc import Iterator, Sequence

import zmq

from . import addresses, curve
from .messages import Frames

Socket = zmq.Socket[bytes]
Context = zmq.Context[Socket]

AT_ONCE = 100  # messages that are read before others have their turn
QUEUED = 8  # answers that libzmq keeps for a client that does not read
MOST_HELD = 64 << 20  # bytes of answers for one client beyond those
MOST_HELD_ALL = 256 << 20


class Door:
    """A bound ROUTER socket. With *keys*, what comes from a key that is not, or no longer, among them is dropped.

    *held* answers wait for a client that is slow; what is too much for it is dropped, which harms nobody else.
    """

    def __init__(
        self,
        context: Context,
        address: str,
        *,
        most_bytes: int,
        queued: int = QUEUED,
        keys: curve.PublicKeys | None = None,
    ) -> None:
        self.socket = context.socket(zmq.ROUTER)
        self.socket.router_mandatory = True
        self.socket.maxmsgsize = most_bytes
        self.socket.sndhwm = self.socket.rcvhwm = queued
        self.socket.linger = 1000
        self.socket.ipv6 = True
        self.address, self._keys = address, keys
        self._held: dict[bytes, deque[Sequence[bytes]]] = {}
        self._held_bytes: dict[bytes, int] = {}
        self.dropped = 0

    def bind(self) -> None:
        """Listen. A socket in the file system is for its owner alone."""
        addresses.prepare(self.address)
        before = os.umask(0o077)
        try:
            self.socket.bind(self.address)
        except zmq.ZMQError as error:
            raise addresses.BadAddress(f"{self.address}: {error.strerror}") from None
        finally:
            os.umask(before)

    def close(self) -> None:
        """Listen no more, and give what was sent a second to leave."""
        if path := addresses.path_of(self.address):
            path.unlink(missing_ok=True)  # libzmq leaves it there
        self.socket.close()

    def messages(self) -> Iterator[tuple[bytes, Frames]]:
        """Yield what has arrived, with the routing id of its sender."""
        if self._keys is not None:
            self._keys.refresh()
        for _ in range(AT_ONCE):
            try:
                identity, *frames = self.socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            if self._keys is None or self._is_known(identity):
                yield identity.bytes, [frame.bytes for frame in frames]
            else:
                self.dropped += 1

    def send(self, identity: bytes, frames: Sequence[bytes]) -> bool:
        """Send *frames*, or hold them until there is room. False: no such peer is connected."""
        if identity in self._held:
            self._hold(identity, frames)
            return True
        try:
            self._send(identity, frames)
        except zmq.Again:
            self._hold(identity, frames)
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            return False
        return True

    @property
    def holds(self) -> bool:
        """Whether answers wait for a slow client."""
        return bool(self._held)

    def flush(self) -> None:
        """Send what was held, as far as there is room now."""
        for identity, waiting in list(self._held.items()):
            try:
                while waiting:
                    self._send(identity, waiting[0])
                    self._held_bytes[identity] -= _size(waiting.popleft())
            except zmq.Again:
                continue
            except zmq.ZMQError:
                pass  # it is gone, and so are its answers
            del self._held[identity], self._held_bytes[identity]

    def _send(self, identity: bytes, frames: Sequence[bytes]) -> None:
        self.socket.send_multipart([identity, *frames], zmq.NOBLOCK, copy=False)

    def _hold(self, identity: bytes, frames: Sequence[bytes]) -> None:
        size = _size(frames)
        held = self._held_bytes.get(identity, 0)
        if held + size > MOST_HELD or sum(self._held_bytes.values()) + size > MOST_HELD_ALL:
            self.dropped += 1
            return
        self._held.setdefault(identity, deque()).append(frames)
        self._held_bytes[identity] = held + size

    def _is_known(self, frame: zmq.Frame) -> bool:
        assert self._keys is not None
        return str(frame.get("User-Id")).encode() in self._keys


def _size(frames: Sequence[bytes]) -> int:
    return sum(map(len, frames)) + 100

"""The requests that wait for a worker. Clients take turns, and a line that is full says so.

It knows no sockets and no clock: the time comes with each call.
"""

import heapq
import itertools
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .messages import Frames, Header

MOST_REQUESTS = 1000
MOST_BYTES = 256 << 20
SPARE = 100  # entries about requests that no longer wait


@dataclass(eq=False)
class Request:
    """A request under way.

    *client* is the routing id of its socket, *envelope* the empty frame that a REQ socket sends first, or nothing.
    *expires* is in seconds of the broker's clock; *losses* counts the workers that were lost with it; *waiting* is
    whether it stands in the line.
    """

    client: bytes
    envelope: Frames
    header: Header
    frames: Frames
    service: str
    expires: float
    losses: int = 0
    waiting: bool = False
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = sum(map(len, self.frames))

    @property
    def key(self) -> tuple[bytes, str]:
        """What makes the request this one: a second with the same key is the same, sent again."""
        return self.client, self.header.id


class Full(Exception):
    """The line has as many requests, or bytes, as it may."""


class Line:
    """Requests by service and, within it, by client: each client's are in order, and clients take turns."""

    def __init__(self, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        self._most_requests, self._most_bytes = most_requests, most_bytes
        self._services: dict[str, OrderedDict[bytes, deque[Request]]] = {}
        self._expiring: list[tuple[float, int, Request]] = []
        self._numbers = itertools.count()
        self._requests = self._bytes = 0

    def __len__(self) -> int:
        return self._requests

    def put(self, request: Request) -> None:
        """Let *request* wait; raise Full where the line has no room for it."""
        if self._requests >= self._most_requests or self._bytes + request.size > self._most_bytes:
            raise Full
        self._add(request)

    def put_back(self, request: Request) -> None:
        """Let a *request* that was taken wait again, before all others of its client."""
        self._add(request, first=True)

    def take(self, service: str, may: Callable[[bytes], bool]) -> Request | None:
        """Return the next request for *service* of a client that *may* have one, or None."""
        clients = self._services.get(service, OrderedDict())
        for client, waiting in clients.items():
            if not may(client):
                continue
            request = waiting.popleft()
            clients.move_to_end(client)
            if not waiting:
                del clients[client]
            self._forget(request)
            return request
        return None

    def expired(self, now: float) -> Iterator[Request]:
        """Take out the requests whose time is over."""
        while self._expiring and self._expiring[0][0] <= now:
            request = heapq.heappop(self._expiring)[2]
            if request.waiting:
                self._remove(request)
                yield request

    def next_expiry(self) -> float | None:
        """Return when the next of them ends, or None."""
        return self._expiring[0][0] if self._expiring else None

    def drop(self, service: str) -> list[Request]:
        """Take out all requests for *service*."""
        dropped = [request for waiting in self._services.pop(service, {}).values() for request in waiting]
        for request in dropped:
            self._forget(request)
        return dropped

    def services(self) -> list[str]:
        """Name the services for which requests wait."""
        return [name for name, clients in self._services.items() if clients]

    def _add(self, request: Request, *, first: bool = False) -> None:
        waiting = self._services.setdefault(request.service, OrderedDict()).setdefault(request.client, deque())
        if first:
            waiting.appendleft(request)
        else:
            waiting.append(request)
        self._requests += 1
        self._bytes += request.size
        request.waiting = True
        if len(self._expiring) > 2 * self._requests + SPARE:
            # Requests that are done would be kept, with their contents, until they expire.
            self._expiring = [entry for entry in self._expiring if entry[2].waiting and entry[2] is not request]
            heapq.heapify(self._expiring)
        heapq.heappush(self._expiring, (request.expires, next(self._numbers), request))

    def _remove(self, request: Request) -> None:
        clients = self._services[request.service]
        waiting = clients[request.client]
        waiting.remove(request)
        if not waiting:
            del clients[request.client]
        self._forget(request)

    def _forget(self, request: Request) -> None:
        request.waiting = False
        self._requests -= 1
        self._bytes -= request.size

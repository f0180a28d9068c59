"""The workers that a broker knows: what each offers, what each has in hand, and when it was last heard."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .commands import SILENCE, Offer
from .line import Request


@dataclass(eq=False)
class Worker:
    """One worker. *running* has its requests by number; *local* is one in the broker's own process."""

    identity: bytes
    offer: Offer
    heard: float
    local: bool = False
    leaving: bool = False
    running: dict[bytes, Request] = field(default_factory=dict)

    @property
    def free(self) -> int:
        return 0 if self.leaving else self.offer.slots - len(self.running)


class Workers:
    """All workers, by the routing ids of their sockets, and what they offer together."""

    def __init__(self) -> None:
        self._all: dict[bytes, Worker] = {}
        self._seen: dict[str, Offer] = {}

    def __iter__(self) -> Iterator[Worker]:
        return iter(list(self._all.values()))

    def get(self, identity: bytes) -> Worker | None:
        return self._all.get(identity)

    def add(self, worker: Worker) -> None:
        self._all[worker.identity] = worker
        self._seen[worker.offer.service] = worker.offer

    def remove(self, worker: Worker) -> None:
        self._all.pop(worker.identity, None)

    def silent(self, now: float) -> list[Worker]:
        """Return those that were not heard for SILENCE seconds."""
        return [worker for worker in self if not worker.local and now - worker.heard > SILENCE]

    def of(self, service: str) -> list[Worker]:
        """Return the workers that take requests for *service*."""
        return [worker for worker in self if worker.offer.service == service and not worker.leaving]

    def freest(self, service: str) -> Worker | None:
        """Return the worker of *service* that has the most room, or None if none has any."""
        worker = max(self.of(service), key=lambda each: each.free, default=None)
        return worker if worker and worker.free > 0 else None

    def running_for(self, service: str, client: bytes) -> int:
        """Return how many requests of *client* the workers of *service* have in hand."""
        hands = (worker.running.values() for worker in self if worker.offer.service == service)
        return sum(request.client == client for running in hands for request in running)

    def share(self, service: str) -> int:
        """Return how many requests of one client the workers of *service* take at a time."""
        return sum(worker.offer.share for worker in self.of(service))

    def offers(self, task: str) -> list[Offer]:
        """Return what is, or was, offered by the name *task*: ``guess``, or ``highlight/guess`` in full."""
        service, slash, name = task.rpartition("/")
        found = [offer for offer in self._seen.values() if name in offer.tasks]
        return [offer for offer in found if not slash or offer.service == service]

    def tasks(self) -> list[str]:
        """Name all tasks that are, or were, offered."""
        return sorted(f"{offer.service}/{task}" for offer in self._seen.values() for task in offer.tasks)

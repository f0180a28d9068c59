"""Decides who does what: takes requests of clients, gives them to workers, and answers each at most once.

It knows no sockets: messages come in by ``from_client`` and ``from_worker`` and leave by the two functions it is given,
and the time comes with each call. The same object serves a broker and, with one worker in its own process, ``serve``.
"""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from ..dispatch import Answer
from ..problems import Problem
from . import commands
from .commands import BEAT, Offer, read_offer
from .line import MOST_BYTES, MOST_REQUESTS, Full, Line, Request
from .messages import MOST_CONTENTS, Frames, Header, Refused, answer_frames, problem_frames, read_header
from .workers import Worker, Workers

GRACE = 3.0  # seconds after its start in which a broker lets requests wait for workers that it has not seen
MOST_LOSSES = 2  # workers that may be lost with one request
STATUS_TASK = "status"

log = structlog.get_logger()
Send = Callable[[bytes, Sequence[bytes]], bool]
"""Sends frames to the peer with a routing id; False: there is no such peer any longer."""


class Broker:
    """Requests on one side, workers on the other.

    *to_client* and *to_worker* send. *now* is when it starts; for *grace* seconds after that requests wait for workers
    that are not here yet. ``counts`` has how often what happened.
    """

    def __init__(
        self, to_client: Send, to_worker: Send, now: float, *, grace: float = GRACE, line: Line | None = None
    ) -> None:
        self._to_client, self._to_worker = to_client, to_worker
        self._line = Line() if line is None else line
        self._under_way: dict[tuple[bytes, str], Request] = {}
        self._early: dict[tuple[bytes, str], tuple[Frames, float]] = {}
        self._early_bytes = 0
        self._workers = Workers()
        self._grace_ends, self._beat = now + grace, now
        # A worker that outlives a broker may answer the next one: its numbers must mean nothing there.
        self._run, self._numbers = os.urandom(8).hex(), itertools.count(1)
        self._closing = False
        self.counts: Counter[str] = Counter()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way

    def under_way(self) -> list[Request]:
        """Return the requests that wait or are being worked on."""
        return list(self._under_way.values())

    def from_client(self, client: bytes, frames: Frames, now: float) -> None:
        """Take one message of the client with that routing id."""
        self.counts["messages"] += 1
        self._take(client, frames, now, now)

    def from_worker(self, identity: bytes, frames: Frames, now: float) -> None:
        """Take one message of the worker with that routing id."""
        command, *rest = frames or [b""]
        worker = self._workers.get(identity)
        if command == commands.READY:
            self._welcome(identity, rest, now)
        elif worker is None:
            self._to_worker(identity, [commands.DISCONNECT])
        else:
            worker.heard = now
            self._obey(worker, command, rest)
            self._hand_out(worker.offer.service, now)

    def add_local(self, offer: Offer, now: float) -> None:
        """Add the worker that is in this process: its routing id is empty, and it is never silent."""
        self._workers.add(Worker(b"", offer, now, local=True))

    def tick(self, now: float) -> None:
        """Do what is due by *now*. Call it by the time that ``due`` says."""
        for request in self._line.expired(now):
            self._end_late(request)
        for worker in self._workers.silent(now):
            self._lose(worker, "silent", now)
        if now - self._beat >= BEAT:
            self._beat = now
            for worker in self._workers:
                if not worker.local and not self._to_worker(worker.identity, [commands.HEARTBEAT]):
                    self._lose(worker, "gone", now)
        if now >= self._grace_ends:
            self._retry_early(now)

    def due(self, now: float) -> float:
        """Return in how many seconds ``tick`` has something to do."""
        expiry = self._line.next_expiry()
        next_beat = self._beat + BEAT
        return max(0.0, (next_beat if expiry is None else min(next_beat, expiry)) - now)

    def close(self, now: float) -> None:
        """Begin no request any longer: those that wait are refused, those that are being worked on end."""
        self._closing = True
        self._retry_early(now)
        for service in self._line.services():
            for request in self._line.drop(service):
                self._end(request, unavailable("this server is ending"))

    def status(self) -> dict[str, object]:
        """Return the workers with what they have in hand, how many requests wait, and what happened how often."""
        workers = [
            {
                "service": worker.offer.service,
                "name": worker.offer.name,
                "slots": worker.offer.slots,
                "running": len(worker.running),
            }
            for worker in self._workers
        ]
        return {"workers": workers, "waiting": len(self._line), "counts": dict(self.counts)}

    # Of clients.

    def _take(self, client: bytes, frames: Frames, arrived: float, now: float) -> None:
        envelope, frames = _opened(frames)
        try:
            header = read_header(frames[0] if frames else b"")
        except Refused as refused:
            self._refuse(client, envelope, refused.id, refused.problem, refused.request_id)
            return
        if (client, header.id) in self._under_way:  # sent again, to be sure
            self.counts["repeated"] += 1
            return
        try:
            self._begin(client, envelope, header, frames, arrived, now)
        except Problem as problem:
            self._refuse(client, envelope, header.id, problem, header.request_id)

    def _begin(
        self, client: bytes, envelope: Frames, header: Header, frames: Frames, arrived: float, now: float
    ) -> None:
        """Put the request into the line, or keep it until somebody offers its task; raise a Problem otherwise."""
        if header.task == STATUS_TASK:
            answer = answer_frames(header.id, Answer.json(self.status()))
            self._to_client(client, [*envelope, *answer])
            return
        if self._closing:
            raise unavailable("this server is ending")
        offer = self._offer(header.task)
        if offer is None:
            if now >= self._grace_ends:
                raise self._unknown(header.task)
            self._keep_early((client, header.id), [*envelope, *frames], arrived)
            return
        _check(frames[1:], offer)
        expires = arrived + header.deadline_ms / 1000
        request = Request(client, envelope, header, frames, offer.service, expires)
        try:
            self._line.put(request)
        except Full:
            raise overloaded() from None
        self._under_way[request.key] = request
        self._hand_out(offer.service, now)
        self._refuse_without_workers()

    def _offer(self, task: str) -> Offer | None:
        """Return the offer that *task* belongs to, or None if nobody has offered it."""
        found = self._workers.offers(task)
        if len(found) > 1:
            names = ", ".join(f"{offer.service}/{task}" for offer in found)
            raise Problem.field("task", f"several services have it; say {names}", code="unknown_task")
        return found[0] if found else None

    def _unknown(self, task: str) -> Problem:
        tasks = self._workers.tasks()
        if not tasks:
            return unavailable("no worker is here")
        return Problem.field("task", f"one of {', '.join(tasks)}", code="unknown_task")

    def _keep_early(self, key: tuple[bytes, str], frames: Frames, arrived: float) -> None:
        """Keep a request whose worker may still come back, within the bounds of the line."""
        if key in self._early:
            self.counts["repeated"] += 1
            return
        size = sum(map(len, frames))
        if len(self._early) >= MOST_REQUESTS or self._early_bytes + size > MOST_BYTES:
            raise overloaded()
        self._early[key] = frames, arrived
        self._early_bytes += size

    def _retry_early(self, now: float) -> None:
        early, self._early, self._early_bytes = self._early, {}, 0
        for (client, _id), (frames, arrived) in early.items():
            self._take(client, frames, arrived, now)

    # Of workers.

    def _welcome(self, identity: bytes, frames: Frames, now: float) -> None:
        offer = read_offer(frames)
        if not offer:
            self.counts["not understood"] += 1
            return
        if worker := self._workers.get(identity):  # said twice over one connection: it still has its requests in hand
            worker.heard = now
            return
        self._workers.add(Worker(identity, offer, now))
        log.info("worker ready", of=offer.service, name=offer.name, slots=offer.slots)
        self._retry_early(now)
        self._hand_out(offer.service, now)

    def _obey(self, worker: Worker, command: bytes, frames: Frames) -> None:
        if command == commands.ANSWER:
            self._answered(worker, frames)
        elif command == commands.DISCONNECT:
            worker.leaving = True
        elif command != commands.HEARTBEAT:
            self.counts["not understood"] += 1
        if worker.leaving and not worker.running:
            self._workers.remove(worker)
            self._to_worker(worker.identity, [commands.DISCONNECT])

    def _answered(self, worker: Worker, frames: Frames) -> None:
        number, *answer = frames or [b""]
        request = worker.running.pop(number, None)
        if request and answer:
            self.counts["answers"] += 1
            self._finish(request, answer)

    def _hand_out(self, service: str, now: float) -> None:
        """Give the requests that wait for *service* to its workers, as far as these have room."""
        while worker := self._workers.freest(service):
            request = self._line.take(service, self._may_have_more(service))
            if not request:
                return
            if request.expires <= now:
                self._end_late(request)
                continue
            number = f"{self._run}-{next(self._numbers)}".encode()
            worker.running[number] = request
            if not self._to_worker(worker.identity, [commands.REQUEST, number, *request.frames]):
                self._lose(worker, "gone", now)

    def _may_have_more(self, service: str) -> Callable[[bytes], bool]:
        """Return whether a client may have another request worked on: others shall find room, whatever it sends."""
        most = self._workers.share(service)
        return lambda client: self._workers.running_for(service, client) < most

    def _lose(self, worker: Worker, how: str, now: float) -> None:
        """Forget *worker*. What it had in hand goes to another, once: tasks are pure, so twice does no harm."""
        self._workers.remove(worker)
        offer = worker.offer
        log.warning("worker lost", how=how, of=offer.service, name=offer.name, running=len(worker.running))
        self.counts["workers lost"] += 1
        for request in worker.running.values():
            request.losses += 1
            if request.losses >= MOST_LOSSES:
                self._end(request, unavailable(f"{request.losses} workers were lost with this request"))
            elif self._closing:
                self._end(request, unavailable("this server is ending"))
            else:
                self._line.put_back(request)
        worker.running.clear()
        self._hand_out(worker.offer.service, now)
        self._refuse_without_workers()

    def _refuse_without_workers(self) -> None:
        """Requests wait for the first worker of a service that this broker sees, and not for one that is gone."""
        for service in self._line.services():
            if not self._workers.of(service):
                for request in self._line.drop(service):
                    self._end(request, unavailable(f"no worker of {service} is here"))

    # Answers.

    def _end_late(self, request: Request) -> None:
        self._end(request, Problem("deadline", f"not begun within its {request.header.deadline_ms} ms"))

    def _end(self, request: Request, problem: Problem) -> None:
        header = request.header
        self.counts[problem.code] += 1
        self._finish(request, problem_frames(header.id, problem, header.request_id))

    def _finish(self, request: Request, frames: Frames) -> None:
        del self._under_way[request.key]
        self._to_client(request.client, [*request.envelope, *frames])

    def _refuse(self, client: bytes, envelope: Frames, id: str | None, problem: Problem, request_id: str) -> None:
        self.counts[problem.code] += 1
        self._to_client(client, [*envelope, *problem_frames(id, problem, request_id)])


def unavailable(why: str) -> Problem:
    return Problem("unavailable", why)


def overloaded() -> Problem:
    return Problem("overloaded", "too much to do; try again in a second")


def _opened(frames: Frames) -> tuple[Frames, Frames]:
    """Return the empty frame with which a REQ socket begins, which its answer begins with too, and the message."""
    return ([frames[0]], frames[1:]) if len(frames) > 1 and not frames[0] else ([], frames)


def _check(contents: Frames, offer: Offer) -> None:
    """Refuse what no task may have; how many contents its own has, the worker says."""
    if len(contents) > MOST_CONTENTS:
        raise Problem.field("contents", f"{len(contents)} frames; no task has more than {MOST_CONTENTS}")
    if sum(map(len, contents)) > offer.max_bytes:
        raise Problem("body_too_large", f"the contents have more than {offer.max_bytes} bytes")

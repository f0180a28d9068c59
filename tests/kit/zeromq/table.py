"""A broker without sockets: messages go in by hand, and what it sends lies on the table."""

import json
from collections.abc import Sequence
from typing import Any

from mergepoint.kit.zeromq import commands
from mergepoint.kit.zeromq.broker import Broker
from mergepoint.kit.zeromq.commands import Offer
from mergepoint.kit.zeromq.line import Line

HIGHLIGHT = Offer("highlight", {"highlight": ["code"], "languages": []}, max_bytes=1000, slots=2, share=1)


class Table:
    """A broker, the time, and what it has sent to whom."""

    def __init__(self, *, grace: float = 0, most_requests: int = 1000, most_bytes: int = 1 << 20) -> None:
        self.now = 1000.0
        self.gone: set[bytes] = set()
        self.to_clients: list[tuple[bytes, list[bytes]]] = []
        self.to_workers: list[tuple[bytes, list[bytes]]] = []
        line = Line(most_requests, most_bytes)
        self.broker = Broker(self._to_client, self._to_worker, self.now, grace=grace, line=line)

    def ask(
        self, client: str, id: str, task: str = "highlight", contents: Sequence[bytes] = (b"x",), **members: Any
    ) -> None:
        header = {"v": 1, "id": id, "task": task, **members}
        self.say(client, json.dumps(header).encode(), *contents)

    def say(self, client: str, *frames: bytes) -> None:
        self.broker.from_client(client.encode(), list(frames), self.now)

    def work(self, worker: str, *frames: bytes) -> None:
        self.broker.from_worker(worker.encode(), list(frames), self.now)

    def ready(self, worker: str, offer: Offer = HIGHLIGHT) -> None:
        self.work(worker, *offer.frames())

    def wait(self, seconds: float) -> None:
        """Let time pass, as the program does: it wakes when something is due."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + max(0.001, self.broker.due(self.now)))
            self.broker.tick(self.now)

    def beat(self, worker: str, seconds: float) -> None:
        """Let time pass in which *worker* is alive."""
        for _ in range(int(seconds * 2)):
            self.work(worker, commands.HEARTBEAT)
            self.wait(0.5)

    def given(self) -> list[tuple[str, bytes, str]]:
        """Return what workers were given since the last time: worker, number, id."""
        given = [
            (worker.decode(), frames[1], json.loads(frames[2])["id"])
            for worker, frames in self.to_workers
            if frames[0] == commands.REQUEST
        ]
        self.to_workers.clear()
        return given

    def finish(self, worker: str, number: bytes, id: str) -> None:
        self.work(worker, commands.ANSWER, number, json.dumps({"v": 1, "id": id}).encode(), b"done")

    def answers(self) -> list[tuple[str, str | None, str]]:
        """Return what clients were sent since the last time: client, id, and a problem's code or ``done``."""
        answers = []
        for client, frames in self.to_clients:
            header = json.loads(frames[-1] if len(frames) == 1 else frames[-2] if frames[-1] == b"done" else frames[-1])
            answers.append((client.decode(), header["id"], header.get("problem", {}).get("code", "done")))
        self.to_clients.clear()
        return answers

    def _to_client(self, client: bytes, frames: Sequence[bytes]) -> bool:
        self.to_clients.append((client, list(frames)))
        return True

    def _to_worker(self, worker: bytes, frames: Sequence[bytes]) -> bool:
        if worker in self.gone:
            return False
        self.to_workers.append((worker, list(frames)))
        return True

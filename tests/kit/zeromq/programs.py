"""The real programs, as processes, and a client that knows nothing but the protocol."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import zmq

from tests.servers import wait_for

COMMAND = [sys.executable, "-m", "mergepoint.kit.zeromq"]


class Program:
    """``python -m mergepoint.kit.zeromq`` with *words*; it is there when it *says* so in its log."""

    def __init__(self, folder: Path, *words: str, says: str = "listening", **environment: str) -> None:
        self.service = words[1]
        self.log = folder / f"{'-'.join(words[:2]).replace('/', '-')}-{os.urandom(3).hex()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*COMMAND, *words], stdout=log, stderr=log, env={**os.environ, **environment}
            )
        if not says:
            return
        wait_for(lambda: f'"event": "{says}"' in self.log.read_text() or self.process.poll() is not None, seconds=60)
        assert self.process.poll() is None, self.log.read_text()

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def is_called(self, name: str) -> bool:
        """Whether *name* is what a broker's status calls this worker."""
        return name.rpartition(":")[2] == str(self.process.pid)

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it as an operator does; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


class Reply(NamedTuple):
    header: dict[str, Any]
    body: bytes | None

    @property
    def code(self) -> str | None:
        code: str | None = self.header.get("problem", {}).get("code")
        return code


class Peer:
    """A DEALER socket connected to *address*."""

    def __init__(self, address: str, **options: Any) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        for name, value in options.items():
            setattr(self.socket, name, value)
        self.socket.connect(address)
        self._count = 0

    def send(self, task: str, contents: Sequence[bytes] = (), **members: Any) -> str:
        self._count += 1
        id = str(self._count)
        self.socket.send_multipart([json.dumps({"v": 1, "id": id, "task": task, **members}).encode(), *contents])
        return id

    def read(self, seconds: float = 20) -> Reply | None:
        if not self.socket.poll(seconds * 1000):
            return None
        header, *body = self.socket.recv_multipart()
        return Reply(json.loads(header), body[0] if body else None)

    def ask(self, task: str, contents: Sequence[bytes] = (), **members: Any) -> Reply:
        id = self.send(task, contents, **members)
        reply = self.read()
        assert reply is not None, "no answer"
        assert reply.header["id"] == id
        return reply

    def close(self) -> None:
        self.socket.close(linger=0)
        self.context.term()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Folder:
    """A short folder for sockets: their paths are limited to 107 bytes, and those of pytest are long."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="mp-"))

    def address(self, name: str) -> str:
        return f"ipc://{self.path / name}"

    def remove(self) -> None:
        shutil.rmtree(self.path)


class House:
    """A broker on sockets of its own, and its workers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = Folder(), folder
        self.address, self.backend = self.folder.address("f"), self.folder.address("b")
        self.workers: list[Program] = []
        self.start_broker()

    def start_broker(self) -> None:
        self.broker = Program(self._log, "broker", "--frontend", self.address, "--backend", self.backend)

    def have(self, **services: int) -> None:
        """See to it that the broker runs and has just so many workers of each of *services*."""
        if self.broker.process.poll() is not None:
            self.start_broker()
        self.workers = [each for each in self.workers if each.process.poll() is None]
        for service, count in services.items():
            mine = [each for each in self.workers if each.service == service]
            for worker in mine[count:]:
                worker.end()
                self.workers.remove(worker)
            for _ in range(count - len(mine)):
                self.start_worker(service)
        wait_for(lambda: len(self.status()["workers"]) == len(self.workers), seconds=20)

    def have_started(self, **services: int) -> None:
        """Start what is missing, without waiting for it."""
        for service, count in services.items():
            for _ in range(count - sum(each.service == service for each in self.workers)):
                self.start_worker(service, says="")

    def start_worker(self, service: str = "highlight", says: str = "working") -> Program:
        self.workers.append(Program(self._log, "worker", service, "--connect", self.backend, says=says))
        return self.workers[-1]

    def ready(self) -> list[Program]:
        """Return the workers that the broker knows, the oldest first."""
        names = [found["name"] for found in self.status()["workers"]]
        return [each for each in self.workers if any(map(each.is_called, names))]

    def busy(self) -> Program | None:
        """Return a worker that has something in hand."""
        running = [found["name"] for found in self.status()["workers"] if found["running"]]
        return next((each for each in self.workers for name in running if each.is_called(name)), None)

    def status(self) -> dict[str, Any]:
        with Peer(self.address) as peer:
            body = peer.ask("status").body
        assert body
        return dict(json.loads(body))

    def close(self) -> None:
        for program in [*self.workers, self.broker]:
            if program.process.poll() is None:
                program.kill(signal.SIGCONT)
            program.end()
        self.folder.remove()

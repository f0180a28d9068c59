"""jobs with all that it stands on: the real nginx in front and as its door, a service that counts, the database."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mergepoint.jobs import Store
from mergepoint.jobs.errors import StoreUnavailable
from mergepoint.jobs.queue.changes import Change, parse
from mergepoint.jobs.storage.contents import Contents
from tests.auth.databases import PostgreSQL
from tests.jobs.programs import Programs
from tests.servers import ROOT, Connection, Reply, alive, children, descendants, free_port, wait_for

SLOTS = 8  # jobs that run at a time


@dataclass(frozen=True)
class Row:
    """What the database has of a job; *worker* is the process that performs it, *request* and *result* name bodies."""

    id: str
    state: str
    code: str | None
    worker: str | None
    history: str
    request: str
    result: str | None

    @property
    def changes(self) -> list[Change]:
        return list(parse(self.history))


class Stack(Programs):
    """Starts, kills and starts again; *cluster* is the PostgreSQL of *database_url*, if it is one."""

    def __init__(
        self, database_url: str, cluster: PostgreSQL | None = None, *, seconds: float = 0.02, **environment: str
    ) -> None:
        super().__init__(database_url, **{"JOBS_CONCURRENCY": str(SLOTS), "JOBS_SLOTS": str(SLOTS), **environment})
        self.url, self.cluster, self.port = database_url, cluster, free_port()
        self.counted = self.run / "deliveries"
        self._seconds = seconds
        self._store = Store(database_url, connections=2)
        self.run.chmod(0o755)  # nginx's workers go through it

    def start(self, *, working: bool = True) -> "Stack":
        self.start_service()
        self.start_nginx()
        self.serve()
        wait_for(lambda: self.ask("GET", "/jobs/health").status == 200, seconds=30)
        if working:
            self.worker = self.work()
        return self

    def start_service(self) -> None:
        arguments = [str(self.run / "highlight.sock"), str(self.counted), str(self._seconds)]
        self.service = self._start([sys.executable, "-m", "tests.jobs.chaos.counting", *arguments], "counting.log")

    def start_nginx(self) -> None:
        environment = {
            "MERGEPOINT_LISTEN": f"127.0.0.1:{self.port}",
            "MERGEPOINT_SERVICES": "highlight,jobs",
            "MERGEPOINT_LIMITS": "off",
            "MERGEPOINT_ACCESS_LOG": str(self.run / "access.log"),
        }
        self.nginx = self._start([str(ROOT / "nginx/start"), str(self.run)], "nginx.log", **environment)

    def start_jobs(self) -> None:
        """Start the accepting program again, without waiting for it."""
        self.serve(wait=False)

    def start_worker(self) -> None:
        self.worker = self.work(wait=False)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Send a request as a caller does."""
        connection = Connection(self.port, timeout=20)
        with contextlib.closing(connection):
            return connection.request(method, path, body, headers)

    def deliveries(self) -> Counter[str]:
        """Return how often the service was called, by the first words of bodies."""
        lines = self.counted.read_text().splitlines() if self.counted.exists() else []
        return Counter(line.split()[0] for line in lines)

    def rows(self, where: str = "") -> "dict[str, Row]":
        """Return what the database has of all jobs, by their ids."""
        query = f"SELECT id, state, code, worker, history, request_content, result_content FROM jobs {where}"
        with self._store.read() as connection:
            return {row[0]: Row(*row) for row in connection.exec_driver_sql(query)}

    def bodies(self, rows: Iterable["Row"]) -> dict[str, tuple[bytes, bytes]]:
        """Return requests and results by the ids of their jobs; what is not there is empty."""
        contents = Contents(self._store, self.run / "state")
        return {row.id: (_read(contents, row.request), _read(contents, row.result)) for row in rows}

    def is_stored(self) -> bool:
        """Whether the database answers."""
        try:
            self.rows("LIMIT 1")
        except StoreUnavailable:
            return False
        return True

    def unfinished(self) -> int:
        with self._store.read() as connection:
            query = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"
            return int(connection.exec_driver_sql(query).scalar_one())

    def stop(self) -> None:
        self._store.close()
        super().stop()

    def kill_whole(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a program and all of its processes."""
        pids = descendants(process.pid) if alive(process.pid) else set()
        process.kill()
        process.wait()
        for pid in pids:
            kill_hard(pid)
        wait_for(lambda: not any(alive(pid) for pid in pids))

    def accepting(self) -> set[int]:
        """Return the processes that accept jobs; gunicorn's other child is the companion."""
        return {pid for pid in children(self.gunicorn.pid) if is_accepting(pid, self.gunicorn.pid)}


def _read(contents: Contents, id: str | None) -> bytes:
    try:
        return contents.read(id) if id else b""
    except StoreUnavailable:
        return b""


def is_accepting(pid: int, master: int) -> bool:
    """Whether a child of gunicorn's has the socket of its master open: the companion has closed it."""
    return bool(sockets_of(pid) & sockets_of(master))


def sockets_of(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if (name := os.readlink(path)).startswith("socket:"):
                    found.add(name)
    return found


def kill_hard(pid: int, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def alone_pid(worker: str) -> int:
    """Return the process of a job that runs alone, by the name of its worker (performing/worker.py); else 0."""
    return int(worker.partition("/")[2] or 0)

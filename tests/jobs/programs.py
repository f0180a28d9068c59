"""The programs of the service as shipped: gunicorn with its companion, and a worker, on Unix sockets."""

import contextlib
import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from tests.jobs.door import Door
from tests.servers import ROOT, Reply, wait_for

GUNICORN = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "services/gunicorn.conf.py")]
WORKER = [sys.executable, "-m", "mergepoint.jobs.worker"]
ASKER = {"X-Real-IP": "10.0.0.1"}


class Programs:
    """Starts and ends them; *environment* is added to ours. Without a *door* it is nginx's, in the folder *run*."""

    def __init__(self, database_url: str, door: Door | None = None, **environment: str) -> None:
        self.database_url = database_url
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="mpj", dir="/tmp"))
        self.socket, self.waiting = self.run / "jobs.sock", self.run / "waiting/waiting.sock"
        self._environment = {
            **os.environ,
            "MERGEPOINT_SERVICE": "jobs",
            "MERGEPOINT_BIND": f"unix:{self.socket}",
            "JOBS_STATE": str(self.run / "state"),
            "JOBS_DATABASE_URL": database_url,
            "JOBS_DOOR": str(door.path if door else self.run / "door/door.sock"),
            "JOBS_LIMITS": "off",
            "JOBS_CONCURRENCY": "8",
            **environment,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def serve(self, *, wait: bool = True) -> "Programs":
        self.gunicorn = self._start(GUNICORN, "service.log")
        if not wait:
            return self
        wait_for(lambda: self.get("/jobs/health").status == 200 and self.waiting.exists(), seconds=60)
        return self

    def work(self, *, wait: bool = True) -> subprocess.Popen[bytes]:
        """Start a worker; its first child performs."""
        worker = self._start(WORKER, "worker.log")
        if wait:
            wait_for(lambda: '"worker runs"' in self.log("worker.log"), seconds=30)
        return worker

    def performing(self) -> int:
        """Return the process that performs jobs; beside it there may be one for a job that runs alone."""
        lines = [line for line in self.log("worker.log").splitlines() if "worker runs" in line]
        return int(json.loads(lines[-1])["pid"])

    def accept(self, body: bytes, **headers: str) -> Reply:
        """Send what nginx's hop sends."""
        ours = {
            "Mergepoint-Method": "POST",
            "Mergepoint-Target": "/highlight?language=python",
            "Mergepoint-Later-Service": "highlight",
            "Mergepoint-Job": secrets.token_urlsafe(16),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.call("POST", "/jobs/_accept", body, ours)

    def get(self, path: str) -> Reply:
        return self.call("GET", path)

    def state(self, id: str) -> str:
        return str(self.get(f"/jobs/{id}").json["state"])

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        with contextlib.closing(connect(self.socket)) as connection:
            connection.request(method, path, body, {**ASKER, **(headers or {})})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def log(self, name: str) -> str:
        return (self.run / name).read_text()

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.run)

    def _start(self, command: list[str], log: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.run / log).open("ab") as file:
            process = subprocess.Popen(command, env={**self._environment, **environment}, stdout=file, stderr=file)
        self._processes.append(process)
        return process


def connect(path: pathlib.Path, timeout: float = 20) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("mergepoint", timeout=timeout)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(timeout)
    try:
        connection.sock.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection

"""``python -m mergepoint.suite`` as its users start it, on a port of its own."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from tests.servers import ROOT, Connection, Reply, alive, descendants, free_port, wait_for


class Command:
    """The command with *options*; what it writes is in ``log``. *environment* is added to ours."""

    def __init__(self, *options: str, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mergepoint-suite-"))
        self.log = self.folder / "log"
        self._command = [sys.executable, "-m", "mergepoint.suite", "--listen", f"127.0.0.1:{self.port}", *options]
        self._environment = {
            **os.environ,
            "AUTH_STATE": str(self.folder / "auth"),
            "TMPDIR": str(self.folder),
            **environment,
        }

    def start(self) -> "Command":
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            wait_for(self.is_healthy, seconds=90)
        except AssertionError:
            self.stop()
            raise
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and remove its folder; return its status. What it leaves is killed, and is an error."""
        started = self.processes()
        self.process.send_signal(number)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        try:
            wait_for(lambda: not any(map(alive, started)), seconds=10)
        finally:
            for pid in filter(alive, started):
                os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.folder)
        return status

    def processes(self) -> set[int]:
        """All processes below it."""
        return descendants(self.process.pid)

    def workers(self) -> set[int]:
        """The pids of gunicorn's workers: they stay in the master's process group."""
        return {pid for pid in self.processes() if os.getpgid(pid) == os.getpgid(self.process.pid)}

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, **how: Any
    ) -> Reply:
        """Send a request; *how* is told to Connection, such as the loopback address to send it from, ``source``."""
        connection = Connection(self.port, **how)
        try:
            return connection.request(method, target, body, headers)
        finally:
            connection.close()

    @property
    def public_url(self) -> str:
        return self.url

    @property
    def first_password(self) -> str:
        """The first administrator's."""
        return (self.folder / "auth/first-password").read_text().split()[1]

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log that are JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def is_healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return self.request("GET", "/health").status == 200

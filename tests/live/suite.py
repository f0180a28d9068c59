"""The whole suite as `make run` starts it, on a port of its own."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from tests.servers import ROOT, Connection, descendants, free_port, wait_for

RUN = [sys.executable, str(ROOT / "deploy/local/run.py")]


class Suite:
    """Started by ``start``, which waits until it says what to try; ended by ``stop`` as with Ctrl-C."""

    def __init__(self, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = pathlib.Path(tempfile.mkstemp(prefix="mergepoint-live-")[1])
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="mergepoint-live-"))
        self._environment = {
            **os.environ,
            "MERGEPOINT_LISTEN": f"127.0.0.1:{self.port}",
            "XDG_STATE_HOME": str(self.state),
            **environment,
        }

    def start(
        self, command: Sequence[object] = RUN, *, until: Callable[[], bool] | None = None, **options: Any
    ) -> "Suite":
        """Start and wait, *until* something else holds if that is said. *options* are those of Popen. In *command*, of
        a shell, the variable ``log`` has the name of the log.
        """
        environment = {**self._environment, "log": str(self.log)}
        with self.log.open("wb") as log:
            outputs = {"stdout": log, "stderr": log, **options}
            self.process = subprocess.Popen(command, env=environment, **outputs)
        wait_for(until or self._started, seconds=120)
        return self

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.log.unlink()
        shutil.rmtree(self.state)
        return code

    def record(self) -> dict[str, Any]:
        """What it has left in its state folder, for commands."""
        [file] = self.state.glob("mergepoint/*/run.json")
        return dict(json.loads(file.read_text()))

    def lines(self) -> list[dict[str, Any]]:
        """What it has written, all of it JSON since no person reads it."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def processes(self) -> set[int]:
        return descendants(self.process.pid)

    def _started(self) -> bool:
        said = self.log.read_text()
        assert self.process.poll() is None, said[-3000:]
        return "Mergepoint runs on" in said if said else self.is_healthy()

    def is_healthy(self) -> bool:
        connection = Connection(self.port)
        try:
            return connection.request("GET", "/health").status == 200
        finally:
            connection.close()

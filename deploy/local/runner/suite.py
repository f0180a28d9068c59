"""Starts the programs of the suite, restarts those that die, and ends them all."""

import signal
import subprocess
import time
from pathlib import Path

from . import processes, services
from .output.logs import Logs
from .services import NGINX
from .signals import Signals

STOP_WITHIN = 15.0  # seconds; gunicorn gives requests under way 10 seconds
PAUSE = 1.0  # seconds before a program is restarted: somebody may be ending all of them


class Suite:
    """The programs by name. ``commands`` and ``environment`` may be changed until ``start``."""

    def __init__(self, run: Path, listen: str, state: Path, logs: Logs) -> None:
        self.run = run
        self.names = services.services()
        self.commands = services.commands(run, self.names)
        self.environment = services.environment(run, listen, state, self.names)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs = logs

    def start(self) -> None:
        for name in self.commands:
            self._start_one(name)

    def ended(self) -> dict[str, str]:
        """Return the programs that have ended, and how each ended."""
        return {name: _how(code) for name, process in self.processes.items() if (code := process.poll()) is not None}

    def without_socket(self) -> list[str]:
        """Return the services that do not listen yet. A worker never does."""
        return [
            name for name in self.commands if services.listens(name) and not services.socket_of(name, self.run).exists()
        ]

    def restart_ended(self, signals: Signals) -> None:
        """Restart the programs that have ended, unless the run was told to end."""
        ended = self.ended()
        if not ended or _pause(signals):
            return
        for name, how in ended.items():
            self._logs.say("warning", f"{name} {how}; starting it again")
            self._kill_family(name)  # its remaining processes, such as nginx's workers, which hold the port
            self._start_one(name)

    def stop(self, signals: Signals) -> None:
        """End all programs. Requests under way are answered within STOP_WITHIN seconds, unless Ctrl-C comes again."""
        for name, process in reversed(self.processes.items()):
            if process.poll() is None:
                process.send_signal(signal.SIGQUIT if name == NGINX else signal.SIGTERM)
        ends = time.monotonic() + STOP_WITHIN
        while len(self.ended()) < len(self.processes) and time.monotonic() < ends and not signals.hurried:
            signals.wait(0.1)
        for name in self.processes:
            self._kill_family(name)

    def _start_one(self, name: str) -> None:
        environment = {**self.environment, **services.own_environment(name, self.run)}
        with self._logs.pipes(name) as (output, errors):
            self.processes[name] = processes.start(
                self.commands[name], environment=environment, folder=self.run, output=output, errors=errors
            )

    def _kill_family(self, name: str) -> None:
        process = self.processes[name]
        processes.kill(lambda: processes.family(process.pid))
        process.wait()


def _pause(signals: Signals) -> bool:
    """Wait a moment; return whether the run shall end."""
    ends = time.monotonic() + PAUSE
    while not signals.ending and (left := ends - time.monotonic()) > 0:
        signals.wait(left)
    return signals.ending


def _how(code: int) -> str:
    return f"ended with status {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"

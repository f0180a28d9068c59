"""Finds the place where the suite runs, on this machine (`make run`) or in containers (`docker compose up`), and gives
commands access to it.
"""

import http.client
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import click

from mergepoint.kit.state import last_run

ROOT = Path(__file__).resolve().parents[2]
INSIDE = "/run/mergepoint/nginx/metrics.sock"  # the path in nginx's container (nginx/Dockerfile)
COMPOSE = ("env", "-C", str(ROOT), "docker", "compose")
METRICS_WITHIN = 30.0  # seconds


class Unusable(Exception):
    """The suite does not run in this place, or does not answer."""


class Place(Protocol):
    """A place where the suite can run; *starts* is the command that starts it there."""

    starts: str

    def command(self, service: str) -> list[str]:
        """Return the command to which a service's own commands are added. It works whether the service runs or not."""

    def metrics(self) -> str:
        """Return the metrics of all services in Prometheus' text format; raise Unusable."""


class Native:
    """On this machine. A service's commands find its data by themselves."""

    starts = "make run"

    def command(self, service: str) -> list[str]:
        if not (ROOT / ".venv/run").exists():
            raise Unusable("the services are not installed on this machine; `make .venv/run` installs them")
        return [sys.executable, "-m", f"mergepoint.{service}"]

    def metrics(self) -> str:
        run = run_folder()
        if run is None:
            raise Unusable("the suite of this checkout does not run; `make run` starts it")
        return _ask(run / "nginx/metrics.sock", "/metrics")


class Compose:
    """In containers of the project that docker-compose.yml and COMPOSE_PROJECT_NAME name."""

    starts = "docker compose up"

    def command(self, service: str) -> list[str]:
        # If it runs, the command runs in its container; else in a new one, for which compose starts its dependencies.
        how = ["exec"] if _compose("ps", "--quiet", "--status", "running", service) else ["run", "--rm"]
        return [*COMPOSE, *how, "-T", service, "python", "-m", f"mergepoint.{service}"]

    def metrics(self) -> str:
        if not _compose("ps", "--quiet", "--status", "running", "nginx"):
            raise Unusable("the suite does not run in containers; `docker compose up` starts it")
        return _compose("exec", "-T", "nginx", "/opt/mergepoint/nginx/ask", INSIDE, "/metrics")


def run_folder() -> Path | None:
    """Return the folder with the sockets of the `make run` of this checkout; None if it does not run."""
    run = Path(last_run().get("run", "/nowhere"))
    return run if (run / "nginx/metrics.sock").exists() else None


def find() -> Place:
    """Return the place where the suite runs, or else where it ran last; raise Unusable if there are two."""
    containers = _has_docker() and bool(_compose("ps", "--all", "--quiet"))
    if containers and run_folder():
        raise Unusable("the suite runs on this machine and in containers: say --native or --compose")
    if containers:
        return Compose()
    if _has_docker() and not last_run():
        raise Unusable("the suite has run neither on this machine nor in containers yet: say --native or --compose")
    return Native()


def option(function: Callable[..., None]) -> Callable[..., None]:
    """Add --native and --compose to a command, as its argument *place*."""
    for name, help in (("--native", "the suite of `make run`"), ("--compose", "the suite of `docker compose up`")):
        function = click.option(name, "place", flag_value=name[2:], help=help)(function)
    return function


def named(place: str | None) -> Place:
    """Return the place called *place*, ``native`` or ``compose``; if that is None, the place that `find` finds."""
    if place is None:
        return find()
    return Compose() if place == "compose" else Native()


def _has_docker() -> bool:
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def _compose(*words: str) -> str:
    done = subprocess.run([*COMPOSE, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unusable(f"docker compose {words[0]}: {done.stderr.strip() or 'it failed'}")
    return done.stdout


def _ask(path: Path, target: str) -> str:
    connection = http.client.HTTPConnection("nginx", timeout=METRICS_WITHIN)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(METRICS_WITHIN)
    try:
        connection.sock.connect(os.fspath(path))
        connection.request("GET", target)
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise Unusable(f"nginx does not answer on {path}: {error}") from error
    finally:
        connection.close()

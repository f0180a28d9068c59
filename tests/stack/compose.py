"""The suite in containers, as shipped: `docker compose` under a project name and on ports of its own."""

import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from typing import Any

from tests.servers import ROOT, Connection, Reply, free_port

# What a developer has set for the suite is not for its tests.
OURS = ("COMPOSE_", "HIGHLIGHT_", "MERGEPOINT_", "TRUSTED_PROXIES")


class Stack:
    """A project of `docker compose`; *environment* is what its user would have set."""

    files: tuple[str, ...] = ("docker-compose.yml",)

    def __init__(self, **environment: str) -> None:
        self.project = f"mergepoint-test-{secrets.token_hex(4)}"
        self.port = free_port()
        self.examples_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "MERGEPOINT_LISTEN": f"127.0.0.1:{self.port}",
            "MERGEPOINT_EXAMPLES_LISTEN": f"127.0.0.1:{self.examples_port}",
            **environment,
        }

    def compose(self, *words: str, seconds: float = 60) -> str:
        """Run ``docker compose`` and return what it printed."""
        done = self.attempt(*words, seconds=seconds)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def attempt(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """The same, whether it goes well or not."""
        # With a project's name and no file, `down` would guess at the project from what containers there are.
        names = [word for file in self.files for word in ("--file", file)] + ["--project-name", self.project]
        command = ["docker", "compose", "--env-file", os.devnull, *names, *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )

    def up(self, *words: str) -> None:
        """Start what is not there yet and wait until it is healthy. A first build takes a while."""
        done = self.attempt("up", "--detach", "--wait", *words, seconds=300)
        assert done.returncode == 0, f"{done.stderr}{self.attempt('logs', '--tail', '30').stdout}"

    def remove(self) -> None:
        """End the containers, with all that was made for them."""
        everything = ("--volumes", "--rmi", "local", "--remove-orphans")
        self.compose("--profile", "examples", "--profile", "zeromq", "down", *everything)

    def execute(self, container: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the container with this id."""
        return _docker("exec", container, *command)

    def ids(self, service: str = "") -> list[str]:
        """The containers of one service, or of all."""
        return self.compose("ps", "--all", "--quiet", *([service] if service else [])).split()

    def inspect(self, service: str = "") -> list[dict[str, Any]]:
        """What Docker knows of the same containers."""
        ids = self.ids(service)
        return list(json.loads(_docker("inspect", *ids).stdout)) if ids else []

    def network(self, name: str) -> dict[str, Any]:
        return dict(json.loads(_docker("network", "inspect", name).stdout)[0])

    def logs(self, service: str) -> str:
        """What the containers of one service wrote."""
        said = [_docker("logs", container) for container in self.ids(service)]
        return "".join(done.stdout + done.stderr for done in said)

    def started(self, service: str) -> list[str]:
        """When the containers of one service were started: the same as before, unless there was a restart."""
        return [container["State"]["StartedAt"] for container in self.inspect(service)]

    def left(self) -> str:
        """The ids of all that Docker has of the project, but for images."""
        mine = ("--quiet", "--filter", f"label=com.docker.compose.project={self.project}")
        lists = (["ps", "--all", *mine], ["network", "ls", *mine], ["volume", "ls", *mine])
        return "".join(_docker(*words).stdout for words in lists)

    def request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        *,
        port: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        connection = Connection(port or self.port)
        try:
            return connection.request(method, target, body, headers)
        finally:
            connection.close()


def _docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, timeout=30, check=False)

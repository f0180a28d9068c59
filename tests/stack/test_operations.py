"""What operators do to containers: read the metrics, back up, restore."""

import json
import os
import pathlib
import secrets
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.servers import ROOT, free_port
from tests.stack.compose import Stack

MANAGE = str(ROOT / "deploy/manage")
KEEPING = ("nginx", "auth", "postgres")


class Metered(Stack):
    """With the file that opens the metrics over TCP."""

    files = ("docker-compose.yml", "deploy/prometheus/compose.yml")

    def __init__(self) -> None:
        self.metrics_port = free_port()
        super().__init__(MERGEPOINT_METRICS_LISTEN=f"127.0.0.1:{self.metrics_port}")
        self.environment["COMPOSE_FILE"] = ":".join(str(ROOT / file) for file in self.files)  # for deploy/manage
        self.environment["COMPOSE_PROJECT_NAME"] = self.project

    def manage(self, *words: str, stdin: bytes = b"", status: int = 0) -> bytes:
        environment = {**self.environment, "COMPOSE_DISABLE_ENV_FILE": "1"}
        done = subprocess.run(
            [MANAGE, *words], env=environment, input=stdin, capture_output=True, timeout=120, check=False
        )
        assert done.returncode == status, done.stderr.decode()
        return done.stdout + (done.stderr if status else b"")


@pytest.fixture(scope="module")
def metered(docker: None) -> Iterator[Metered]:
    stack = Metered()
    try:
        stack.up("--build", "--no-deps", *KEEPING)
        yield stack
    finally:
        stack.remove()


def log_in(stack: Stack, password: str) -> str:
    body = json.dumps({"login": "admin", "password": password}).encode()
    reply = stack.request("POST", "/auth/login", body, headers={"Content-Type": "application/json"})
    assert reply.status == 200, reply.body
    return str(reply.headers["Set-Cookie"].partition(";")[0])


def who(stack: Stack, cookie: str) -> object:
    return stack.request("GET", "/auth/me", headers={"Cookie": cookie}).json.get("user", {}).get("name")


def test_metrics_are_shown_and_are_read_over_tcp_where_that_is_opened(metered: Metered) -> None:
    for text in (
        metered.manage("metrics", "--compose").decode(),
        metered.request("GET", "/metrics", port=metered.metrics_port).body.decode(),
    ):
        found = {family.name: family for family in text_string_to_metric_families(text)}
        up = {sample.labels["service"]: sample.value for sample in found["mergepoint_up"].samples}
        assert up["auth"] == 1
        assert up["highlight"] == 0  # which is not started here
    assert metered.request("GET", "/metrics").status == 404
    assert metered.request("GET", "/auth/me", port=metered.metrics_port).status == 404
    assert metered.inspect("nginx")[0]["NetworkSettings"]["Networks"].keys() >= {f"{metered.project}_metrics"}


def test_accounts_come_back_after_everything_was_wiped(metered: Metered, tmp_path: pathlib.Path) -> None:
    [password] = [
        metered.execute(metered.ids("auth")[0], "cat", "/var/lib/mergepoint/first-password").stdout.split()[1]
    ]
    cookie, path = log_in(metered, password), tmp_path / f"{secrets.token_hex(4)}.tar"
    metered.manage("backup", "--compose", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"stop it first" in metered.manage("restore", "--compose", "--replace", str(path), status=1)

    metered.compose("down", "--volumes", seconds=120)
    assert b"restored" in metered.manage("restore", "--compose", str(path))
    metered.up("--no-deps", *KEEPING)
    assert who(metered, cookie) == "admin"
    assert log_in(metered, password)
    assert os.listdir(tmp_path) == [path.name]

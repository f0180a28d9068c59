"""nginx writes its log to whatever its standard output is, and runs also if that is nothing."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator

import pytest

from tests.nginx.gateway import NGINX
from tests.servers import Connection, free_port, wait_for

pytestmark = pytest.mark.usefixtures("nginx_present")


@contextlib.contextmanager
def nginx(**options: object) -> Iterator[int]:
    """Run the shipped nginx, without services; yield its port."""
    run, port = pathlib.Path(tempfile.mkdtemp(prefix="mp", dir="/tmp")), free_port()
    run.chmod(0o777)  # it may be somebody else
    environment = {**os.environ, "MERGEPOINT_LISTEN": f"127.0.0.1:{port}"}
    process = subprocess.Popen([NGINX / "start", run], env=environment, stderr=subprocess.DEVNULL, **options)
    try:
        wait_for(lambda: ask(port) == 200)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(run)


def ask(port: int) -> int:
    connection = Connection(port)
    try:
        return connection.request("GET", "/static/style.css").status
    finally:
        connection.close()


def test_a_socket_gets_the_log() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, nginx(stdout=theirs):
        ours.settimeout(10)
        written = b""
        while b'"path":"/static/style.css","status":200' not in written:
            written += ours.recv(4096)


def test_a_file_of_somebody_else_gets_the_log(tmp_path: pathlib.Path) -> None:
    if os.geteuid():
        pytest.skip("only root can become somebody else")
    log = tmp_path / "log"
    with log.open("wb") as file, nginx(stdout=file, user="www-data", group="www-data", extra_groups=[]):
        wait_for(lambda: b'"path":"/static/style.css","status":200' in log.read_bytes())


def test_it_runs_without_standard_output() -> None:
    with nginx(preexec_fn=lambda: os.close(1)) as port:
        assert ask(port) == 200

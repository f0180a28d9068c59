"""`make run`: what it says, and that it leaves nothing behind."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
from ipaddress import IPv4Address

import pytest

from tests.live.suite import RUN, Suite
from tests.long import some
from tests.nginx.gateway import SERVICES
from tests.servers import Connection, alive, free_port, wait_for


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "XDG_STATE_HOME": state, **environment}
        return subprocess.run(RUN, env=environment, capture_output=True, text=True, timeout=60)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run(MERGEPOINT_LISTEN=f"127.0.0.1:{port}")
    assert ended.returncode == 1
    assert f"port {port} on 127.0.0.1: address already in use; MERGEPOINT_LISTEN moves it" in ended.stderr


def test_an_address_without_a_port_is_refused() -> None:
    ended = run(MERGEPOINT_LISTEN="localhost")
    assert ended.returncode == 1
    assert "MERGEPOINT_LISTEN='localhost'" in ended.stderr


def test_a_bad_setting_stops_it_and_is_named() -> None:
    ended = run(MERGEPOINT_LISTEN=f"127.0.0.1:{free_port()}", HIGHLIGHT_MAX_BYTES="many")
    assert ended.returncode == 1
    assert "HIGHLIGHT_MAX_BYTES='many'" in ended.stderr


def test_all_bad_settings_are_named_before_anything_starts() -> None:
    wrong = {
        "MERGEPOINT_LISTEN": "99999", "TRUSTED_PROXIES": "10.0.0.0/99", "HTMLDIFF_CHILDREN": "0",
        "THUMBNAIL_KEYS": "zz", "AUTH_PUBLIC_URL": "ftp://x",
    }  # fmt: skip
    ended = run(**wrong, MERGEPOINT_SERVICES="auth,htmldiff,thumbnail", HIGHLIGHT_WORKERS="not asked")
    assert ended.returncode == 1
    assert sorted(line.partition("=")[0] for line in ended.stderr.splitlines()) == sorted(wrong)
    assert ended.stdout == ""


def test_an_unknown_service_is_named_with_those_that_there_are() -> None:
    ended = run(MERGEPOINT_SERVICES="highlight,diff")
    assert ended.returncode == 1
    assert "MERGEPOINT_SERVICES='highlight,diff'" in ended.stderr
    assert ", ".join(SERVICES) in ended.stderr


def test_services_are_left_out_and_unknown_names_told_once() -> None:
    port = free_port()
    suite = Suite(
        MERGEPOINT_LISTEN=str(port), MERGEPOINT_SERVICES="highlight", MERGEPOINT_LIMIT="off", HIGHLIGHT_WORKER="1"
    ).start()
    connection = Connection(port)
    try:
        assert connection.request("GET", "/health").json["services"].keys() == {"highlight"}
        assert connection.request("POST", "/highlight?language=text", b"x").status == 200
        refused = connection.request("POST", "/htmldiff", b"{}")
        assert (refused.status, refused.json["detail"]) == (404, "the service htmldiff does not run here")
        assert address_of_listener(port) == "127.0.0.1"
        said = suite.log.read_text()
        assert said.count("HIGHLIGHT_WORKER: there is no such setting; the nearest is HIGHLIGHT_WORKERS") == 1
        assert said.count("MERGEPOINT_LIMIT: there is no such setting; the nearest is MERGEPOINT_LIMITS") == 1
    finally:
        connection.close()
        suite.stop()


def address_of_listener(port: int) -> str:
    """Return the address that *port* is open on: proc_net_tcp(5) has it in hexadecimal, the last byte first."""
    [listener] = re.findall(
        rf"^ *\d+: ([0-9A-F]+):{port:04X} 0+:0000 0A", pathlib.Path("/proc/net/tcp").read_text(), re.MULTILINE
    )
    return str(IPv4Address(bytes.fromhex(listener)[::-1]))


def test_ctrl_c_ends_every_process() -> None:
    suite = Suite().start()
    processes = suite.processes()
    assert len(processes) > 4
    assert suite.stop() == 0
    wait_for(lambda: not any(map(alive, processes)), seconds=5)


def test_nothing_survives_a_killed_runner_but_a_folder_that_the_next_start_removes() -> None:
    suite = Suite().start()
    processes, left = suite.processes(), pathlib.Path(suite.record()["run"])
    suite.process.kill()
    suite.process.wait()
    wait_for(lambda: not any(map(alive, processes)), seconds=20)
    assert left.exists()
    suite.log.write_bytes(b"")  # what the first run said is nothing to wait for
    assert suite.start().stop() == 0  # on the same port
    assert not left.exists()


@pytest.mark.parametrize("name", some(["highlight", "nginx"], always=["highlight"]))
def test_what_is_killed_is_started_again(name: str) -> None:
    suite = Suite().start()
    program = "nginx" if name == "nginx" else "gunicorn"
    masters = (pid for pid in suite.processes() if is_master(pid, program, suite.process.pid))
    master = next(pid for pid in masters if name == "nginx" or is_service(pid, name))
    os.kill(master, signal.SIGKILL)
    wait_for(lambda: f"{name} was ended by SIGKILL; starting it again" in suite.log.read_text(), seconds=10)
    wait_for(suite.is_healthy, seconds=30)
    suite.stop()


def is_master(pid: int, program: str, runner: int) -> bool:
    with open(f"/proc/{pid}/cmdline", "rb") as words, open(f"/proc/{pid}/stat") as stat:
        parent = int(stat.read().rpartition(")")[2].split()[1])
        return program.encode() in words.read() and parent == runner


def is_service(pid: int, name: str) -> bool:
    with open(f"/proc/{pid}/environ", "rb") as variables:
        return f"MERGEPOINT_SERVICE={name}".encode() in variables.read().split(b"\0")

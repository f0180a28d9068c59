"""`make run` is a child of anything, and ended by anything; nothing of it is left."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.live.suite import RUN, Suite
from tests.servers import ROOT, alive, wait_for

INT, TERM, QUIT, HUP, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGKILL
MAKE = ["make", "-C", str(ROOT), "run"]
# As a terminal starts it, also where these tests were told to ignore some signals.
IN_FRONT = ["env", "--default-signal"]
BACKGROUND = "trap '' INT QUIT; "  # what a shell does for a job of a script
LOGGED = '>"$log" 2>&1'


@contextlib.contextmanager
def started(command: Sequence[object] = RUN, **options: Any) -> Iterator[Suite]:
    """Run the suite; when it has ended, nothing is left: processes, port, folder."""
    suite = Suite()
    suite.state.chmod(0o777)  # for who is somebody else
    suite.log.chmod(0o644)
    try:
        suite.start([*IN_FRONT, *command], start_new_session=True, **options)
        processes, record = suite.processes() | {suite.process.pid}, suite.record()
        assert suite.is_healthy()
        yield suite
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(suite.process.pid, KILL)  # its shell, or make, and the runner below
        suite.process.wait()
        raise
    wait_for(lambda: not any(map(alive, processes)), seconds=20)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", suite.port))
    assert not pathlib.Path(record["run"]).exists()


def shell(script: str) -> list[str]:
    """Return the command that runs *script*, in which ``run`` runs the suite in the shell's place."""
    return ["sh", "-c", script.replace("run", 'exec "$@"', 1), "sh", *RUN]


def test_a_background_job_that_writes_to_a_socket_is_ended_by_an_interrupt() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, started(shell(f"{BACKGROUND} run <&-"), stdout=theirs, stderr=theirs) as suite:
        ours.settimeout(20)
        written = b""
        while b"Mergepoint runs on" not in written:
            written += ours.recv(1 << 20)
        assert suite.stop(INT) == 0


@pytest.mark.long
def test_make_that_is_told_to_end_ends_all() -> None:
    with started(MAKE) as suite:
        assert suite.stop(TERM) != 0  # make says so of itself


@pytest.mark.long
@pytest.mark.parametrize(
    ("script", "number"),
    [
        (f"run {LOGGED}", HUP),
        ("run <&- >&- 2>&-", TERM),
        ("run </dev/null >/dev/null 2>&1", INT),
        (f"{BACKGROUND} run {LOGGED}", QUIT),
        (f"trap '' INT TERM QUIT; run {LOGGED}", TERM),
    ],
)
def test_each_kind_of_child_is_ended(script: str, number: signal.Signals) -> None:
    with started(shell(script)) as suite:
        assert suite.stop(number) == 0


@pytest.mark.long
def test_what_nohup_keeps_from_hanging_up_runs_on() -> None:
    with started(shell(f"trap '' HUP; run {LOGGED}")) as suite:
        suite.process.send_signal(HUP)
        with pytest.raises(subprocess.TimeoutExpired):
            suite.process.wait(3)
        assert suite.is_healthy()
        assert suite.stop(TERM) == 0


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_user_may_write_to_a_file_of_root() -> None:
    user = {"user": "www-data", "group": "www-data", "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", ""], check=True, **user)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this Python is root's own")
    with started(**user) as suite:
        assert suite.stop(TERM) == 0


@pytest.mark.long
def test_it_outlives_the_reader_of_its_log() -> None:
    with started(["sh", "-c", '"$@" 2>&1 | head -1 >/dev/null', "sh", *RUN]) as suite:
        for _ in range(3):
            assert suite.is_healthy()
        os.killpg(suite.process.pid, INT)
        suite.process.wait(30)


@pytest.mark.long
@pytest.mark.parametrize("number", [INT, HUP, QUIT, KILL])
def test_a_signal_to_make_alone_ends_all(number: signal.Signals) -> None:
    with started(MAKE) as suite:
        suite.process.send_signal(number)
        suite.process.wait(30)


@pytest.mark.long
@pytest.mark.parametrize("number", [INT, TERM])
def test_a_signal_to_the_group_of_make_ends_all(number: signal.Signals) -> None:
    with started(MAKE) as suite:
        os.killpg(suite.process.pid, number)
        suite.process.wait(30)


@pytest.mark.long
def test_make_in_the_background_of_a_script_ends_with_its_group() -> None:
    with started(["sh", "-c", 'make -C "$0" run & wait', str(ROOT)]) as suite:
        os.killpg(suite.process.pid, INT)  # sh ignores it, or ends; make was told to ignore it
        suite.process.wait(30)


@pytest.mark.long
def test_a_second_ctrl_c_does_not_wait_for_a_request_under_way() -> None:
    with started() as suite, socket.create_connection(("127.0.0.1", suite.port)) as connection:
        connection.sendall(b"POST /highlight HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        suite.process.send_signal(INT)
        with pytest.raises(subprocess.TimeoutExpired):
            suite.process.wait(2)
        suite.process.send_signal(INT)
        assert suite.process.wait(5) == 0

"""Programs end when they are told to, and with all that they have started; small programs stand for the services."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from runner import suite as suites
from runner.output.logs import Logs
from runner.signals import AGAIN, Signals
from runner.suite import Suite

from tests.servers import alive, need, wait_for

STUBBORN = "trap '' TERM QUIT; setsid sleep 60 & sh -c 'trap \"\" TERM; set -m; sleep 60 & wait' & "
READY = "echo >ready-$$; while :; do sleep 0.1; done"


@pytest.fixture
def toys(tmp_path: pathlib.Path) -> Iterator[Callable[..., Suite]]:
    """Return a function that starts a suite of shell programs, and waits until they are ready."""
    need("setpriv")
    log = (tmp_path / "log").open("wb")
    logs = Logs(log.fileno(), log.fileno())
    started: list[Suite] = []

    def start(**programs: str) -> Suite:
        suite = Suite(tmp_path, "127.0.0.1:1", tmp_path, logs)
        suite.commands = {name: ["sh", "-c", program + READY] for name, program in programs.items()}
        started.append(suite)
        suite.start()
        wait_for(lambda: len(list(tmp_path.glob("ready-*"))) >= len(programs))
        return suite

    yield start
    hurry = Signals()
    hurry.hurried = True
    for suite in started:
        suite.stop(hurry)
    logs.close()
    log.close()


@pytest.fixture
def signals() -> Iterator[Signals]:
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup(1) may have these tests ignore it
    made = Signals()
    made.install()
    yield made
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, handler)


def dwellers(suite: Suite) -> set[int]:
    return suites.processes.dwellers(suite.run)


def test_what_does_not_end_is_killed_with_all_its_children(
    toys: Callable[..., Suite], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "STOP_WITHIN", 0.5)
    suite = toys(nginx=STUBBORN.replace("setsid ", ""), toy=STUBBORN.replace("setsid ", ""))
    assert len(dwellers(suite)) > 6
    suite.stop(Signals())
    assert not dwellers(suite)


def test_a_second_ctrl_c_waits_for_nobody(toys: Callable[..., Suite], signals: Signals) -> None:
    suite = toys(toy=STUBBORN.replace("setsid ", ""))
    began = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
    threading.Timer(AGAIN + 0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    suite.stop(signals)
    assert time.monotonic() - began < suites.STOP_WITHIN / 2
    assert not dwellers(suite)


def test_a_signal_that_comes_twice_at_once_is_one(signals: Signals) -> None:
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
    assert signals.wait(1)
    assert not signals.hurried


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP])
def test_each_signal_that_ends_is_remembered(signals: Signals, number: signal.Signals) -> None:
    assert not signals.ending
    os.kill(os.getpid(), number)
    assert signals.wait(5)


def test_what_died_leaves_no_child_when_it_is_started_again(toys: Callable[..., Suite]) -> None:
    suite = toys(toy="sleep 60 & ")
    first, left = suite.processes["toy"].pid, dwellers(suite)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: suite.ended())
    suite.restart_ended(Signals())
    assert suite.processes["toy"].pid != first
    assert not any(map(alive, left))


def test_nothing_is_started_again_when_all_are_ended_by_somebody_else(
    toys: Callable[..., Suite], signals: Signals
) -> None:
    """As systemd does: every process of the unit is told to end, some before us."""
    suite = toys(toy="")
    os.kill(suite.processes["toy"].pid, signal.SIGTERM)
    wait_for(lambda: suite.ended())
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    suite.restart_ended(signals)
    assert suite.ended() == {"toy": "was ended by SIGTERM"}


# The real-time ones after them cannot be set from here: the C library keeps 32 and 33 for itself.
STANDARD_SIGNALS = (1 << 31) - 1


def test_children_start_with_default_signals() -> None:
    """Whatever we were started with: ignored, blocked. Only nohup's hang-up is kept."""
    program = """
import signal, subprocess, sys
from runner import descriptors
from runner.signals import Signals
descriptors.restore_signals()
Signals().install()
subprocess.run(["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=ignore_and_block_all,
        capture_output=True,
        text=True,
    )
    [_, blocked, _, ignored] = done.stdout.split()
    assert int(blocked, 16) == 0
    assert int(ignored, 16) & STANDARD_SIGNALS == 1 << signal.SIGHUP - 1


def ignore_and_block_all() -> None:
    everything = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    for number in everything:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, everything)

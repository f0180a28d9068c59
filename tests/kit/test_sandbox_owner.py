"""A sandbox survives forks of its owner, and nothing of it survives its owner."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mergepoint.kit.sandbox import Sandbox
from tests.kit.toys import ask, toy
from tests.servers import alive, children, wait_for


class TestForks:
    """A process with a sandbox may fork: both go on, with children of their own."""

    def test_both_sides_of_a_fork_can_call(self, sandbox: Sandbox) -> None:
        mine = ask(sandbox, "pid")
        theirs = in_fork(lambda: b" ".join(ask(sandbox, "pid") for _ in range(8)))
        assert theirs
        assert mine not in theirs.split()
        assert ask(sandbox, "echo 1") == b"1"

    def test_a_zygote_started_before_is_shared(self, sandbox: Sandbox) -> None:
        sandbox.start()
        theirs = in_fork(lambda: ask(sandbox, "parent"))
        assert ask(sandbox, "parent") == theirs

    def test_a_fork_in_the_middle_of_calls_can_call(self, sandbox: Sandbox) -> None:
        stop = threading.Event()

        def call() -> None:
            while not stop.is_set():
                assert ask(sandbox, "nap 0.01", deadline=5) == b"rested"

        with ThreadPoolExecutor(8) as pool:
            calling = [pool.submit(call) for _ in range(8)]
            try:
                for _ in range(10):
                    assert in_fork(lambda: ask(sandbox, "echo 1")) == b"1"
            finally:
                stop.set()
            for future in calling:
                future.result()

    def test_threads_of_both_sides_can_call(self, sandbox: Sandbox) -> None:
        def many() -> bytes:
            with ThreadPoolExecutor(8) as pool:
                return b"".join(pool.map(lambda number: ask(sandbox, f"echo {number % 10}"), range(100)))

        many()
        assert in_fork(many) == many() == b"0123456789" * 10

    def test_the_end_of_a_fork_ends_no_child_of_the_parent(self, single: Sandbox) -> None:
        mine = ask(single, "pid")
        in_fork(lambda: ask(single, "pid"))
        assert ask(single, "pid") == mine


def in_fork(work: Callable[[], bytes]) -> bytes:
    """Return what *work* returns in a forked process, or nothing if it fails there."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writer, work())
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read()
    os.waitpid(pid, 0)
    return said


OWNER = """
import os, threading, time
from mergepoint.kit.sandbox import Sandbox
from tests.kit.toys import ask, toy

def call(words, deadline):
    threading.Thread(target=ask, args=(sandbox, words, deadline), daemon=True).start()

def fork():
    if not os.fork():
        os.close(1)
        ask(sandbox, "pid")
        time.sleep(30)

sandbox = Sandbox(toy, children=2)
print(*(ask(sandbox, word).decode() for word in ("pid", "pid", "parent")), flush=True)
{what}
print("ready", flush=True)
time.sleep(30)
"""


@contextlib.contextmanager
def owner(what: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Run a process that has a sandbox and has done *what*; yield it and the pids of its children and zygote."""
    command = [sys.executable, "-c", OWNER.format(what=what)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        assert process.stdout.readline() == "ready\n"
        yield process, pids
        process.kill()


class TestOwner:
    """No child outlives the process that it works for."""

    @pytest.mark.parametrize(("word", "seconds"), [("nap 30", 0.5 + 1.0), ("spin", 0.5 + 1.0), ("echo 1", 0.5)])
    def test_no_child_survives_a_killed_owner(self, word: str, seconds: float) -> None:
        """An idle child ends at once, a busy one within its deadline and a second."""
        with owner(f"call({word!r}, 0.5); time.sleep(0.2)") as (process, pids):
            process.kill()
            wait_for(lambda: not any(map(alive, pids)), seconds=seconds + 0.5)

    def test_no_child_lives_on_in_a_fork_of_a_killed_owner(self) -> None:
        """A fork in the middle of a call inherits that child's socket too, and must let go of it."""
        with owner("call('nap 0.5', 30); time.sleep(0.2); fork(); time.sleep(0.6)") as (process, (*pids, zygote)):
            (fork,) = children(process.pid) - {zygote}
            process.kill()
            try:
                wait_for(lambda: not any(map(alive, pids)), seconds=2)
            finally:
                os.kill(fork, signal.SIGKILL)

    def test_close_ends_children_and_zygote(self) -> None:
        sandbox = Sandbox(toy, children=2)
        pids = [int(ask(sandbox, word)) for word in ("pid", "pid", "parent")]
        sandbox.close()
        wait_for(lambda: not any(map(alive, pids)))

    def test_a_closed_sandbox_opens_again(self, sandbox: Sandbox) -> None:
        ask(sandbox, "echo 1")
        sandbox.close()
        assert ask(sandbox, "echo 2") == b"2"

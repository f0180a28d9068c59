"""The process that forks the sandbox's children prepares once, may be lost, and runs out of nothing for good."""

import contextlib
import os
import pathlib
import resource
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mergepoint.kit.sandbox import Busy, DeadlineExceeded, Sandbox
from mergepoint.kit.sandbox.zygote import CALLS_PER_EARLY_CHILD
from tests.kit.toys import SPIN, MakeSandbox, ask
from tests.servers import alive, wait_for


class TestZygote:
    """The process that forks the children may go too."""

    def test_a_lost_zygote_is_replaced(self, single: Sandbox) -> None:
        zygote = int(ask(single, "parent"))
        os.kill(zygote, signal.SIGKILL)
        wait_for(lambda: not alive(zygote))
        os.kill(int(ask(single, "pid")), signal.SIGKILL)
        assert ask(single, "echo 1") == b"1"
        assert int(ask(single, "parent")) != zygote

    def test_a_lost_zygote_leaves_no_zombie(self, single: Sandbox) -> None:
        zygote = int(ask(single, "parent"))
        os.kill(zygote, signal.SIGKILL)
        wait_for(lambda: not alive(zygote))
        os.kill(int(ask(single, "pid")), signal.SIGKILL)
        ask(single, "echo 1")
        assert not os.path.exists(f"/proc/{zygote}")

    def test_it_prepares_once(self, make: MakeSandbox, tmp_path: pathlib.Path) -> None:
        def prepare() -> None:
            with (tmp_path / "prepared").open("ab") as file:
                file.write(b"x")

        sandbox = make(prepare=prepare, children=4)
        with ThreadPoolExecutor(8) as pool:
            parents = set(pool.map(lambda _: ask(sandbox, "parent"), range(50)))
        assert len(parents) == 1
        assert (tmp_path / "prepared").read_bytes() == b"x"

    def test_calls_wait_until_it_is_prepared(self, make: MakeSandbox) -> None:
        sandbox = make(prepare=lambda: time.sleep(0.5), children=1, wait=0.1)
        sandbox.start()
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda n: ask(sandbox, f"echo {n}"), range(4))) == [b"0", b"1", b"2", b"3"]

    def test_calls_do_not_wait_for_what_is_prepared_later(self, make: MakeSandbox, tmp_path: pathlib.Path) -> None:
        """And children that were made before all is done give way to better ones soon."""

        def later() -> Iterator[None]:
            while not (tmp_path / "go").exists():
                time.sleep(0.01)
                yield
            (tmp_path / "done").touch()

        sandbox = make(later=later, children=1)
        early = ask(sandbox, "pid")
        assert not (tmp_path / "done").exists()
        (tmp_path / "go").touch()
        wait_for((tmp_path / "done").exists)
        assert {ask(sandbox, "pid") for _ in range(CALLS_PER_EARLY_CHILD - 1)} == {early}
        assert ask(sandbox, "pid") != early

    def test_what_is_prepared_later_ends_with_the_owner(self, make: MakeSandbox) -> None:
        sandbox = make(later=lambda: (time.sleep(0.01) for _ in range(100_000)), children=1)
        zygote = int(ask(sandbox, "parent"))
        sandbox.close()
        wait_for(lambda: not alive(zygote))

    def test_a_second_start_changes_nothing(self, sandbox: Sandbox) -> None:
        sandbox.start()
        zygote = ask(sandbox, "parent")
        sandbox.start()
        assert ask(sandbox, "parent") == zygote

    def test_a_call_tells_of_a_failed_preparation(self, make: MakeSandbox) -> None:
        with pytest.raises(Busy, match="no child could be started"):
            ask(make(prepare=lambda: os._exit(1)), "echo 1")

    def test_it_inherits_no_descriptor(self, sandbox: Sandbox) -> None:
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        try:
            count = int(ask(sandbox, "descriptors"))
        finally:
            os.close(reader), os.close(writer)
        assert count == 4, "standard input, output, error, and the owner's socket"

    def test_a_failed_preparation_is_busy_not_a_hang(self, make: MakeSandbox) -> None:
        def prepare() -> None:
            os._exit(1)

        with pytest.raises(Busy, match="could be started"):
            ask(make(prepare=prepare), "echo 1")

    def test_out_of_descriptors_is_busy_and_passes(self, single: Sandbox) -> None:
        ask(single, "echo 1")
        with contextlib.ExitStack() as taken:
            limits = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))), limits[1]))
            taken.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
            take_descriptors(taken)
            with pytest.raises(DeadlineExceeded):
                single.call(SPIN, deadline=0.1)
            take_descriptors(taken)
            for _ in range(3):
                with pytest.raises(Busy, match="could be started"):
                    single.call(SPIN, deadline=0.1)
        assert ask(single, "echo 1") == b"1"


def take_descriptors(taken: contextlib.ExitStack) -> None:
    """Take all that are left."""
    with contextlib.suppress(OSError):
        while True:
            taken.callback(os.close, os.dup(0))

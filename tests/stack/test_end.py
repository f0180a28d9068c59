"""How the suite ends: soon, cleanly, and after the requests that are under way."""

import time
from collections.abc import Iterator

import pytest

from tests.servers import wait_for
from tests.stack.compose import Stack
from tests.stack.load import Seen, bare, call_slowly
from tests.stack.processes import processes


@pytest.fixture
def another(docker: None) -> Iterator[Stack]:
    another = Stack()
    try:
        another.up("--build")
        yield another
    finally:
        another.remove()


def test_stop_lets_requests_finish_and_down_leaves_nothing(another: Stack):
    answers: list[Seen] = []
    thread = call_slowly(bare(another.port), answers)
    wait_for(lambda: processes(another)["straggler"])
    began = time.monotonic()
    another.compose("stop")
    assert time.monotonic() - began < 10  # of which 2 s are the request's
    thread.join()
    assert [seen.status for seen in answers] == [200]
    assert {container["State"]["ExitCode"] for container in another.inspect()} == {0}
    another.compose("down", "--volumes")
    assert another.left() == ""

"""What a call frees is kept for the next one while there are calls, and given back when there are none."""

import os
import platform
import time
from pathlib import Path

import pytest

from mergepoint.kit import heap
from tests.kit.toys import MakeSandbox, ask

BLOCK, BLOCKS = 1 << 20, 40

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries decide for themselves")


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def work(request: bytes) -> bytes:
    """Need some memory, or tell how much is still there."""
    if request.startswith(b"allocate"):
        blocks = [b"x" * BLOCK for _ in range(BLOCKS)]
        del blocks
    return b"%d" % resident()


def test_a_child_keeps_memory_between_calls_and_gives_it_back_when_nobody_calls(make: MakeSandbox) -> None:
    sandbox = make(work, prepare=lambda: heap.keep(128 << 20), children=1)
    before = int(ask(sandbox, "tell"))
    ask(sandbox, "allocate")
    assert int(ask(sandbox, "tell")) - before > 30 * BLOCK
    time.sleep(1.5)
    assert int(ask(sandbox, "tell")) - before < 10 * BLOCK


def test_nothing_is_kept_unless_somebody_says_so(make: MakeSandbox) -> None:
    sandbox = make(work, children=1)
    before = int(ask(sandbox, "tell"))
    ask(sandbox, "allocate")
    assert int(ask(sandbox, "tell")) - before < 10 * BLOCK

"""What a call frees is kept for the next one while there are calls, and given back when there are none."""

import platform
import subprocess
import sys
from textwrap import dedent

import pytest

BLOCKS = 40  # of a megabyte
# In a process of its own, whose heap has no holes.
SCRIPT = """
    import os, sys, time
    from mergepoint.kit.sandbox import heap
    from mergepoint.kit.sandbox import Sandbox

    def work(request):
        blocks = [b"x" * (1 << 20) for _ in range(int(request))]
        del blocks
        return open("/proc/self/statm").read().split()[1].encode()

    def resident(megabytes):
        return int(sandbox.call(b"%d" % megabytes, deadline=5)) * os.sysconf("SC_PAGE_SIZE") >> 20

    most = int(sys.argv[1]) << 20
    sandbox = Sandbox(work, prepare=lambda: most and heap.keep(most), children=1)
    before = resident(0)
    resident(40)
    kept = resident(0) - before
    later = kept
    for _ in range(6):  # it was idle for long enough in one of them
        time.sleep(1.5)
        later = min(later, resident(0) - before)
        if later < kept / 3:
            break
    print(kept, later)
    sandbox.close()
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries decide for themselves")


def kept(most: int) -> tuple[int, int]:
    """Return how many megabytes a child has more after a call that needed some, at once and when it was idle."""
    found = subprocess.check_output([sys.executable, "-c", dedent(SCRIPT), str(most)], text=True, timeout=60)
    soon, later = map(int, found.split())
    return soon, later


def test_a_child_keeps_memory_between_calls_and_gives_it_back_when_nobody_calls() -> None:
    soon, later = kept(128)
    assert soon > BLOCKS * 3 / 4
    assert later < BLOCKS / 4


def test_nothing_is_kept_unless_somebody_says_so() -> None:
    soon, _ = kept(0)
    assert soon < BLOCKS / 4

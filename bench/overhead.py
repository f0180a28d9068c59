"""Measures the cost of the sandbox itself: a call of a function that does nothing."""

import statistics
import time
from collections.abc import Callable

from mergepoint.kit.sandbox import Sandbox

CALLS = 2000


def sandbox_overhead(request: bytes, answer: bytes) -> float:
    """Return the median microseconds that a call with *request* and *answer* takes longer in the sandbox."""
    function = {request: answer}.__getitem__
    sandbox = Sandbox(function, children=1)
    sandbox.start()
    try:
        for _ in range(100):
            sandbox.call(request, deadline=1)
        inside = _median(lambda: sandbox.call(request, deadline=1))
        return (inside - _median(lambda: function(request))) * 1e6
    finally:
        sandbox.close()


def _median(call: Callable[[], object]) -> float:
    def once() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return statistics.median(once() for _ in range(CALLS))

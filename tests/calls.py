"""What work costs, so that it is the same whatever else the machine does: in calls, or beside other work in turns."""

import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

Work = Callable[[], object]
ROUNDS = 7


def calls(work: Work) -> Counter[str]:
    """Return how often *work* calls the functions of each name, those in C too; ``total()`` is how often it calls any.

    ``match`` is how often a regular expression is tried.
    """
    names: Counter[str] = Counter()

    def tell(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            names[function.__name__] += 1
        elif event == "call":
            names[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(tell)
    try:
        work()
    finally:
        sys.setprofile(before)
    return names


def times_as_long(*pairs: tuple[Work, Work]) -> float:
    """Return how many times as long the first of each pair takes as the second, all pairs together.

    It is the median of some rounds, in each of which both take turns: a machine that is slow for a while is so for
    both. For what calls do not tell, against a bound that is far from what is measured, and marked `long`.
    """
    ratios = []
    for _ in range(ROUNDS):
        taken = [(_seconds(one), _seconds(other)) for one, other in pairs]
        ratios.append(sum(one for one, _ in taken) / sum(other for _, other in taken))
    return statistics.median(ratios)


def _seconds(work: Work) -> float:
    """Of this thread on a processor."""
    began = time.thread_time()
    work()
    return time.thread_time() - began

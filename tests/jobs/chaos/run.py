"""One run: callers ask all the time while things are killed; at the end everything is counted."""

import time
from collections.abc import Callable

from tests.jobs.chaos.callers import Callers
from tests.jobs.chaos.checker import Report, check
from tests.jobs.chaos.kills import KILLS, Kill
from tests.jobs.chaos.stack import Stack
from tests.servers import wait_for
from tests.stopwatch import Stopwatch

CALM = 6.0  # seconds, of which the last must see nobody refused
DRAINED_WITHIN = 60.0  # seconds


def endure(
    stack: Stack,
    kinds: list[str],
    seconds: float,
    *,
    rate: float = 60,
    pause: float = 0.6,
    say: Callable[[str], object] = lambda _: None,
) -> Report:
    """Kill each of *kinds* again and again for *seconds*; in the last CALM of all nothing happens."""
    kills: list[Kill] = []
    with Stopwatch() as watch:
        callers = Callers(stack, rate=rate).start()
        for kind in kinds:
            calm = CALM if kind == kinds[-1] else 0.0
            ends, number = time.monotonic() + seconds, 0
            time.sleep(pause)
            while not number or time.monotonic() + pause + calm < ends:
                kills.append(KILLS[kind](stack, number))
                number += 1
                time.sleep(pause)
            say(f"{kind}: {number} kills")
            time.sleep(max(ends - time.monotonic(), calm))
        asked = callers.stop()
        wait_for(lambda: not stack.unfinished(), seconds=DRAINED_WITHIN)
    rows = stack.rows()
    return check(asked, rows, stack.bodies(rows.values()), stack.deliveries(), kills, slowness=watch.slowness)

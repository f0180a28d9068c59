"""Gives up work of our own code that takes too long, inside a sandbox child, so that what was done before is not lost.

A library's call is only interrupted when it returns; the sandbox's deadline, which kills, is for those that do not.
"""

import contextlib
import signal
import time
from collections.abc import Iterator

_waiting = False  # a signal that comes after the block has ended is ignored


class TimeLimitExceeded(Exception):
    """The work took more time than it had."""


@contextlib.contextmanager
def time_limit(processor: float, wall: float) -> Iterator[None]:
    """Raise TimeLimitExceeded in the block after *processor* seconds of this process's time, or *wall* seconds of all
    time.

    For the main thread only. A child's alarm, by which it ends itself when its owner is gone (zygote.py), is another
    timer's for as long.
    """
    global _waiting
    if min(processor, wall) <= 0:
        raise TimeLimitExceeded
    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, _give_up)
    signal.signal(signal.SIGPROF, _give_up)
    alarm, _ = signal.setitimer(signal.ITIMER_REAL, wall)
    signal.setitimer(signal.ITIMER_VIRTUAL, alarm)  # a SIGVTALRM that nobody handles ends the process
    signal.setitimer(signal.ITIMER_PROF, processor)
    _waiting = True
    try:
        yield
    finally:
        _waiting = False
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL, signal.ITIMER_VIRTUAL):
            signal.setitimer(timer, 0)
        signal.signal(signal.SIGALRM, before)
        if alarm:
            signal.setitimer(signal.ITIMER_REAL, max(alarm - (time.monotonic() - began), 0.001))


def _give_up(*_: object) -> None:
    global _waiting
    if _waiting:
        _waiting = False
        raise TimeLimitExceeded

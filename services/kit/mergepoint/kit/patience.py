"""Gives up work of our own code that takes too long, inside a sandbox child, so that what was done before is not lost.

A library's call is only interrupted when it returns; the sandbox's deadline, which kills, is for those that do not.
"""

import contextlib
import signal
from collections.abc import Iterator


class TooSlow(Exception):
    """The work took more processor time than it had."""


@contextlib.contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise TooSlow in the block when it has used *seconds* of this process's time. For the main thread only."""
    if seconds <= 0:
        raise TooSlow
    signal.signal(signal.SIGPROF, _give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _give_up(*_: object) -> None:
    raise TooSlow

"""Repairs what a parent process may pass on: closed standard descriptors, ignored or blocked signals."""

import os
import signal

PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # Python ignores them, and subprocess restores them in children
MEANT = {signal.SIGHUP}  # ignored on purpose, by nohup(1)


def open_standard() -> None:
    """Open closed ones of standard input, output and error, since the next file would take their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number, which is *number*


def restore_signals() -> None:
    """Unblock all signals, and stop ignoring those that a shell ignores for background jobs: children inherit both."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - PYTHONS_OWN - MEANT:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)

"""What a parent hands over at birth: file descriptors that may be closed, signals that may be ignored or blocked."""

import os
import signal

PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # Python ignores them, and subprocess gives them back to children
MEANT = {signal.SIGHUP}  # nohup(1)


def open_standard() -> None:
    """Open what of standard input, output and error is closed; the next file would take its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one


def restore_signals() -> None:
    """Take back that signals are ignored or blocked, as a shell does for its background jobs; children inherit it."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - PYTHONS_OWN - MEANT:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)

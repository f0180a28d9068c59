"""Pygments alone: called in a loop, with one lexer and one formatter, in a process for each core."""

import contextlib
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.python import PythonLexer
from snippet import snippet


@contextlib.contextmanager
def pygments_loop(processes: int) -> Iterator[Callable[[float], float]]:
    """Yield a function that runs it for some seconds and returns the texts a second. The processes sleep in between."""
    context = multiprocessing.get_context("fork")
    pairs = [context.Pipe() for _ in range(processes)]
    workers = [context.Process(target=_work, args=(theirs,), daemon=True) for _, theirs in pairs]
    for worker in workers:
        worker.start()

    def measure(seconds: float) -> float:
        for ours, _ in pairs:
            ours.send(seconds)
        return sum(ours.recv() for ours, _ in pairs)

    try:
        yield measure
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(orders: Connection) -> None:
    lexer, formatter = PythonLexer(stripnl=False), HtmlFormatter()
    numbers = itertools.count()
    while True:
        seconds = orders.recv()
        began, done = time.perf_counter(), 0
        while (took := time.perf_counter() - began) < seconds:
            highlight(snippet(next(numbers)), lexer, formatter)
            done += 1
        orders.send(done / took)

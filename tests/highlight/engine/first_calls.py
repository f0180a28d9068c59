"""What the first calls of a lexer cost in a fresh child, the engine beside Pygments.

Run alone, it prints the worst lexers: python -m tests.highlight.engine.first_calls [--unread] [LANGUAGE …]
"""

import gc
import os
import statistics
import struct
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import pygments
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import _iter_lexerclasses

from mergepoint.highlight import engine, lexers
from mergepoint.kit.sandbox.zygote import collect_rarely
from tests.highlight.examples import example

CALLS, CHILDREN = 20, 3
TIMES, MORE = 1.5, 0.001  # what a call may cost: so much of Pygments' time, and so many seconds
Render = Callable[[str, Any, Any], str | bytes]


def medians(kind: type[Lexer], text: str, children: int = CHILDREN) -> list[tuple[float, float]]:
    """Return what each of the first calls costs, ours and Pygments', in seconds: the medians of some children."""
    renders = engine.highlight, pygments.highlight
    taken = [[_child(kind, render, text) for render in renders] for _ in range(children)]  # in turns
    both = ([statistics.median(calls) for calls in zip(*of_one, strict=True)] for of_one in zip(*taken, strict=True))
    return list(zip(*both, strict=True))


def excess(kind: type[Lexer], text: str | None = None, children: int = CHILDREN) -> tuple[float, int, float, float]:
    """Return by how many seconds the worst call costs more than it may, which it is, its cost and Pygments'."""
    return worst(medians(kind, example(kind) if text is None else text, children))


def worst(calls: Sequence[tuple[float, float]]) -> tuple[float, int, float, float]:
    """Return the same of calls that were measured."""
    return max((mine - TIMES * stock - MORE, call, mine, stock) for call, (mine, stock) in enumerate(calls, 1))


def _child(kind: type[Lexer], render: Render, text: str) -> Sequence[float]:
    """Return what the calls cost in one child, forked from this process as children are from the zygote."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        collect_rarely()
        taken = []
        for _ in range(CALLS):
            began = time.thread_time()
            render(text, kind(stripnl=False), HtmlFormatter())
            taken.append(time.thread_time() - began)
        os.write(writing, struct.pack(f"{CALLS}d", *taken))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        taken = struct.unpack(f"{CALLS}d", said.read())
    os.waitpid(pid, 0)
    return taken


def prepare(*, read: bool = True) -> None:
    """Be as the zygote is when it has loaded all lexers and, if *read*, read their rules; none of them is warmed."""
    lexers.load_all()
    if read:
        for _ in engine.read_all(kind() for kind in _iter_lexerclasses()):
            pass
    HtmlFormatter()
    engine.highlight("x", next(iter(_iter_lexerclasses()))(), HtmlFormatter())
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--unread"]
    prepare(read="--unread" not in sys.argv)
    wanted = [lexers.find(name, None, None, "") for name in names] or sorted(
        _iter_lexerclasses(), key=lambda kind: kind.name
    )
    rows = []
    for kind in wanted:
        found = excess(kind)
        rows.append((*found, kind.name))
        if names:
            print(kind.name, *(f"{mine * 1e3:.1f}/{stock * 1e3:.1f}" for mine, stock in medians(kind, example(kind))))
    rows.sort(reverse=True)
    print(f"{sum(found[0] > 0 for found in rows)} of {len(rows)} cost more than they may")
    for more, call, mine, stock, name in rows[:60]:
        print(f"{more * 1e3:8.2f} ms over  call {call:2}  {mine * 1e3:8.2f} ms, Pygments {stock * 1e3:8.2f}  {name}")

"""Measures how much faster the engine is than Pygments: language by language, in one process, with real code.

Run alone, it prints its lines of the table: engine.py [ROUNDS].
"""

import gc
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pygments
from peers import Absent, loops
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import find_lexer_class_by_name, get_all_lexers
from report import Row, table
from snippet import snippet

from mergepoint.highlight import engine, lexers
from mergepoint.highlight.engine import lexers as lexers_of_engine

sys.path.append(str(Path(__file__).parents[1]))
from tests.attacks import repetitions
from tests.highlight import examples  # the source release of Pygments has real code in every language
from tests.highlight.engine.compare import within

LANGUAGES = (
    "python javascript typescript java c cpp csharp go rust ruby php html css xml json yaml bash sql swift kotlin"
)
SMALL, LARGE = 2048, 30_000
TEXTS = 8
ROUNDS = 15
SOME = 40  # lexers whose first call is measured


def rows(rounds: int = ROUNDS) -> list[Row]:
    if isinstance(examples.release(), str):
        return [Row("the engine", "skipped", source=str(examples.release()))]
    gc.collect()
    first = first_calls()
    warm = warm_memory()
    small = {language: ratio(language, SMALL, rounds) for language in LANGUAGES.split()}
    large = {language: ratio(language, LARGE, max(rounds // 4, 1)) for language in LANGUAGES.split()}
    return [
        _mean("2 KB", small, 3.0),
        _row("Pygments ÷ engine, the least of the languages", min(small.values()), 1.0),
        _mean("30 KB", large, 3.0),
        after_texts(),
        hostile(),
        first,
        warm,
        *beside(),
    ]


def ratio(language: str, size: int, rounds: int) -> float:
    """Return the time of Pygments divided by ours: for every text the least of *rounds*, in which both take turns."""
    lexer = find_lexer_class_by_name(language)(stripnl=False)
    engine.warm(lexer)
    theirs = ours = 0.0
    for text in _texts(language, size):
        stock, fast = (
            partial(render, text, lexer, HTML[n]) for n, render in enumerate((pygments.highlight, engine.highlight))
        )
        assert stock() == fast()
        taken = [(_seconds(stock), _seconds(fast)) for _ in range(rounds)]
        theirs, ours = theirs + min(pair[0] for pair in taken), ours + min(pair[1] for pair in taken)
    return theirs / ours


HTML = HtmlFormatter(), HtmlFormatter()


def first_calls() -> Row:
    """Measure a first text of 2 KB, in lexers that Pygments has loaded and the engine has not prepared."""
    theirs = ours = 0.0
    names = sorted(aliases[0] for _, aliases, _, _ in get_all_lexers() if aliases)
    for name in names[:: len(names) // SOME]:
        lexer, text = find_lexer_class_by_name(name)(), examples.example(find_lexer_class_by_name(name))[:SMALL]
        pygments.highlight(text, lexer, HTML[0])
        ours += _seconds(lambda text=text, lexer=lexer: engine.highlight(text, lexer, HTML[1]))
        theirs += _seconds(lambda text=text, lexer=lexer: pygments.highlight(text, lexer, HTML[0]))
    value = ours / theirs
    return Row(
        "engine ÷ Pygments, a first call of 2 KB", f"{value:.2f}", "≤ 3.0", value <= 3, f"{SOME} lexers together"
    )


def after_texts(count: int = 200) -> Row:
    """Measure a lexer that was not warmed, after *count* texts."""
    lexers_of_engine._tables.clear()
    lexer = find_lexer_class_by_name("c")()
    text = examples.example(type(lexer))
    for _ in range(count):
        engine.highlight(text, lexer, HTML[1])
    stock, fast = (partial(render, text, lexer, HTML[0]) for render in (pygments.highlight, engine.highlight))
    value = statistics.median(_seconds(stock) / _seconds(fast) for _ in range(ROUNDS))
    return _row(f"Pygments ÷ engine, C, not warmed, after {count} texts of 2 KB", value, 1.5)


def hostile() -> Row:
    """Measure texts of 1 KB of every hostile shape in every twelfth lexer, without those that are slow in Pygments."""
    found = {}
    names = sorted(aliases[0] for _, aliases, _, _ in get_all_lexers() if aliases)[::12]
    for shape, text in repetitions(1000).items():
        ours = theirs = 0.0
        for name in names:
            lexer = find_lexer_class_by_name(name)()
            stock, fast = (partial(render, text, lexer, HTML[0]) for render in (pygments.highlight, engine.highlight))
            if within(0.05, stock) is not None:
                engine.warm(lexer)
                taken = [(_seconds(stock), _seconds(fast)) for _ in range(3)]
                theirs, ours = theirs + min(pair[0] for pair in taken), ours + min(pair[1] for pair in taken)
        found[shape] = theirs / ours
    each = ", ".join(f"{shape} {value:.1f}" for shape, value in found.items())
    return _row("Pygments ÷ engine, hostile texts, the least of the shapes", min(found.values()), 1.0, each)


def warm_memory() -> Row:
    """Measure memory and time of the most used lexers' tables in a process that has loaded all of Pygments."""
    reading, writing = os.pipe()
    if not os.fork():
        lexers.load_all()
        before, began = _resident(), time.perf_counter()
        list(lexers.warm_most_used())
        os.write(writing, f"{before} {_resident()} {time.perf_counter() - began}".encode())
        os._exit(0)
    os.wait()
    before, after, took = map(float, os.read(reading, 100).split())
    count = len(lexers.MOST_USED.split())
    source = f"{before:.0f} → {after:.0f} MB resident in {took:.1f} s, shared by all children"
    return Row(f"memory of {count} warm lexers", f"{after - before:.0f} MB", source=source)


def beside() -> list[Row]:
    """Measure other highlighters, each in a loop, with the same 2 KB of Python."""
    lexer, text = find_lexer_class_by_name("python")(stripnl=False), snippet()
    engine.warm(lexer)
    times = {
        "Pygments": _median(lambda: pygments.highlight(text, lexer, HTML[0])),
        "the engine": _median(lambda: engine.highlight(text, lexer, HTML[1])),
    }
    try:
        times |= loops(text)
        skipped = []
    except Absent as reason:
        skipped = [Row("other highlighters in one process", "skipped", source=str(reason))]
    what = "2 KB of Python in one process, "
    return [
        _row("Pygments ÷ engine, the same 2 KB", times["Pygments"] / times["the engine"], 6.0),
        *(Row(what + name, f"{seconds * 1e3:.2f} ms", source="median") for name, seconds in times.items()),
        *skipped,
    ]


def _texts(language: str, size: int) -> Iterator[str]:
    """Yield up to TEXTS pieces of *size* characters; if the release has less code, it is repeated."""
    lexer = find_lexer_class_by_name(language)
    if language == "python":  # the release has little of it
        code = "".join(path.read_text(errors="replace") for path in sorted(Path(os.__file__).parent.glob("[a-d]*.py")))
    else:
        code = "".join(examples.texts_of(lexer)) or examples.example(lexer)
    while len(code) < size:
        code += code
    step = max(size, len(code) // TEXTS)
    yield from (code[start : start + size] for start in range(0, len(code) - size + 1, step)[:TEXTS])


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _median(work: Callable[[], object], calls: int = 300) -> float:
    return statistics.median(_seconds(work) for _ in range(calls))


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _mean(size: str, ratios: dict[str, float], at_least: float) -> Row:
    each = ", ".join(f"{language} {value:.1f}" for language, value in ratios.items())
    mean = math.exp(statistics.fmean(map(math.log, ratios.values())))
    return _row(f"Pygments ÷ engine, geometric mean of {len(ratios)} languages, {size}", mean, at_least, each)


def _row(what: str, value: float, at_least: float, source: str = "") -> Row:
    return Row(what, f"{value:.2f}", f"≥ {at_least}", value >= at_least, source)


if __name__ == "__main__":
    print(table(rows(*map(int, sys.argv[1:]))), end="")

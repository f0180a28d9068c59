"""What the engine costs: it is faster where it is warm, hardly slower where it is not, and never slow for long."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pygments
import pytest
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import find_lexer_class_by_name, get_all_lexers

from mergepoint.highlight import engine
from mergepoint.highlight import lexers as finding
from mergepoint.highlight.engine import lexers, tables
from tests.attacks import repetitions
from tests.highlight.engine.compare import within
from tests.highlight.examples import example

LANGUAGES = [
    "python",
    "javascript",
    "java",
    "c",
    "cpp",
    "go",
    "rust",
    "ruby",
    "php",
    "html",
    "css",
    "xml",
    "yaml",
    "sql",
]
HOSTILE = sorted(aliases[0] for _, aliases, _, _ in get_all_lexers() if aliases)[::12]
clock = time.thread_time


def seconds(work: Callable[[], Any], rounds: int = 5) -> float:
    """Return the least that *work* took; others share the machine."""
    taken = []
    for _ in range(rounds):
        began = clock()
        work()
        taken.append(clock() - began)
    return min(taken)


def rendering(render: Any, text: str, lexer: Any) -> Callable[[], Any]:
    return partial(render, text, lexer, HtmlFormatter())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_warm_lexer_is_faster_than_pygments(language: str) -> None:
    lexer = find_lexer_class_by_name(language)()
    engine.warm(lexer)
    code = example(type(lexer))
    ours, theirs = (seconds(rendering(render, code, lexer)) for render in (engine.highlight, pygments.highlight))
    assert ours < theirs


@pytest.mark.patient
def test_a_first_text_takes_at_most_three_times_as_long() -> None:
    """Over many lexers together, since some take a tenth of a millisecond."""
    ours = theirs = 0.0
    for language in HOSTILE:
        lexer = find_lexer_class_by_name(language)()
        code = example(type(lexer))[:2048]
        theirs += seconds(rendering(pygments.highlight, code, lexer), 1)
        ours += seconds(rendering(engine.highlight, code, lexer), 1)
    assert ours < 3 * theirs


@pytest.mark.patient
def test_tables_are_made_as_texts_are_read() -> None:
    """A first text makes none; then each text makes some, until none is borrowed and all is several times as fast."""
    lexer = find_lexer_class_by_name("c")()
    lexer_tables = lexers.tables_of(lexer)
    code = example(type(lexer))
    engine.highlight(code, lexer, HtmlFormatter())
    assert not lexer_tables._matches
    for _ in range(200):
        engine.highlight(code, lexer, HtmlFormatter())
    assert lexer_tables._matches
    assert not lexer_tables.borrowed
    ours, theirs = (seconds(rendering(render, code, lexer)) for render in (engine.highlight, pygments.highlight))
    assert ours < theirs / 1.5


@pytest.mark.parametrize("shape", repetitions(0))
def test_hostile_text_takes_no_longer_than_with_pygments(shape: str) -> None:
    """Over many lexers together; those that Pygments itself is slow on are left out."""
    text = repetitions(1000)[shape]
    ours = theirs = 0.0
    for language in HOSTILE:
        lexer = find_lexer_class_by_name(language)()
        stock, fast = (rendering(render, text, lexer) for render in (pygments.highlight, engine.highlight))
        took = within(0.05, lambda stock=stock: seconds(stock, 1))
        if took is not None:
            theirs += took
            fast()  # makes tables
            ours += seconds(fast, 2)
    assert ours < theirs


def test_the_most_used_are_warmed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed: list[str] = []
    monkeypatch.setattr(engine, "warm", lambda lexer: warmed.append(lexer.aliases[0]))
    for count, language in enumerate(finding.warm_most_used(), 1):
        assert len(warmed) == count
        assert language == finding.MOST_USED.split()[count - 1]
    assert len(warmed) == 30


def test_a_warm_lexer_makes_no_more_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    lexer = find_lexer_class_by_name("ruby")()
    engine.warm(lexer)

    def fail(*_: Any) -> None:
        raise AssertionError("a step was made")

    monkeypatch.setattr(tables.Tables, "_make", fail)
    code = example(type(lexer)) + "".join(map(chr, range(300)))
    assert engine.highlight(code, lexer, HtmlFormatter()) == pygments.highlight(code, lexer, HtmlFormatter())


def test_every_language_that_is_warmed_is_known() -> None:
    assert len({finding.find(language, None, None, "") for language in finding.MOST_USED.split()}) == 30

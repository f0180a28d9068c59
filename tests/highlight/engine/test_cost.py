"""What the engine costs: less where it is warm, hardly more where it is not, and never much for long.

Cost is counted in calls, which no other program changes. Seconds are for `make bench`, and here for many together.
"""

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
from tests.calls import Work, calls, times_as_long
from tests.highlight.engine.compare import within
from tests.highlight.examples import example
from tests.long import some

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
PER_TEXT = 50  # calls before the first token, at most


def renderings(text: str, lexer: Any) -> tuple[Work, Work]:
    """Return what renders *text* our way and Pygments' way."""
    return tuple(partial(render, text, lexer, HtmlFormatter()) for render in (engine.highlight, pygments.highlight))


def warm(language: str) -> tuple[Work, Work]:
    lexer = find_lexer_class_by_name(language)()
    engine.warm(lexer)
    ours, theirs = renderings(example(type(lexer)), lexer)
    assert ours() == theirs()
    return ours, theirs


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_warm_lexer_does_less_than_pygments(language: str) -> None:
    ours, theirs = warm(language)
    cost, stock = calls(ours), calls(theirs)
    assert cost.total() < stock.total()
    assert cost["match"] < stock["match"]


@pytest.mark.long
def test_warm_lexers_are_faster_than_pygments() -> None:
    """All together, since one alone may be unlucky; `make bench` has each."""
    assert times_as_long(*map(warm, LANGUAGES)) < 1


@pytest.mark.patient
def test_a_first_text_takes_at_most_three_times_as_much() -> None:
    """Over many lexers together, since some do next to nothing."""
    ours = theirs = 0
    for language in HOSTILE:
        lexer = find_lexer_class_by_name(language)()
        fast, stock = renderings(example(type(lexer))[:2048], lexer)
        theirs += calls(stock).total()
        ours += calls(fast).total()
    assert ours < 3 * theirs


@pytest.mark.patient
def test_tables_are_made_as_texts_are_read() -> None:
    """A first text makes none; then each text makes some, until none is borrowed and all is several times as cheap."""
    lexer = find_lexer_class_by_name("c")()
    lexer_tables = lexers.tables_of(lexer)
    ours, theirs = renderings(example(type(lexer)), lexer)
    ours()
    assert not lexer_tables._matches
    for _ in range(200):
        ours()
    assert lexer_tables._matches
    assert not lexer_tables.borrowed
    assert calls(ours).total() < calls(theirs).total() / 1.5


def hostile(shape: str, step: int = 1) -> list[tuple[Work, Work]]:
    """Return renderings of *shape* by many lexers; those that Pygments itself is slow on are left out."""
    lexers = (find_lexer_class_by_name(language)() for language in HOSTILE[::step])
    pairs = [renderings(repetitions(1000)[shape], lexer) for lexer in lexers]
    found = [(ours, theirs) for ours, theirs in pairs if within(0.05, theirs) is not None]
    for ours, _ in found:
        ours()  # makes tables
    return found


@pytest.mark.parametrize("shape", some(repetitions(0), always={"quotes and backslashes", "indented lines", "names"}))
def test_hostile_text_takes_no_more_than_with_pygments(shape: str) -> None:
    pairs = hostile(shape)
    assert len(pairs) > len(HOSTILE) / 2
    for ours, theirs in pairs:
        cost, stock = calls(ours), calls(theirs)
        assert cost.total() <= stock.total() + PER_TEXT
        assert cost["match"] <= stock["match"]


@pytest.mark.long
def test_hostile_texts_take_no_longer_than_with_pygments() -> None:
    """All together: to try a pattern may cost more than it did, which calls do not tell."""
    assert times_as_long(*(pair for shape in repetitions(0) for pair in hostile(shape, 3))) < 1


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

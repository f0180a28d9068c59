"""Every lexer of Pygments gives the same tokens and the same HTML through the engine: over real code, over Pygments'
own test snippets, over generated text."""

import random
from functools import cache, partial
from typing import Any

import pygments
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import find_lexer_class, get_all_lexers

from mergepoint.highlight.engine import accelerate, highlight, lexers
from tests.fuzzing import fuzz
from tests.highlight.engine.compare import check, patterns
from tests.highlight.engine.fragments import ANY, text_for
from tests.highlight.examples import example, texts_of

NAMES = sorted(name for name, *_ in get_all_lexers())
EACH = [pytest.param(name, marks=[] if number % 12 == 0 else pytest.mark.long) for number, name in enumerate(NAMES)]
GENERATED = fuzz(300)
SHORT = ["", "\n", "x", "\0", "\r", "\r\n\r", " ", "\n\n ", "ſ\u212a", "\ufeff<&>", "é中", "'", "\\", "#", "\t{\n"]


@cache
def lexer_class(name: str) -> Any:
    return find_lexer_class(name)


@cache
def patterns_of(name: str) -> list[Any]:
    return list(dict.fromkeys(patterns(lexer_class(name)())))


@pytest.mark.parametrize("name", EACH)
def test_real_code_and_short_texts(name: str) -> None:
    kind = lexer_class(name)
    code = example(kind)
    check(kind, code)
    check(partial(kind, stripnl=False), code[: len(code) // 3])
    for text in SHORT:
        check(partial(kind, stripnl=False, ensurenl=False), text)


@pytest.mark.parametrize("name", EACH)
def test_snippets_of_pygments(name: str) -> None:
    lexer, formatter = lexer_class(name)(), HtmlFormatter()
    for text in texts_of(lexer_class(name)):
        if len(text) < 1000:
            assert highlight(text, lexer, formatter) == pygments.highlight(text, lexer, HtmlFormatter())


@GENERATED
@given(st.sampled_from(NAMES), st.randoms(use_true_random=True))
def test_fragments_of_every_pattern(name: str, draw: random.Random) -> None:
    kind = lexer_class(name)
    text = text_for(patterns_of(name), example(kind), draw)
    check(partial(kind, stripnl=False, ensurenl=draw.random() < 0.5), text)


@GENERATED
@given(st.sampled_from(NAMES), st.lists(st.sampled_from(ANY)))
def test_any_text(name: str, parts: list[str]) -> None:
    check(partial(lexer_class(name), stripnl=False), "".join(parts))


@GENERATED
@given(st.sampled_from(NAMES), st.randoms(use_true_random=True))
def test_every_state(name: str, draw: random.Random) -> None:
    kind = lexer_class(name)
    if kind.get_tokens_unprocessed is lexers.RegexLexer.get_tokens_unprocessed:
        state = draw.choice(list(kind()._tokens))
        check(kind, text_for(patterns_of(name), example(kind), draw), ("root", state))


@pytest.mark.patient
def test_before_and_while_tables_are_made() -> None:
    """As a program meets it: nothing is warm, and calls pay for the tables of the next."""
    for name in ("Python", "C++", "HTML", "Ruby", "YAML", "PHP", "Bash", "Markdown"):
        code = example(lexer_class(name)) * 3
        for size in range(1, len(code), 1024):
            check(lexer_class(name), code[:size])
        assert accelerate(lexer_class(name)()).options == {}


def test_after_warming() -> None:
    for name in ("Python", "C++", "HTML", "Ruby", "YAML", "PHP", "JavaScript"):
        lexers.warm(lexer_class(name)())
        check(lexer_class(name), example(lexer_class(name)))
        check(lexer_class(name), "".join(ANY))

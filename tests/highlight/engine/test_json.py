"""JSON, which Pygments reads with a loop of its own, gives the same tokens whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers.data import JsonBareObjectLexer, JsonLdLexer, JsonLexer

from mergepoint.highlight.engine import accelerate
from mergepoint.highlight.engine.jsonlike import Json
from tests.fuzzing import fuzz
from tests.highlight.engine.compare import check, tokens

PARTS = [*'{}[],:"/*-+.eEut0a \n\t\r\0\x0bé', '"k"', "\\", "\\u", "\\u12", '\\"', "\\u00e9", "//", "/*", "*/"]
PARTS += ["-12", "2.5e+3", "true", "nul", '"a\\nb":', "/*c*/", "//d\n", "[[", "]}"]


@pytest.mark.parametrize("kind", [JsonLexer, JsonLdLexer, JsonBareObjectLexer])
@fuzz(1000)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=20))
def test_any_text(kind: type[JsonLexer], parts: list[str]) -> None:
    text = "".join(parts)
    assert tokens(accelerate(kind()), text) == tokens(kind(), text)


def test_it_is_read_by_the_engine() -> None:
    assert isinstance(accelerate(JsonLexer()), Json)


def test_other_numbers_are_left_to_pygments() -> None:
    class Hexadecimal(JsonLexer):
        integers = JsonLexer.integers | set("abcdef")

    check(Hexadecimal, '{"a": 12ab, "b": -0f}')

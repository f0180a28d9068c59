"""The sample that is compared before all tests would tell."""

import pytest
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import RegexLexer

from mergepoint.highlight import engine
from tests.highlight.engine.sample import disagreement


def test_it_agrees() -> None:
    assert disagreement() == ""


def test_another_loop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = RegexLexer.get_tokens_unprocessed

    def joined(self: RegexLexer, text: str, stack: tuple[str, ...] = ("root",)) -> list[object]:
        return [(index, kind, value.upper()) for index, kind, value in loop(self, text, stack)]

    monkeypatch.setattr(RegexLexer, "get_tokens_unprocessed", joined)
    assert "python" in disagreement()


def test_another_formatter_is_told_and_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then Pygments writes, so that nothing is wrong but the speed."""
    engine._is_known.cache_clear()
    monkeypatch.setattr(HtmlFormatter, "_translate_parts", lambda self, value: value.split("\n"))
    assert not engine._is_known()
    assert disagreement() == ""
    engine._is_known.cache_clear()

"""The service uses the engine, unless HIGHLIGHT_ENGINE=pygments says otherwise; its answers are the same."""

from typing import Any

import pytest
from pydantic import ValidationError
from pygments.formatters.html import HtmlFormatter

from mergepoint.highlight import core, engine
from mergepoint.highlight.config import Settings
from mergepoint.highlight.engine import writer
from mergepoint.highlight.options import HighlightOptions
from mergepoint.highlight.service import describe
from mergepoint.kit.config import load
from mergepoint.kit.dispatch import Function

CODE = HighlightOptions(code="def f(x): return '<&>'\n", language="python")


def test_the_variable_chooses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert Settings().engine == "fast"
    monkeypatch.setenv("HIGHLIGHT_ENGINE", "pygments")
    assert load(Settings).engine == "pygments"
    monkeypatch.setenv("HIGHLIGHT_ENGINE", "slow")
    with pytest.raises(ValidationError):
        Settings()
    with pytest.raises(SystemExit):
        load(Settings)
    assert "HIGHLIGHT_ENGINE='slow'" in capsys.readouterr().err


def highlight_with(engine: str) -> Function:
    return describe(Settings(engine=engine)).functions["highlight"]


def test_off_it_is_not_even_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [highlight_with(name)(CODE) for name in ("fast", "pygments")]
    assert answers[0] == answers[1]

    def fail(*_: Any) -> None:
        raise AssertionError("the engine was asked")

    monkeypatch.setattr(engine, "write", fail)
    assert highlight_with("pygments")(CODE) == answers[0]
    with pytest.raises(AssertionError, match="was asked"):
        highlight_with("fast")(CODE)


def test_the_library_takes_another_renderer() -> None:
    seen = []

    def render(code: str, lexer: Any, formatter: Any) -> str:
        seen.append(type(formatter))
        return engine.highlight(code, lexer, formatter)

    assert core.highlight("x", "python", render=render).text == core.highlight("x", "python").text
    assert seen == [HtmlFormatter]
    assert writer.written[writer.LINE_END][0] == 0

"""HTML is written as Pygments' formatter writes it, whatever it is told; other formatters get the same tokens."""

import io
from collections.abc import Iterable
from typing import Any

import pygments
import pytest
from pygments.filters import VisibleWhitespaceFilter
from pygments.formatter import Formatter
from pygments.formatters import BBCodeFormatter, HtmlFormatter, LatexFormatter, NullFormatter, SvgFormatter
from pygments.lexers import CppLexer, HtmlPhpLexer, PythonLexer, TextLexer
from pygments.lexers.special import RawTokenLexer
from pygments.token import Token

from mergepoint.highlight.engine import highlight, writer
from tests.highlight.examples import example

OPTIONS: list[dict[str, Any]] = [
    {},
    {"nowrap": True},
    {"full": True, "title": "<&>", "linenos": True},
    {"linenos": "inline", "linenostep": 3, "linenospecial": 2, "lineanchors": "a", "anchorlinenos": True},
    {"linenos": "table", "hl_lines": [1, 3], "linespans": "s", "filename": "x.py"},
    {"hl_lines": [2, 3], "lineseparator": "<br>"},
    {"lineseparator": "\r\n", "wrapcode": True},
    {"linespans": "line", "lineseparator": ""},
    {"noclasses": True, "style": "monokai"},
    {"classprefix": "x-"},
    {"debug_token_types": True},
    {"cssclass": "c", "cssstyles": "a: b", "prestyles": "c: d", "nobackground": True, "encoding": "utf-16"},
]
TEXTS = ["", "\n", "x", "x = '''<&>\n\n\"y\"'''  \n\n# é\r\nz", "\n\n  \n", "a\x85b\u2028c\x0cd\n"]
LEXERS = [PythonLexer, CppLexer, HtmlPhpLexer, TextLexer]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options) or "plain")
@pytest.mark.parametrize("kind", LEXERS)
def test_every_option_of_the_formatter(kind: Any, options: dict[str, Any]) -> None:
    for lexer_options in ({}, {"stripnl": False, "ensurenl": False}, {"stripall": True, "tabsize": 2}):
        for text in [*TEXTS, example(kind)]:
            lexer = kind(**lexer_options)
            theirs = pygments.highlight(text, lexer, HtmlFormatter(**options))
            assert highlight(text, lexer, HtmlFormatter(**options)) == theirs


@pytest.mark.parametrize("formatter", [BBCodeFormatter, LatexFormatter, NullFormatter, SvgFormatter])
def test_every_formatter(formatter: Any) -> None:
    code = example(PythonLexer)
    assert highlight(code, PythonLexer(), formatter()) == pygments.highlight(code, PythonLexer(), formatter())


def test_a_formatter_that_extends_pygments_is_asked_itself() -> None:
    class Shouting(HtmlFormatter):
        def _get_css_classes(self, ttype: Any) -> str:
            return str(super()._get_css_classes(ttype)).upper()

    assert '<span class="KN">import</span>' in highlight("import x", PythonLexer(), Shouting())
    patched = HtmlFormatter()
    patched._get_css_classes = lambda ttype: "mine"
    assert '<span class="mine">import x</span>' in highlight("import x", PythonLexer(), patched)
    opening = HtmlFormatter()
    opening.span_element_openers[Token.Name] = "<b>"
    assert "<b>x" in highlight("import x\nx", PythonLexer(), opening)


def test_filters_see_every_token() -> None:
    lexer = PythonLexer(filters=[VisibleWhitespaceFilter(spaces=True, newlines=True)])
    code = example(PythonLexer)
    assert "·" in highlight(code, lexer, HtmlFormatter())
    assert highlight(code, lexer, HtmlFormatter()) == pygments.highlight(code, lexer, HtmlFormatter())


def test_the_same_formatter_writes_text_after_text() -> None:
    formatter = HtmlFormatter()
    for kind in (PythonLexer, RawTokenLexer, CppLexer, PythonLexer):
        theirs = pygments.highlight(example(kind), kind(), HtmlFormatter())
        assert highlight(example(kind), kind(), formatter) == theirs
    assert not formatter.span_element_openers, "or the next text would be written slowly"


def test_bytes_files_and_mistakes_are_those_of_pygments() -> None:
    file = io.StringIO()
    assert highlight("é".encode("latin-1"), PythonLexer(), HtmlFormatter(), file) is None
    assert file.getvalue() == pygments.highlight("é", PythonLexer(), HtmlFormatter())
    with pytest.raises(UnicodeDecodeError):
        highlight(b"\xff", PythonLexer(encoding="ascii"), HtmlFormatter(), unwritten := io.StringIO())
    assert unwritten.getvalue() == ""
    for lexer, formatter in ((PythonLexer, HtmlFormatter()), (PythonLexer(), HtmlFormatter), (None, HtmlFormatter())):
        complaints = []
        for render in (highlight, pygments.highlight):
            with pytest.raises((TypeError, AttributeError)) as raised:
                render("x", lexer, formatter)
            complaints.append(str(raised.value))
        assert complaints[0] == complaints[1]


def test_types_without_end_are_left_to_pygments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lexer may make types of what it reads; joints between all of them would take all memory."""
    raw = "".join(f"Token.Made{number}\t'x'\n" for number in range(writer.CLASSES + 50)) + "Token.Name\t'y'\n"
    monkeypatch.setattr(writer, "written", type(writer.written)())
    writer.written[writer.LINE_END]
    theirs = pygments.highlight(raw, RawTokenLexer(), HtmlFormatter())
    assert "-Made500" in theirs
    formatter = HtmlFormatter()
    assert highlight(raw, RawTokenLexer(), formatter) == theirs
    assert len(writer.written.classes) <= writer.CLASSES
    assert not formatter.span_element_openers


def test_a_formatter_that_gets_tokens_gets_pygments_own() -> None:
    class Keeping(Formatter):
        def format(self, tokensource: Iterable[Any], outfile: Any) -> None:
            self.kept = list(tokensource)

    ours, theirs = Keeping(), Keeping()
    highlight(example(CppLexer), CppLexer(), ours)
    pygments.highlight(example(CppLexer), CppLexer(), theirs)
    assert ours.kept == theirs.kept

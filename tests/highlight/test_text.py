"""The text of the answer is the text sent, in every language and format; where Pygments changes it, it is named."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import accumulate, product
from xml.etree import ElementTree

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import find_lexer_class, get_all_lexers

from mergepoint.highlight.options import HighlightOptions
from tests.fuzzing import fuzz
from tests.highlight.nearby import tasks_in

Ask = Callable[..., str]

LANGUAGES = sorted({name for name, *_ in get_all_lexers()})  # a plug-in may have a name twice
# Pygments' own doing: the first reads its own format of tokens, the second drops and pads what is between cells.
CHANGED_BY_PYGMENTS = {"Raw token data", "RobotFramework"}
LINENOS = ("none", "inline", "table")
HTML_FORMS = [{"css": css, "linenos": linenos} for css, linenos in product(("classes", "inline"), LINENOS)]
# What a text is made of here: what breaks lines, what is stripped, what lexers look for, and anything at all.
BREAKS = ["\n", "\r\n", "\r", "\n\n", "\n\r", "\v", "\f", "\x1c", "\x85", "\u2028"]
SPACES = [" ", "\t", "   ", "\u00a0", "\u3000", "\ufeff", "\u200b"]
WORDS = ["if", "x", "def f", "1.5", "</a>", "<!--", "-->", "<?php", "{{", "%}", "*/", "//", "#", '"', "'", "\\", "&lt;"]
ODD = ["\0", "\x07", "\x7f", "e\u0301", "\u0301", "\U0001f600", "\U000e0001", "\ufffe", "\uffff"]
PIECES = st.sampled_from(BREAKS) | st.sampled_from(SPACES) | st.sampled_from(WORDS) | st.sampled_from(ODD)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
TEXTS = st.lists(PIECES | ANYTHING, max_size=24).map("".join)
SOME = fuzz(400)
SPACE = "[ \t\u00a0]"
HARD = "\ufeff\n\n \t x\r\ny\rz\0 é e\u0301 \U0001f600 <&amp;>\"' \u2028\x85\f\u00a0\tif\n\n}\t \r\n\n  "


def promised(code: str, language: str) -> str:
    """Return *code* as the answer has it: no byte order mark, line feeds, one at the end; or as Pygments has it."""
    if language in CHANGED_BY_PYGMENTS:
        lexer = find_lexer_class(language)
        assert lexer
        return "".join(value for _, value in lexer(stripnl=False).get_tokens(code))
    text = code.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


@pytest.fixture(scope="module")
def ask(app: Flask) -> Ask:
    """Highlight as the service does: in the sandbox, and degraded if that takes too long."""
    highlight = tasks_in(app.extensions["sandbox"])["highlight"]

    def ask(code: str, language: str, **options: str) -> str:
        return highlight(HighlightOptions(code=code, language=language, **options)).body.decode()

    return ask


class PreText(HTMLParser):
    """Collects what is in <pre>, but for line numbers, which are in elements of their own."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.text = ""
        self._open: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        numbers = any(key == "class" and value == "linenos" for key, value in attributes)
        numbers |= any(key == "style" and "padding-left" in str(value) for key, value in attributes)
        self._open.append("number" if numbers else tag)

    def handle_endtag(self, _: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "pre" in self._open and "number" not in self._open:
            self.text += data


def without(pattern: str, text: str) -> str:
    return re.sub(pattern, "", text)


class TestHtml:
    @pytest.mark.parametrize("form", HTML_FORMS, ids=lambda form: f"{form['css']}-{form['linenos']}")
    @SOME
    @given(language=st.sampled_from(LANGUAGES), code=TEXTS)
    def test_any_text(self, ask: Ask, form: dict[str, str], language: str, code: str) -> None:
        assert PreText(ask(code, language, **form)).text == promised(code, language)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_language(self, ask: Ask, language: str) -> None:
        form = HTML_FORMS[LANGUAGES.index(language) % len(HTML_FORMS)]
        assert PreText(ask(HARD, language, **form)).text == promised(HARD, language)

    @SOME
    @given(language=st.sampled_from(LANGUAGES), code=TEXTS)
    def test_without_wrapping(self, ask: Ask, language: str, code: str) -> None:
        assert PreText(f"<pre>{ask(code, language, nowrap='1')}</pre>").text == promised(code, language)


class TestJson:
    @staticmethod
    def check(ask: Ask, language: str, code: str) -> None:
        tokens = json.loads(ask(code, language, format="json"))["tokens"]
        text = "".join(token["text"] for token in tokens)
        assert text == promised(code, language)
        ends = list(accumulate(len(token["text"]) for token in tokens))
        assert [token["start"] for token in tokens] == [0, *ends][: len(tokens)]

    @SOME
    @given(language=st.sampled_from(LANGUAGES), code=TEXTS)
    def test_any_text(self, ask: Ask, language: str, code: str) -> None:
        self.check(ask, language, code)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_language(self, ask: Ask, language: str) -> None:
        self.check(ask, language, HARD)

    def test_start_counts_code_points(self, ask: Ask) -> None:
        tokens = json.loads(ask("\U0001f600 = e\u0301\n", "text", format="json"))["tokens"]
        assert tokens == [{"type": "Text", "text": "\U0001f600 = e\u0301\n", "start": 0}]
        tokens = json.loads(ask("# \U0001f600e\u0301\nx", "python", format="json"))["tokens"]
        assert [token["start"] for token in tokens] == [0, 5, 6, 7]


class TestSvg:
    """Spaces and tabs are drawn, not kept; what XML has no way to write (1.0, section 2.2) is drawn as a picture."""

    @staticmethod
    def check(ask: Ask, language: str, code: str) -> None:
        root = ElementTree.fromstring(ask(code, language, format="svg"))
        lines = ["".join(line.itertext()) for line in root.iter("{http://www.w3.org/2000/svg}text")]
        wanted = promised(code, language).replace("\r", "\n")  # as a parser does: section 2.11
        wanted = re.sub("[\x00-\x08\v\f\x0e-\x1f]", lambda match: chr(0x2400 + ord(match[0])), wanted)
        wanted = re.sub("[\ufffe\uffff]", "\ufffd", wanted)
        assert without(SPACE, "\n".join(lines)) == without(SPACE, wanted)

    @SOME
    @given(language=st.sampled_from(LANGUAGES), code=TEXTS)
    def test_any_text(self, ask: Ask, language: str, code: str) -> None:
        self.check(ask, language, code)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_language(self, ask: Ask, language: str) -> None:
        self.check(ask, language, HARD)


class TestMarkedText:
    """Formats that put marks into the text as it is: told apart here for texts that have none themselves."""

    @SOME
    @given(language=st.sampled_from(LANGUAGES), code=TEXTS)
    def test_bbcode(self, ask: Ask, language: str, code: str) -> None:
        code = code.replace("[", "(")
        text = without(r"\[/?(?:b|i|u|color)(?:=[^]]*)?\]", ask(code, language, format="bbcode"))
        assert text == promised(code, language)

    @pytest.mark.parametrize("form", ["terminal", "terminal256", "terminal16m"])
    @SOME
    @given(language=st.sampled_from(LANGUAGES), code=TEXTS)
    def test_terminal(self, ask: Ask, form: str, language: str, code: str) -> None:
        code = code.replace("\x1b", "")
        text = without("\x1b\\[[0-9;]*m", ask(code, language, format=form))
        assert text == promised(code, language)

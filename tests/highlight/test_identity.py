"""The HTML is Pygments' own, byte for byte, in every language."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pygments
import pytest
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name, get_all_lexers
from pygments.styles import get_all_styles

from mergepoint.highlight import lexers, tasks
from mergepoint.highlight.options import HighlightOptions
from tests.highlight.examples import LEAST, example, has_example
from tests.servers import Connection, Gunicorn

ALIASES = sorted(aliases[0] for _, aliases, _, _ in get_all_lexers() if aliases)
THROUGH_HTTP = ALIASES[::10]
# The same layout in our words and in those of Pygments.
LAYOUTS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({}, {}),
    ({"css": "inline"}, {"noclasses": True}),
    ({"linenos": "table"}, {"linenos": "table"}),
    ({"linenos": "inline"}, {"linenos": "inline"}),
    ({"linenos": "table", "linenostart": "98"}, {"linenos": "table", "linenostart": 98}),
    ({"linenos": "inline", "linenostep": "5"}, {"linenos": "inline", "linenostep": 5}),
    ({"linenos": "table", "linenostep": "3"}, {"linenos": "table", "linenostep": 3}),
    ({"hl_lines": "1,3-5"}, {"hl_lines": [1, 3, 4, 5]}),
    ({"hl_lines": "2-999", "css": "inline"}, {"hl_lines": list(range(2, 1000)), "noclasses": True}),
    ({"anchors": "L"}, {"lineanchors": "L"}),
    ({"linespans": "line"}, {"linespans": "line"}),
    ({"wrapcode": "1"}, {"wrapcode": True}),
    ({"cssclass": "my_code-1"}, {"cssclass": "my_code-1"}),
    ({"classprefix": "hl-", "hl_lines": "2"}, {"classprefix": "hl-", "hl_lines": [2]}),
    ({"anchorlinenos": "1"}, {"anchorlinenos": True}),
    (
        {"anchorlinenos": "1", "linenos": "table", "anchors": "a"},
        {"anchorlinenos": True, "linenos": "table", "lineanchors": "a"},
    ),
    (
        {"anchorlinenos": "1", "linenos": "inline", "linespans": "s", "linenostep": "2"},
        {"anchorlinenos": True, "linenos": "inline", "linespans": "s", "linenostep": 2},
    ),
    (
        {
            "cssclass": "c",
            "classprefix": "p_",
            "wrapcode": "1",
            "linespans": "s",
            "anchors": "a",
            "linenos": "table",
            "hl_lines": "1-2",
            "linenostart": "5",
        },
        {
            "cssclass": "c",
            "classprefix": "p_",
            "wrapcode": True,
            "linespans": "s",
            "lineanchors": "a",
            "linenos": "table",
            "hl_lines": [1, 2],
            "linenostart": 5,
        },
    ),
    (
        {"cssclass": "c", "classprefix": "p_", "wrapcode": "1", "linespans": "s", "css": "inline"},
        {"cssclass": "c", "classprefix": "p_", "wrapcode": True, "linespans": "s", "noclasses": True},
    ),
    ({"nowrap": "1"}, {"nowrap": True}),
    ({"nowrap": "1", "css": "inline"}, {"nowrap": True, "noclasses": True}),
    ({"style": "monokai", "css": "inline"}, {"style": "monokai", "noclasses": True}),
    (
        {"linenos": "table", "css": "inline", "style": "gruvbox-dark", "hl_lines": "2"},
        {"linenos": "table", "noclasses": True, "style": "gruvbox-dark", "hl_lines": [2]},
    ),
    (
        {"linenos": "inline", "css": "inline", "anchors": "a-b", "linenostart": "0"},
        {"linenos": "inline", "noclasses": True, "lineanchors": "a-b", "linenostart": 0},
    ),
    (
        {"linenos": "table", "linenostart": "7", "linenostep": "2", "anchors": "x", "hl_lines": "1"},
        {"linenos": "table", "linenostart": 7, "linenostep": 2, "lineanchors": "x", "hl_lines": [1]},
    ),
]


def layouts_for(number: int) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Return the plain layout and two more; with all languages every layout has its turn many times."""
    return [LAYOUTS[0], *(LAYOUTS[1 + (2 * number + step) % (len(LAYOUTS) - 1)] for step in range(2))]


def pygments_html(code: str, lexer: type[Lexer], options: dict[str, Any]) -> bytes:
    html: str = pygments.highlight(code, lexer(stripnl=False), HtmlFormatter(**options))
    return html.encode()


def our_html(code: str, language: str, options: dict[str, str]) -> bytes:
    return tasks.highlight(HighlightOptions(code=code, language=language, **options)).body


@pytest.mark.parametrize("language", ALIASES)
def test_every_language(language: str) -> None:
    lexer = find_lexer_class_by_name(language)
    code = example(lexer)
    assert len(code) >= LEAST
    for ours, theirs in layouts_for(ALIASES.index(language)):
        assert our_html(code, language, ours) == pygments_html(code, lexer, theirs), ours


@pytest.mark.parametrize("language", ["python", "html+php", "markdown", "text"])
def test_every_layout(language: str) -> None:
    lexer = find_lexer_class_by_name(language)
    code = "\n\n" + example(lexer)
    for ours, theirs in LAYOUTS:
        assert our_html(code, language, ours) == pygments_html(code, lexer, theirs), ours


@pytest.mark.parametrize("style", sorted(get_all_styles()))
def test_every_style(style: str) -> None:
    lexer = find_lexer_class_by_name("ruby")
    code = example(lexer)
    assert our_html(code, "ruby", {"style": style}) == pygments_html(code, lexer, {"style": style})
    inline = {"style": style, "css": "inline", "linenos": "inline"}
    theirs = {"style": style, "noclasses": True, "linenos": "inline"}
    assert our_html(code, "ruby", inline) == pygments_html(code, lexer, theirs)


@pytest.mark.parametrize("code", ["", "\n", "\n\n\n", "x", "  x  ", "\n\nx\n\n", "a\tb\r\nc\rd", "\0\ufeff<&>\"'"])
def test_short_texts(code: str) -> None:
    lexer = find_lexer_class_by_name("python")
    for ours, theirs in LAYOUTS:
        assert our_html(code, "python", ours) == pygments_html(code, lexer, theirs), ours


@pytest.fixture(scope="module")
def connection(highlight_server: Gunicorn) -> Iterator[Connection]:
    connection = highlight_server.connect()
    yield connection
    connection.close()


@pytest.mark.parametrize("language", THROUGH_HTTP)
def test_through_http(language: str, connection: Connection) -> None:
    lexer = find_lexer_class_by_name(language)
    code = example(lexer)
    for ours, theirs in layouts_for(ALIASES.index(language)):
        answer = connection.request("POST", f"/highlight?{urlencode({**ours, 'language': language})}", code.encode())
        assert answer.status == 200
        assert answer.headers["Mergepoint-Degraded"] is None
        assert answer.body == pygments_html(code, lexer, theirs), ours


def test_every_alias_means_what_pygments_means_by_it() -> None:
    for _, aliases, _, _ in get_all_lexers():
        for alias in aliases:
            assert lexers.find(alias, None, None, "") is find_lexer_class_by_name(alias), alias


def test_the_release_has_examples_of_most_languages() -> None:
    """Else the cache holds something else, and all of this compares stand-ins."""
    assert sum(has_example(find_lexer_class_by_name(alias)) for alias in ALIASES) > 450

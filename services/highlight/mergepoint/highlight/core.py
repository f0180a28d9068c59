"""Source code in, highlighted code out. Knows Pygments; knows nothing of HTTP and nothing of us."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers.special import TextLexer

from . import engine, lexers, names, stylesheets
from .formats import FORMATS, MARKED, Layout, NoMarks
from .lexers import UnknownLanguage

FindLexer = Callable[[str | None, str | None, str | None, str], type[Lexer]]


@dataclass(frozen=True)
class Highlighted:
    """Highlighted code: *content* is bytes for PNG and text for every other format."""

    content: str | bytes
    format: str
    language: str
    plaintext: bool

    @property
    def text(self) -> str:
        if isinstance(self.content, bytes):
            raise TypeError(f"{self.format} is not text")
        return self.content

    @property
    def type(self) -> str:
        return FORMATS[self.format].type


def highlight(
    code: str,
    language: str | None = None,
    *,
    filename: str | None = None,
    mimetype: str | None = None,
    fallback: str = "none",
    format: str = "html",
    layout: Layout | None = None,
    tabsize: int = 0,
    strip: bool = False,
    guess: lexers.Guess = "content",
    find_lexer: FindLexer | None = None,
    render: Callable[[str, Any, Any], str | bytes] = engine.highlight,
) -> Highlighted:
    """Return *code* highlighted as *format* (one of FORMATS) says, laid out as *layout* says.

    The language is *language*, or what *filename*, *mimetype* or the text hint at, or a guess. An unknown *language*
    raises UnknownLanguage, or gives plain text with ``fallback="plain"``. Leading blank lines are kept, which Pygments
    by itself would strip. *find_lexer* takes the place of ``lexers.find``, *render* that of ``engine.highlight``:
    something that gives the same bytes, as ``pygments.highlight`` does.
    """
    layout = layout or Layout()
    if layout.marks and format not in MARKED:
        raise NoMarks(format)
    stylesheets.find(layout.style)
    if layout.dark_style:
        stylesheets.find(layout.dark_style, "dark_style")
    try:
        find = find_lexer or partial(lexers.find, guess=guess)
        kind = find(language, filename, mimetype, code)
    except UnknownLanguage:
        if fallback != "plain":
            raise
        kind = TextLexer
    lexer = kind(stripnl=False, stripall=strip, tabsize=tabsize)
    form = FORMATS[format]
    word = names.word(lexer)
    written = render(code, lexer, form.formatter(_clip(layout, code), word))
    content = written if isinstance(written, bytes) else form.finish(written, layout)
    return Highlighted(content, format, word, isinstance(lexer, TextLexer))


def guess(
    code: str, *, filename: str | None = None, limit: int = 5, guess: lexers.Guess = "content"
) -> list[dict[str, Any]]:
    """Return at most *limit* languages that *code* may be in: language, name and score, likeliest first.

    With ``guess="pygments"`` this is what Pygments alone says.
    """
    return [
        {
            "language": names.word(found.lexer),
            "name": found.lexer.name,
            "score": round(found.score, 3),
        }
        for found in lexers.rank(code, filename, guess)[:limit]
    ]


def _clip(layout: Layout, code: str) -> Layout:
    """Drop marked lines below the end; pictures would grow by them."""
    if not layout.hl_lines and not layout.marks:
        return layout
    lines = code.count("\n") + code.count("\r") + 1
    return replace(
        layout,
        hl_lines=tuple(line for line in layout.hl_lines if line <= lines),
        marks=tuple(mark for mark in layout.marks if mark[0] <= lines),
    )

"""Highlights several times as fast as Pygments, with the same bytes, for every lexer.

At every position of the text, Pygments tries the rules of a state one after another, each a regular expression. Most of
them cannot begin with the next character. So each state gets a table: for each next character, the rules that can begin
with it, joined into one alternation. An empty group at the end of each alternative tells which rule matched. For the
Python lexer's state ``root``, before ``def f(x):``::

    45 rules      "d"   (?:def)\\b()|(?:del)\\b()|(?:delattr|dict|dir|divmod)\\b()|[^\\W\\d]\\w*()     one match
                          1           2            3                                 4             lastindex = 1
                  "("   a token of one character, whatever follows                                 no match at all
                  ":"   …

The HTML around tokens is prepared too, so that a match is written as soon as it is found. A pattern, rule or lexer with
an unknown form is left to Pygments. Tables take time to make, so those of a lexer are made while it reads texts, in
small parts. Its first text is read as Pygments reads it.

`firsts` finds the characters that a pattern can begin with; `joining` joins patterns; `tables` makes and holds the
steps; `budget` limits the time for that; `loop` and `writer` run the steps; `callbacks` and `lexers` connect all this
with Pygments. A program that calls ``pygments.highlight(code, lexer, formatter)`` calls `highlight` from here instead.
Nothing else changes, and nothing in Pygments is replaced.
"""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import pygments
from pygments.formatter import Formatter
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import DelegatingLexer, ExtendedRegexLexer, Lexer, RegexLexer
from pygments.lexers.data import JsonLexer
from pygments.token import STANDARD_TYPES, Comment, Name, Text, Token, Whitespace

from .lexers import Regex, accelerate, read_all, tables_of, warm
from .tables import budget
from .writer import LINE, TooMany, write, write_tokens, written

__all__ = ["accelerate", "highlight", "read_all", "stock_reason", "warm"]
_ATTRIBUTES = vars(HtmlFormatter()).keys()
_TYPES = len(STANDARD_TYPES)


def highlight(code: Any, lexer: Lexer, formatter: Formatter, outfile: Any = None) -> Any:
    """Return the result of ``pygments.highlight`` with the same arguments, and raise the same errors."""
    if not isinstance(lexer, Lexer) or not isinstance(formatter, Formatter):
        return pygments.highlight(code, lexer, formatter, outfile)
    budget.begin()
    fast = accelerate(lexer)
    if not _is_plain(formatter):
        return pygments.highlight(code, fast, formatter, outfile)
    writer = object.__new__(_Writer)
    writer.__dict__ = formatter.__dict__
    text = tokens = None
    if getattr(fast.get_tokens, "__func__", None) is not Lexer.get_tokens or fast.filters:
        tokens = fast.get_tokens(code)
    else:
        text = fast._preprocess_lexer_input(code)
    return pygments.format((fast, code, text, tokens), writer, outfile)


def _is_plain(formatter: Any) -> bool:
    """Return whether *formatter* is Pygments' own HtmlFormatter, unchanged, with an option set that writes classes."""
    if type(formatter) is not HtmlFormatter or not vars(formatter).keys() <= _ATTRIBUTES:
        return False
    special = formatter.noclasses or formatter.classprefix or formatter.tagsfile or formatter.debug_token_types
    # Pygments caches the start tags of spans here; a program may have put others there.
    openers = formatter.span_element_openers.items()
    own = all(opener == (f'<span class="{css}">' if (css := written.css_of(kind)) else "") for kind, opener in openers)
    return not special and own and len(STANDARD_TYPES) == _TYPES and _is_known()


class _Writer(HtmlFormatter):
    """A formatter that gets the lexer and the text instead of tokens."""

    def _format_lines(self, tokensource: Any) -> Iterator[tuple[int, str]]:
        lexer, code, text, tokens = tokensource
        pieces: list[str] = []
        try:
            last = _write(lexer, text, tokens, pieces.append)
        except TooMany:
            stock = copy.copy(self)
            stock.span_element_openers = {}
            yield from HtmlFormatter._format_lines(stock, lexer.get_tokens(code))
            return
        if last:
            pieces.append(LINE[last])
        html = "".join(pieces)
        if self.linenos or self.hl_lines or self.lineanchors or self.linespans:
            for line in html.split("\n")[:-1]:
                yield 1, line + self.lineseparator
        else:
            yield 1, html.replace("\n", self.lineseparator)


def _write(lexer: Any, text: Any, tokens: Any, put: Any) -> int:
    if tokens is not None:
        return write_tokens(((0, ttype, value) for ttype, value in tokens), put, 0)
    if getattr(lexer.get_tokens_unprocessed, "__func__", None) is Regex.get_tokens_unprocessed:
        tables = tables_of(lexer)
        if not isinstance(tables, str):
            return write(lexer, tables, text, put)
    return write_tokens(lexer.get_tokens_unprocessed(text), put, 0)


@cache
def _is_known() -> bool:
    """Return whether the installed Pygments' formatter writes a sample in the same way as `_Writer`."""
    types = (Text, Name, Name, Name.Other.Kind, Whitespace, Comment, Token, Comment, Text)
    values = ("", "a'\"", "<&>", "b", "\n\n", "c\n\nd", "e", "\nf\n", "\x85g")
    sample = list(zip(types, values, strict=True))
    pieces: list[str] = []
    last = write_tokens(((0, ttype, value) for ttype, value in sample), pieces.append, 0)
    return "".join([*pieces, LINE[last]]) == "".join(line for _, line in HtmlFormatter()._format_lines(iter(sample)))


def stock_reason(lexer: Lexer) -> str:
    """Return the reason for which Pygments' own loop makes the tokens of *lexer*; empty if the engine makes them."""
    if isinstance(lexer, DelegatingLexer):
        return stock_reason(lexer.root_lexer) or stock_reason(lexer.language_lexer)
    if isinstance(lexer, JsonLexer):
        return ""
    if not isinstance(lexer, RegexLexer) or accelerate(lexer) is lexer:
        return f"has a loop of its own, {type(lexer).get_tokens_unprocessed.__qualname__}"
    tables = tables_of(lexer, isinstance(lexer, ExtendedRegexLexer))
    return tables if isinstance(tables, str) else ""

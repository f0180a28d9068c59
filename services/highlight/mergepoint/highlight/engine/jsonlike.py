"""Reads JSON with one pattern. Pygments reads it character by character; the tokens are the same, quirks included."""

import re
from collections.abc import Iterator
from typing import Any

from pygments.lexers.data import JsonLexer
from pygments.token import Comment, Error, Keyword, Name, Number, Punctuation, String, Whitespace

from .loop import Token

_TOKEN = re.compile(
    r"""
    [ \n\r\t]+ ()
    | //[^\n]* ()
    | /\*.*?\*/ ()
    | "[^"\\]*(?:\\(?:[^u]|u(?:[0-9a-fA-F]{4}|[0-9a-fA-F]{0,3}[^0-9a-fA-F]))[^"\\]*)*" ()
    | :[{}\[\],]* ()
    | [{}\[\],]+ ()
    | [-0-9]+(?![-0-9.eE+]) ()
    | [-0-9][-0-9.eE+]* ()
    | [fnt][truefalsn]* ()
    | (?:/\*|").* ()    # which never ends
    | . ()
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING, _COLON = 4, 5  # numbers of the empty groups
_TYPES: tuple[Any, ...] = (
    *(None, Whitespace, Comment.Single, Comment.Multiline, String.Double, Punctuation, Punctuation),
    *(Number.Integer, Number.Float, Keyword.Constant, Error, Error),
)
# The character sets of JsonLexer that the pattern assumes; a lexer with other sets is left to Pygments.
_SETS = {
    "integers": set("-0123456789"),
    "floats": set(".eE+"),
    "constants": set("truefalsenull"),
    "hexadecimals": set("0123456789abcdefABCDEF"),
    "punctuations": set("{}[],"),
    "whitespaces": set(" \n\r\t"),
}


class Json(JsonLexer):
    def get_tokens_unprocessed(self, text: str) -> Any:
        if any(getattr(self, name) != chars for name, chars in _SETS.items()):
            return JsonLexer.get_tokens_unprocessed(self, text)
        return _tokens(text)


def _tokens(text: str) -> Iterator[Token]:
    """Yield tokens. A string, with white space and comments after it, waits until the next token tells whether it is a
    key: before a colon it is."""
    queue: list[Any] = []
    for found in _TOKEN.finditer(text):
        kind = found.lastindex
        assert kind
        token = found.start(), _TYPES[kind], found[0]
        if kind == _STRING or (queue and kind < _STRING):
            queue.append(token)
            continue
        if queue:
            for index, ttype, value in queue:
                yield index, Name.Tag if kind == _COLON and ttype is String.Double else ttype, value
            queue.clear()
        yield token
    yield from queue

"""Writes HTML like Pygments' `HtmlFormatter`, directly from the matches.

Neighbours of the same class share a span, and no span crosses the end of a line. So the markup between two tokens,
their *joint*, depends only on their classes and is prepared: a closing tag, an opening tag, both or nothing. The end of
a line is a class of its own, number 0.
"""

from collections.abc import Callable, Iterable
from html import escape
from threading import Lock
from typing import Any

from pygments.formatters.html import HtmlFormatter

from .loop import Token, change_stack

Put = Callable[[str], None]
LINE_END = "\n"
LONGEST, MOST = 40, 512  # cached values: their most characters, and their number for each class (less than 100 KB)
CLASSES = 500  # classes of tokens; Pygments' lexers have 150, but one of them makes types from the text


class TooMany(Exception):
    """There are more than CLASSES classes."""


class _Joints(dict[int, str]):
    """The HTML before a token of one class, by the number of the class before it; made at the first use."""

    def __init__(self, css: str, classes: list[str]) -> None:
        self.css, self.classes = css, classes

    def __missing__(self, before: int) -> str:
        joint = self[before] = _joint(self.classes[before], self.css)
        return joint


class _Values(dict[str, tuple[_Joints, str, int]]):
    """For each value of one class: the joints before it, its HTML, and the class that it leaves open."""

    def __init__(self, css: int, joints: _Joints) -> None:
        self.css, self.joints = css, joints

    def __missing__(self, value: str) -> tuple[_Joints, str, int]:
        text = escape(value, quote=False)
        entry = self.joints, text, self.css
        if "\n" in text:
            pieces, last = [], 0
            for number, line in enumerate(text.split("\n")):
                if number:
                    pieces.append(LINE[last])
                    last = 0
                if line:
                    pieces += self.joints[last], line
                    last = self.css
            entry = LINE if text[0] == "\n" else self.joints, "".join(pieces[1:]), last
        if len(value) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[value] = entry
        return entry


class _Written(dict[Any, tuple[int, _Joints, _Values]]):
    """For each token type (or LINE_END): the number of its class, its joints, and its values."""

    def __init__(self) -> None:
        self.lock, self.css_of = Lock(), HtmlFormatter()._get_css_classes
        self.names: list[str] = []
        self.classes: dict[str, tuple[int, _Joints, _Values]] = {}

    def __missing__(self, ttype: Any) -> tuple[int, _Joints, _Values]:
        css = LINE_END if ttype == LINE_END else self.css_of(ttype)
        with self.lock:
            if css not in self.classes:
                if len(self.classes) == CLASSES:
                    raise TooMany
                joints = _Joints(css, self.names)
                self.classes[css] = len(self.names), joints, _Values(len(self.names), joints)
                self.names.append(css)
            self[ttype] = self.classes[css]
        return self[ttype]


def _joint(before: str, to: str) -> str:
    if to == LINE_END:
        return "</span>\n" if before.strip() else "\n"
    if before == to:
        return ""
    return ("</span>" if before.strip() else "") + (f'<span class="{to}">' if to else "")


written = _Written()
LINE = written[LINE_END][1]


def write_tokens(tokens: Iterable[Token], put: Put, last: int) -> int:
    """Write the tokens of any lexer after a token of class *last*; return the class that is left open."""
    for _, ttype, value in tokens:
        css, joints, values = written[ttype]
        if value.isalnum():
            put(joints[last])
            put(value)
            last = css
        elif value:
            front, value, after = values[value]
            put(front[last])
            put(value)
            last = after
    return last


def write(lexer: Any, tables: Any, text: str, put: Put) -> int:
    """Write *text* by the *tables* of a `RegexLexer`; return the class that is left open.

    The loop is that of `loop.tokens`, without tokens.
    """
    states, stack, pos, last = tables.states, ["root"], 0, 0
    table = states["root"]
    while True:
        try:
            match, outcome, rest = table[text[pos]]
        except KeyError:
            match, outcome, rest = tables.step(stack[-1], text[pos])
        except IndexError:
            match, outcome, rest = tables.step(stack[-1], "")
        while match is not None:
            found = match(text, pos)
            if found is not None:
                _, css, joints, values, move, callback, groups = outcome[found.lastindex]
                if callback is None:
                    value = found[0]
                    pos += len(value)
                    if values is None or value.isalnum():
                        put(joints[last])
                        put(value)
                        last = css
                    elif value:
                        front, value, after = values[value]
                        put(front[last])
                        put(value)
                        last = after
                    break
                pos = found.end()
                if groups is None:
                    last = write_tokens(callback(lexer, found), put, last)
                    break
                for group, _, values in groups:
                    if value := found[group]:
                        front, value, after = values[value]
                        put(front[last])
                        put(value)
                        last = after
                break
            match, outcome, rest = rest
        else:
            size, _, css, joints, value, move = outcome
            if size == 1:
                put(joints[last])
                put(value)
                last = css
                pos += 1
            elif size:
                tables.finish()
                return last
        if move is not None:
            pops, pushes = move
            if pops is None:
                stack = change_stack(stack, pushes)
            else:
                if pops:
                    del stack[-pops if pops < len(stack) else 1 :]
                stack += pushes
            table = states[stack[-1]]

"""Diffs whose lines are code in a language: ``diff-python``. Old and new lines are read apart, each as one text.

Of both at once no lexer could make sense: a string that only the old text closes would swallow the rest of the new one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers.diff import DiffLexer
from pygments.token import Generic, Text, Whitespace

from . import engine

PREFIX = "diff-"
LINE = re.compile(r"[^\n]*\n|[^\n]+")
HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", re.ASCII)
# Lines of git and diff about files, between hunks.
HEADING = re.compile(
    r"@@|diff |Index: |index [0-9a-f]+\.\.|={3,}|(?:old|new|deleted file|new file) mode \d|"
    r"(?:dis)?similarity index |(?:rename|copy) (?:from|to) |Binary files |\\ "
)
SIGNS = {"+": Generic.Inserted, "-": Generic.Deleted, " ": Whitespace}

Token = tuple[Any, str]
Read = Callable[[str], list[Token]]


@cache  # there are as many as there are languages
def diff_of(language: type[Lexer]) -> type[Lexer]:
    """Return the class of lexers for diffs of code in *language*."""

    class DiffOf(Lexer):
        name = f"Diff of {language.name}"
        aliases = (f"{PREFIX}{language.aliases[0] if language.aliases else language.name}",)

        def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
            code = engine.accelerate(language(stripnl=False))
            at = 0
            for kind, value in _tokens(text, lambda side: _read(code, side)):
                yield at, kind, value
                at += len(value)

    return DiffOf


def _tokens(text: str, read: Read) -> Iterator[Token]:
    """Yield the tokens of a diff. Where no hunk says how long it is, all lines but headings are code."""
    lines, headings = LINE.findall(text), DiffLexer()
    counted = any(map(HUNK.match, lines))
    hunk: list[str] = []
    old = new = 0  # lines that the hunk still has of either side
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        inside = (old > 0 or new > 0) and line[0] in "+- \n\\"
        if inside or not (counted or _is_heading(line, following)):
            hunk.append(line)
            old, new = old - (line[0] not in "+\\"), new - (line[0] not in "-\\")
            continue
        yield from _hunk(hunk, read)
        hunk = []
        match = HUNK.match(line)
        old, new = (int(count or 1) for count in match.groups()) if match else (0, 0)
        yield from ((kind, value) for _, kind, value in headings.get_tokens_unprocessed(line))
    yield from _hunk(hunk, read)


def _is_heading(line: str, following: str) -> bool:
    """Whether *line* is no code; ``---`` is a heading before ``+++`` only, and else a line that was deleted."""
    pair = line.startswith("--- ") and following.startswith("+++ ")
    return bool(HEADING.match(line)) or pair or line.startswith("+++ ")


def _hunk(lines: Sequence[str], read: Read) -> Iterator[Token]:
    """Yield the tokens of *lines* of code, each with its sign; what stayed is told by the new text."""
    if not lines:
        return
    parted = [(line[0], line[1:]) if line[0] in SIGNS else ("", line) for line in lines]
    code = [(sign, rest) for sign, rest in parted if not rest.startswith("\\ ") or sign]
    old = _by_line(read("".join(rest for sign, rest in code if sign != "+")))
    new = _by_line(read("".join(rest for sign, rest in code if sign != "-")))
    for sign, rest in parted:
        if sign:
            yield SIGNS[sign], sign
        elif rest.startswith("\\ "):
            yield Text, rest
            continue
        was, now = next(old) if sign != "+" else [], next(new) if sign != "-" else []
        yield from was if sign == "-" else now


def _by_line(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each line; one that goes over a line's end is divided there."""
    line: list[Token] = []
    for kind, value in tokens:
        for part in LINE.findall(value):
            line.append((kind, part))
            if part[-1] == "\n":
                yield line
                line = []
    while True:  # a last line without an end, and nothing where there is no more
        yield line
        line = []


def _read(lexer: Lexer, code: str) -> list[Token]:
    """Return the tokens of *code*; it is plain text to a lexer that would lose some of it."""
    tokens = [(kind, value) for _, kind, value in lexer.get_tokens_unprocessed(code)] if code else []
    return tokens if "".join(value for _, value in tokens) == code else [(Text, code)]

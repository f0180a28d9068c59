"""Lexers made at random: rules of every form that Pygments and its regular expressions have."""

import random
import re
import zlib
from collections.abc import Iterator
from typing import Any

from pygments.lexer import (
    ExtendedRegexLexer,
    RegexLexer,
    bygroups,
    combined,
    default,
    include,
    this,
    using,
    words,
)
from pygments.lexers import IniLexer, JsonLexer
from pygments.token import Comment, Error, Keyword, Name, Operator, Other, Punctuation, String, Text, Token, Whitespace

ALPHABET = [*'abABksi10_ \n\t.<&()\\/"', "ſ", "\u212a", "ı", "İ", "é", "中"]
TYPES = [Text, Whitespace, Name, Name.Function, Keyword, String, Error, Comment, Token, Punctuation, Operator]
TYPES += [Other, Name.Custom.Thing, Token.My]
CLASSES = [r"\w", r"\s", r"\d", r"\W", r"\S", ".", r"\D"]
LOOKS_BEHIND = ["(?<=a)", r"(?<!\n)", r"(?<=\s)", r"(?<![\w.])", "(?<=^)"]
GROUPS = ["(", "(", "(?:", "(?:", "(?=", "(?!", "(?>", "(?i:", "(?s:", "(?-i:", "(?m:", "(?a:", "(?P<n>"]
REFERENCES = [r"\1", "(?P=n)", "(?(1)a|b)"]
REPEATS = [*"*++?", "*?", "+?", "+?", "??", "{2}", "{1,3}", "*+", "++", "?+"]
FLAGS = [re.M, re.M, re.M | re.I, re.M | re.S, 0, re.I, re.M | re.A]
SAME_STATE = [None] * 30
STATES = ["one", "two", "root", "#pop", "#pop", "#pop:2", "#push", ("one", "two"), ("#pop", "one"), ("one", "#pop")]
STATES += [("#pop", "#pop", "two"), ("#push", "one"), ("one", "#push"), combined("one", "two")]


def text(draw: random.Random) -> str:
    return "".join(draw.choices([*ALPHABET, "if", "else", "abc"], k=draw.choice([0, 1, 3, 8, 20, 40])))


def lexer(draw: random.Random) -> Any:
    """Return the class of a lexer that can be made; its texts are made of `ALPHABET`."""
    base = ExtendedRegexLexer if draw.random() < 0.3 else RegexLexer
    flags = draw.choice(FLAGS)
    states = {state: _rules(state, flags, base is ExtendedRegexLexer, draw) for state in ("root", "one", "two")}
    return type(base)("Random", (base,), {"name": "Random", "flags": flags, "tokens": states})


def _rules(state: str, flags: int, extended: bool, draw: random.Random) -> list[Any]:
    rules: list[Any] = []
    for _ in range(draw.randint(1, 8)):
        kind = draw.random()
        if kind < 0.04 and state != "root":
            rules.append(default(draw.choice(["#pop", "root", ("#pop", "two")])))
        elif kind < 0.1 and state == "root":
            rules.append(include("one"))
        else:
            pattern = _pattern(flags, draw)
            groups = re.compile(pattern.get() if isinstance(pattern, words) else pattern, flags).groups
            rule = pattern, _action(groups, extended, draw)
            new_state = draw.choice([*SAME_STATE, *STATES])
            rules.append(rule if new_state is None else (*rule, new_state))
    return rules


def _pattern(flags: int, draw: random.Random) -> Any:
    if draw.random() < 0.1:
        some = draw.choices(["if", "else", "elif", "end", "a", "ab", "abc", "k", "s"], k=draw.randint(1, 5))
        return words(some, prefix=draw.choice(["", r"\b"]), suffix=draw.choice(["", r"\b"]))
    while True:
        pattern = draw.choice(["", "", "", "", "(?i)"]) + _alternatives(2, draw)
        try:
            if not re.compile(pattern, flags).match("") or draw.random() < 0.03:
                return pattern
        except re.error:
            continue


def _alternatives(depth: int, draw: random.Random) -> str:
    lengths = [1, 1, 1, 2, 2, 3] if draw.random() < 0.97 else [0]
    counts = [1, 1, 1, 2, 3]
    return "|".join(
        "".join(_repeated(depth, draw) for _ in range(draw.choice(lengths))) for _ in range(draw.choice(counts))
    )


def _repeated(depth: int, draw: random.Random) -> str:
    return _atom(depth, draw) + (draw.choice(REPEATS) if draw.random() < 0.3 else "")


def _atom(depth: int, draw: random.Random) -> str:
    kind = draw.random()
    if kind < 0.3:
        return re.escape(draw.choice(ALPHABET))
    if kind < 0.4:
        return draw.choice(CLASSES)
    if kind < 0.55:
        members = [*map(re.escape, ALPHABET), r"\w", r"\s", "a-k", "0-9", "A-Z", "\x80-\U00010000"]
        return f"[{draw.choice(['', '', '^'])}{''.join(draw.choices(members, k=draw.randint(1, 4)))}]"
    if kind < 0.63:
        return draw.choice(["^", "$", r"\b", r"\B", r"\A", r"\Z", *LOOKS_BEHIND])
    if kind < 0.66:
        return draw.choice(REFERENCES)
    if depth and kind < 0.95:
        return draw.choice(GROUPS) + _alternatives(depth - 1, draw) + ")"
    return draw.choice(["if", "else", "ab", "(?!)"])


def _action(groups: int, extended: bool, draw: random.Random, depth: int = 1) -> Any:
    kind = draw.random()
    if kind < 0.6:
        return draw.choice(TYPES)
    if kind < 0.7:
        return draw.choice([_as_tag, _all_of_the_match])
    if kind < 0.73 and not extended:
        return _again
    if kind < 0.77:
        return using(draw.choice([JsonLexer, IniLexer]))
    if kind < 0.83 and not extended:
        return using(this, state=draw.choice(["one", ("root", "two")]), **draw.choice([{}, {"tabsize": 4}]))
    if depth:
        count = max(0, groups + draw.choice([0, 0, 0, 1, -1]))
        parts = [None, _action(0, extended, draw, 0), *TYPES[:3]]
        return bygroups(*draw.choices(parts, k=count))
    return draw.choice(TYPES)


def _as_tag(lexer: Any, match: Any, context: Any = None) -> Iterator[Any]:
    yield match.start(), Name.Tag, match.group()
    if context:
        context.pos = match.end()


def _all_of_the_match(lexer: Any, match: Any, context: Any = None) -> Iterator[Any]:
    """Tells all that a callback can see of the match; with a context, changes that in one of many ways."""
    seen = match.groups(), match.lastindex, match.re.pattern, match.re.groupindex, match.span(), match.endpos
    yield match.start(), String.Doc, repr(seen)
    if context:
        context.pos = match.end()
        change = zlib.crc32(repr(match.span()).encode()) % 12
        if change < 4:
            context.stack.append("one")
        elif change < 6 and len(context.stack) > 1:
            context.stack.pop()
        elif change < 7:
            context.stack = ["root", "two"]
        elif change < 8:
            context.end = max(context.pos, context.end - 1)
        elif change < 9:
            context.end = context.pos - 1
        elif change < 10:
            context.pos = min(context.pos + 1, context.end)


def _again(lexer: Any, match: Any) -> Iterator[Any]:
    if len(match.group()) < 8:
        for index, kind, value in lexer.get_tokens_unprocessed(match.group()[1:]):
            yield index + match.start(), kind, value

"""The features of a text: its words and signs, and the neighbours of each. It knows no language.

Each token becomes a number: a word of the model's vocabulary has its own, any other word has that of its shape, and the
beginning of a line that of its indent. Single tokens, pairs and triples of neighbours, and the words outside the
vocabulary are hashed to numbers below BUCKETS, so that every text is a set of small numbers. Of a long comment only the
first line counts, since the rest is prose, and often the same licence.
"""

import re
from collections.abc import Mapping
from zlib import crc32

BUCKETS = 1 << 16
MOST = 4096  # characters that are examined
# A word, a number, the beginning of a line, or up to three signs: "=>", "</", "});".
TOKENS = re.compile(r"[^\W\d]\w*|\d[\w.]*|\n[ \t]*|[^\w\s]{1,3}")
# Delimiters of long comments in various languages. The first line of such a comment counts, and its end.
COMMENTS = (("/*", "*/"), ("<!--", "-->"), ('"""', '"""'), ("{-", "-}"), ("(*", "*)"), ("--[[", "]]"), ("<#", "#>"))
LONG = 160  # characters: a longer comment is shortened
# A block of comment lines; the first two count.
LINES = re.compile(
    r"^([ \t]*(//+|#+|;+|--+|%+)[^\n]*\n[ \t]*\2(?:[ \t][^\n]*)?\n)(?:[ \t]*\2(?:[ \t][^\n]*)?(?:\n|\Z))+", re.MULTILINE
)
# The numbers of tokens outside the vocabulary.
LOWER, TITLE, UPPER, MIXED, SNAKE, FOREIGN, NUMBER, SIGNS, LINE, INDENTED, TABBED = range(11)
FIRST_WORD = 16  # the number of the vocabulary's first entry


def features(text: str, vocabulary: Mapping[str, int]) -> set[int]:
    """Return the features of the first MOST characters of *text*, each from 0 to BUCKETS - 1.

    *vocabulary* maps words to numbers from FIRST_WORD on.
    """
    found: set[int] = set()
    add = found.add
    one = two = LINE
    for token in TOKENS.findall("\n" + skim(text[:MOST]).strip("\n")):
        number = vocabulary.get(token)
        if number is None:
            number = _shape(token)
            if number <= FOREIGN:
                add(crc32(token.encode()) & 0xFFFF)
        # Large odd factors spread tokens over all buckets. The constants differ for pairs, triples and single tokens.
        add((number * 40503 + two * 24593 + 7919) & 0xFFFF)
        add((number * 40503 + two * 24593 + one * 51787 + 104729) & 0xFFFF)
        add((number * 49157 + 12289) & 0xFFFF)
        one, two = two, number
    return found


def skim(text: str) -> str:
    """Return *text* with its long comments shortened to their beginning and end."""
    for opening, closing in COMMENTS:
        text = _without(text, opening, closing)
    return LINES.sub(r"\1", text)


def _without(text: str, opening: str, closing: str) -> str:
    parts: list[str] = []
    at = 0
    while (begin := text.find(opening, at)) >= 0 and (end := text.find(closing, begin + len(opening))) >= 0:
        line = text.find("\n", begin, end)
        keep = line if line >= 0 and end - line > LONG else end
        parts += text[at:keep], text[end : end + len(closing)]
        at = end + len(closing)
    return "".join([*parts, text[at:]])


def _shape(token: str) -> int:
    first = token[0]
    if first == "\n":
        return LINE if len(token) == 1 else TABBED if token[1] == "\t" else INDENTED
    if first.isdigit():
        return NUMBER
    if not (first.isalpha() or first == "_"):
        return SIGNS
    if not token.isascii():
        return FOREIGN
    if "_" in token:
        return SNAKE
    if token.islower():
        return LOWER
    if token.isupper():
        return UPPER
    return TITLE if first.isupper() and token[1:].islower() else MIXED

"""Generated text: fragments that a lexer's own patterns match, nearly match, and what nobody expects."""

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

parser: Any = re._parser  # type: ignore[attr-defined]
sre: Any = re._constants  # type: ignore[attr-defined]
DEEP, LONG = 12, 30
FOLDED = {"s": "ſ", "S": "ſ", "k": "\u212a", "K": "\u212a", "i": "ıİ", "I": "ıİ"}  # equal when case is ignored
ANY = [
    *"\n\n\n    \t()[]{}<>&;:,.'\"`\\/*+-=%$#@!?|^~_0123456789abcdefghijklmnopqrstuvwxyzABCKSI",
    *"\r\0\x0b\x0c\x1c\x85\u2028\ufefféßſ\u212aıİµÅŉﬀ中٣²\u0301\U0001d428\ud800",
    *("</", "<!--", "-->", "/*", "*/", '"""', "'''", "//", "#!", "<?", "?>", "{{", "}}", "<%", "%>", "\n\n", "\r\n"),
]
CATEGORIES = {"DIGIT": "0123456789٣", "SPACE": " \n\t\x0b\x85\u3000", "WORD": "abcxyz_09é中"}


def text_for(patterns: Sequence[Any], example: str, draw: random.Random) -> str:
    """Return up to 2,000 characters of fragments of *patterns* and *example*, some cut, some changed."""
    parts = []
    for _ in range(draw.choice([0, 1, 2, 4, 8, 16])):
        kind = draw.random()
        if patterns and kind < 0.65:
            part = fragment(draw.choice(patterns), draw)
            parts.append(part[: draw.randrange(len(part) + 1)] if draw.random() < 0.3 else part)
        elif kind < 0.85:
            start = draw.randrange(len(example) + 1)
            parts.append(example[start : start + draw.choice([3, 20, 80])])
        if kind > 0.6:
            parts.append("".join(draw.choices(ANY, k=draw.choice([1, 1, 3, 8]))))
    text = "".join(parts)[:2000]
    if text and draw.random() < 0.2:
        place = draw.randrange(len(text))
        text = text[:place] + draw.choice(ANY) + text[place + 1 :]
    return text


def fragment(pattern: Any, draw: random.Random) -> str:
    """Return a text that *pattern* matches, as far as one can tell without trying."""
    return _some(_parse(pattern.pattern, pattern.flags), {}, pattern.flags, draw, 0)


@lru_cache(2000)
def _parse(pattern: str, flags: int) -> Any:
    return parser.parse(pattern, flags)


def _some(tree: Any, groups: dict[int, str], flags: int, draw: random.Random, depth: int) -> str:
    return "".join(_element(op, av, groups, flags, draw, depth) for op, av in tree)


def _element(op: Any, av: Any, groups: dict[int, str], flags: int, draw: random.Random, depth: int) -> str:
    def some(tree: Any) -> str:
        return _some(tree, groups, flags, draw, depth + 1)

    if op is sre.LITERAL:
        return _literal(chr(av), flags, draw)
    if op is sre.IN:
        return _one_of(av, draw)
    if op is sre.BRANCH:
        return some(draw.choice(av[1]))
    if op is sre.SUBPATTERN:
        text = some(av[3])
        groups[av[0]] = text
        return text
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, body = av
        times = least if depth > DEEP else min(least + draw.choice([0, 0, 1, 1, 2, 5]), most)
        return "".join(some(body) for _ in range(min(times, LONG)))
    if op is sre.ATOMIC_GROUP:
        return some(av)
    if op is sre.GROUPREF:
        return groups.get(av, "")
    if op is sre.ASSERT:
        return some(av[1]) if av[0] > 0 and draw.random() < 0.5 else ""
    if op is sre.AT:
        return draw.choice("\n ") if draw.random() < 0.3 else ""
    return draw.choice(ANY) if op in (sre.NOT_LITERAL, sre.ANY) else ""


def _literal(char: str, flags: int, draw: random.Random) -> str:
    if flags & re.IGNORECASE and draw.random() < 0.4:
        return draw.choice([char.upper(), char.lower(), *FOLDED.get(char, char)])
    return char


def _one_of(charset: Any, draw: random.Random) -> str:
    op, av = draw.choice(charset)
    if charset[0][0] is sre.NEGATE:
        return draw.choice(ANY)
    if op is sre.LITERAL:
        return chr(av)
    if op is sre.RANGE:
        return chr(draw.randint(*av))
    name = str(av)
    return draw.choice(next((chars for word, chars in CATEGORIES.items() if name.endswith("Y_" + word)), ANY))

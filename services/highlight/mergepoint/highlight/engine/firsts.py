"""Finds the characters that a regular expression can begin with, from the tree of the standard library's parser.

A set of characters is an integer with a bit for each ASCII character, one for all other characters, and one for the end
of the text. A character counts as possible unless it is excluded. Unknown elements of a pattern raise
NotImplementedError.
"""

import re
from functools import lru_cache, reduce
from operator import or_
from re import IGNORECASE
from typing import Any, NamedTuple

compiler: Any = re._compiler  # type: ignore[attr-defined]
parser: Any = re._parser  # type: ignore[attr-defined]
sre: Any = re._constants  # type: ignore[attr-defined]
OTHER, END = 128, 129  # the bits of all other characters, and of the end of the text
EVERYTHING = (1 << 130) - 1
REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}
ASSERTIONS = {sre.ASSERT, sre.ASSERT_NOT}
_SINGLES = {sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN}
_ENDS = {sre.AT_END_STRING: 1 << END, sre.AT_END: 1 << END | 1 << ord("\n")}
_ASCII = "".join(map(chr, range(128)))


# Estimates of the time to read a pattern, right for nine patterns in ten. A set beyond Latin-1 costs more, since the
# standard library makes a table of 65,536 characters for it. The budget is then charged with the true cost (budget.py).
SECONDS_PER_KNOWN = 15e-6  # to look up a known pattern: changed reference counts copy a page that a fork shares
SECONDS_PER_PATTERN, SECONDS_PER_CHARACTER, SECONDS_PER_WIDE_SET = 60e-6, 5e-6, 20e-3


class Reading(NamedTuple):
    """The facts about a pattern, or a part of a pattern, that hold for every text. Each is a set of characters."""

    first: int  # the next characters at which it can match, consumed or not
    sure: int  # the next characters at which it matches, whatever follows
    consumed: int = 0  # the characters that it may consume


class Known(NamedTuple):
    """The facts about a pattern that a rule needs."""

    reading: Reading
    width: tuple[int, int]
    packed: bool  # whether it has long sets; copies of it have them in a faster form


_known: dict[tuple[str, int], Known | None] = {}


def analyse(pattern: str, flags: int) -> Known | None:
    """Return the facts about *pattern*; None if it has an unknown element. Each pattern is read once in a process."""
    key = pattern, flags
    if key not in _known:
        try:
            tree = parse(pattern, flags)
            _known[key] = Known(tree.reading, tree.getwidth(), tree.state.packed)
        except Exception:  # the parser is no public interface
            _known[key] = None
    return _known[key]


def cost(pattern: str, flags: int) -> float:
    """Return an estimate of the seconds that `analyse` takes."""
    return SECONDS_PER_KNOWN if (pattern, flags) in _known else parse_cost(pattern)


@lru_cache(4096)
def parse_cost(pattern: str) -> float:
    """Return an estimate of the seconds that `parse` takes for *pattern* if it is not cached."""
    wide = not pattern.isascii() or any(escape in pattern for escape in ("\\u", "\\U", "\\x", "\\N"))
    return SECONDS_PER_PATTERN + len(pattern) * SECONDS_PER_CHARACTER + wide * SECONDS_PER_WIDE_SET


def forget(*, sets: bool = False) -> None:
    """Clear the caches of trees, which are large, and of costs; with *sets* also that of character sets.

    Use *sets* when no more patterns are to be read.
    """
    parse.cache_clear()
    parse_cost.cache_clear()
    if sets:
        _characters.cache_clear()


@lru_cache(512)
def parse(pattern: str, flags: int) -> Any:
    """Return the tree of *pattern*. Each sequence in it has its `Reading` as the attribute ``reading``."""
    state = parser.State()
    state.packed = False
    tree = parser.parse(pattern, flags, state)
    _read(tree, flags)
    return tree


def _read(tree: Any, flags: int, after: int = EVERYTHING) -> Reading:
    """Read a sequence from right to left. *after* is the set of characters that can follow it: an element that may
    consume nothing lets these come next."""
    sure, consumed = EVERYTHING, 0
    for index, (op, av) in reversed([*enumerate(tree)]):
        part = _read_element(op, av, flags, after)
        after, consumed = part.first, consumed | part.consumed
        sure = part.sure if sure == EVERYTHING else 0  # the part to the right must match too
        if op is sre.IN and len(av) > 16 and not flags & IGNORECASE:
            tree[index], tree.state.packed = (op, _pack(tuple(av))), True
    tree.reading = reading = Reading(after, sure & after, consumed)
    return reading


def _read_element(op: Any, av: Any, flags: int, after: int) -> Reading:
    if op in _SINGLES:
        chars = _characters(op, tuple(av) if op is sre.IN else av, flags)
        return Reading(chars, chars & ~(1 << OTHER), chars)
    if op is sre.SUBPATTERN:
        return _read(av[3], compiler._combine_flags(flags, av[1], av[2]), after)
    if op is sre.ATOMIC_GROUP:
        return _read(av, flags, after)
    if op is sre.BRANCH:
        parts = [_read(branch, flags, after) for branch in av[1]]
        return Reading(*(reduce(or_, chars) for chars in zip(*parts, strict=True)))
    if op in REPEATS:
        part = _read(av[2], flags, after)
        least = min(av[0], 2)
        return Reading(part.first | (0 if least else after), (EVERYTHING, part.sure, 0)[least], part.consumed)
    if op in ASSERTIONS:
        ahead, inner = av
        part = _read(inner, flags)
        if ahead > 0 and op is sre.ASSERT:
            after &= part.first
        elif ahead > 0 and len(inner) == 1 and inner[0][0] in _SINGLES:
            after &= ~part.sure
        return Reading(after, 0)
    if op is sre.AT:
        return Reading(after & _ENDS.get(av, EVERYTHING), 0)
    if op is sre.GROUPREF:
        return Reading(EVERYTHING, 0, EVERYTHING)
    raise NotImplementedError(op)


@lru_cache(2048)
def _characters(op: Any, av: Any, flags: int) -> int:
    """Return the characters that one element matches, as the regex engine itself finds them, since it folds case."""
    if op is sre.LITERAL and not flags & IGNORECASE:
        return 1 << int(min(av, OTHER))
    element = parser.SubPattern(parser.State(), [(op, list(av) if op is sre.IN else av)])
    found: int = sum(1 << ord(char) for char in compiler.compile(element, flags).findall(_ASCII))
    if op is sre.IN and not flags & IGNORECASE:
        limits = (av if kind is sre.LITERAL else av[1] if kind is sre.RANGE else OTHER for kind, av in av)
        return found if max(limits) < OTHER else found | 1 << OTHER
    return found | 1 << OTHER


@lru_cache(64)
def _pack(charset: tuple[Any, ...]) -> Any:
    """Return a long set in its compiled form, so that half of the time to compile is spent only once.

    That form is a table of the first 65,536 characters, followed by ranges of others. The engine also searches the
    ranges for characters that the table does not have. A double negation in between ("not those up to 65,535") stops
    that search and leaves the ranges unchanged.
    """
    packed = compiler._optimize_charset(charset)[0]
    others = [max(av) if op is sre.RANGE else av for op, av in packed if op is sre.RANGE or op is sre.LITERAL]
    known = {sre.NEGATE, sre.BIGCHARSET, sre.RANGE, sre.LITERAL}
    if all(op in known for op, _ in packed) and min(others, default=0) > 0xFFFF:
        stop = [sre.NEGATE, sre.RANGE, 0, 0xFFFF, sre.NEGATE]
        packed = [(op, [*av, *stop] if op is sre.BIGCHARSET else av) for op, av in packed]
    return packed

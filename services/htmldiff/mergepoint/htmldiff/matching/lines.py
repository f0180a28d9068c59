"""Compare text with preserved line breaks, as in ``pre``: lines first, then words. No change crosses a line's end."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

from ..reading.markup import MARKUP, is_end, name_of
from ..reading.tree import ATOM, INLINE, Kinds
from .cleanup import is_weak, is_weak_in_line
from .sequences import Match, Opcode, best_in_order, diff, diff_strings, in_place, opcodes

LINED = re.compile(r"<(?:pre|listing)(?=[ >])|<[^>]* style=\"[^\"]*white-space:\s*(?:pre|break-spaces)")
MOST_COMPARED = 2_500  # pairs of lines
SIMILAR = 0.3  # two lines can be one that changed if the Dice coefficient of their words is at least this

Line = Sequence[str]
Compare: TypeAlias = Callable[[Sequence[str], Sequence[str]], list[Opcode]]
IsWeak: TypeAlias = Callable[[Sequence[str]], bool]


def differ_for(*, lines: bool) -> tuple[Compare, IsWeak]:
    """Return the functions that compare tokens and say which are weak: by line if *lines*, else without lines."""
    return (diff_lines, is_weak_in_line) if lines else (diff_strings, is_weak)


def preserves_newlines(tag: str) -> bool:
    """Say whether an element with this start *tag* preserves line breaks (CSS Text 3, ``white-space``)."""
    return ("pre" in tag or "listing" in tag or "break-spaces" in tag) and bool(LINED.match(tag))


def diff_lines(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """Return the opcodes from *old* to *new* tokens, which hold a newline only at their end: equal lines first."""
    ours, theirs = _lines(old), _lines(new)
    starts, new_starts = ([0, *accumulate(map(len, lines))] for lines in (ours, theirs))
    matches: list[Match] = []
    for tag, i, i_end, j, j_end in diff(map(tuple, ours), map(tuple, theirs)):
        if tag == "equal":
            matches.append((starts[i], new_starts[j], starts[i_end] - starts[i]))
            continue
        for a, b in _pairs(ours[i:i_end], theirs[j:j_end]):
            for inner, first, last, new_first, _ in diff_strings(ours[i + a], theirs[j + b]):
                if inner == "equal":
                    matches.append((starts[i + a] + first, new_starts[j + b] + new_first, last - first))
    return opcodes(matches, len(old), len(new))


def _lines(tokens: Sequence[str]) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    for token in tokens:
        lines[-1].append(token)
        if token.endswith("\n"):
            lines.append([])
    return lines if lines[-1] else lines[:-1]


def _pairs(old: Sequence[Line], new: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield pairs of lines, each one line that changed: similar lines, and, if both sides have equally many lines
    between these, those by position."""
    if not old or not new:
        return
    few = len(old) * len(new) <= MOST_COMPARED
    yield from in_place(_similar(old, new) if few else [], len(old), len(new))


def _similar(old: Sequence[Line], new: Sequence[Line]) -> list[tuple[int, int]]:
    ours, theirs = ([Counter(word for word in line if not word.isspace()) for line in lines] for lines in (old, new))
    return best_in_order([[_similarity(words, others) for others in theirs] for words in ours])


def _similarity(words: Counter[str], others: Counter[str]) -> float:
    both = (words & others).total()
    share = 2 * both / (words.total() + others.total()) if both else 0.0
    return share if share >= SIMILAR else 0.0


def split_lines(html: str, kinds: Kinds) -> list[str]:
    """Return inline *html* in parts, each one line with its end; an element over several lines stays in one part."""
    depth = 0
    parts = [""]
    for place, piece in enumerate(MARKUP.split(html)):
        if place & 1:
            depth += _step(piece, kinds)
            parts[-1] += piece
        elif depth:
            parts[-1] += piece
        else:
            *ended, last = piece.split("\n")
            for line in ended:
                parts[-1] += f"{line}\n"
                parts.append("")
            parts[-1] += last
    return [part for part in parts if part]


def _step(tag: str, kinds: Kinds) -> int:
    if is_end(tag):
        return -1
    return int(bool(name_of(tag)) and kinds[tag] in (INLINE, ATOM))

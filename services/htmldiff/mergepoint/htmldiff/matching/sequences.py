"""Compare two sequences of hashable items. Knows nothing of HTML, text or markup.

Like difflib, it only needs hashable items. Unlike difflib's, its scripts are minimal up to EXACT_PAIRS pairs of items,
and it needs seconds, not hours, for hundreds of thousands of items.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from rapidfuzz.distance import LCSseq

# Up to this many pairs of an old and a new item (8,000 on each side) the script is minimal. That takes 20 ms and 8 MB.
EXACT_PAIRS = 8_000 * 8_000
# Above that, each gap between two anchors is solved exactly up to this many pairs: 0.2 s and 50 MB.
MOST_PAIRS = 20_000 * 20_000
# Lengths of the item sequences that are tried as anchors, one after another.
SHINGLES = (1, 4, 16, 64)

QUICK_PAIRS = 500 * 500
# In shorter sequences, rapidfuzz finds equal ends faster than common_ends.
SHORT = 200

Match = tuple[int, int, int]


class Opcode(NamedTuple):
    """One step of a script, like difflib's: ``old[old_start:old_end]`` becomes ``new[new_start:new_end]``."""

    tag: str  # equal, delete, insert or replace
    old_start: int
    old_end: int
    new_start: int
    new_end: int


def diff(old_events: Iterable[Hashable], new_events: Iterable[Hashable]) -> list[Opcode]:
    """Return the script that makes *new_events* of *old_events*, as opcodes like difflib's.

    It is minimal, with as many equal items as possible, if there are at most EXACT_PAIRS pairs of an old and a new item
    after equal items at both ends are removed; for more pairs it is nearly minimal.
    """
    old, new = list(old_events), list(new_events)
    head, tail = common_ends(old, new) if len(old) > SHORT else (0, 0)
    ids: defaultdict[Hashable, int] = defaultdict(count().__next__)
    ours = list(map(ids.__getitem__, old[head : len(old) - tail]))
    theirs = list(map(ids.__getitem__, new[head : len(new) - tail]))
    matches = [(0, 0, head)] if head else []
    if ours and theirs:
        matches += [(head + i, head + j, length) for i, j, length in _match(ours, theirs)]
    if tail:
        matches.append((len(old) - tail, len(new) - tail, tail))
    return opcodes(matches, len(old), len(new))


def diff_strings(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """Return the script of diff for strings; up to QUICK_PAIRS pairs this takes half the time."""
    if len(old) * len(new) > QUICK_PAIRS:
        return diff(old, new)
    matches = _exact(old, new, 0, len(old), 0, len(new))
    # rapidfuzz compares 64-bit hashes of the strings; after a collision, diff compares the strings themselves.
    if any(old[i : i + length] != new[j : j + length] for i, j, length in matches):
        return diff(old, new)
    return opcodes(matches, len(old), len(new))


def opcodes(matches: Iterable[Match], old_length: int, new_length: int) -> list[Opcode]:
    """Return *matches* (old start, new start, length) and the gaps between them as opcodes."""
    script = []
    i = j = 0
    for old_start, new_start, length in [*matches, (old_length, new_length, 0)]:
        if i < old_start or j < new_start:
            tag = "insert" if i == old_start else "delete" if j == new_start else "replace"
            script.append(Opcode(tag, i, old_start, j, new_start))
        i, j = old_start + length, new_start + length
        if length:
            script.append(Opcode("equal", old_start, i, new_start, j))
    return script


def common_ends(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
    """Return the number of equal items at the start, and of equal items among the others at the end.

    Strings are sequences of characters.
    """
    head, step = 0, 32
    shorter = min(len(old), len(new))
    # Compare stretches that double, then halve: comparing slices is faster than a loop over items.
    while head < shorter and old[head : head + step] == new[head : head + step]:
        head += step
        step *= 2
    while step > 1:
        step //= 2
        if old[head : head + step] == new[head : head + step]:
            head += step
    head = min(head, shorter)
    i, j = len(old), len(new)
    tail, step = 0, 32
    most = shorter - head
    while tail < most and old[max(i - tail - step, 0) : i - tail] == new[max(j - tail - step, 0) : j - tail]:
        tail += step
        step *= 2
    while step > 1:
        step //= 2
        if old[max(i - tail - step, 0) : max(i - tail, 0)] == new[max(j - tail - step, 0) : max(j - tail, 0)]:
            tail += step
    return head, min(tail, most)


def _match(old: Sequence[int], new: Sequence[int]) -> list[Match]:
    whole = (0, len(old), 0, len(new))
    if len(old) * len(new) <= EXACT_PAIRS:
        return _exact(old, new, *whole)
    matches: list[Match] = []
    for gap in _gaps(old, new, whole):
        matches += _exact(old, new, *gap)
    return matches


def _exact(old: Sequence[Any], new: Sequence[Any], i: int, i_end: int, j: int, j_end: int) -> list[Match]:
    blocks = LCSseq.opcodes(old[i:i_end], new[j:j_end]).as_matching_blocks()
    return [(i + block.a, j + block.b, block.size) for block in blocks if block.size]


Gap = tuple[int, int, int, int]


def _gaps(old: Sequence[int], new: Sequence[int], whole: Gap) -> Iterator[Gap]:
    """Cut *whole* at anchors until every part is small enough to be solved exactly.

    An anchor belongs to the part that it begins.
    """
    todo = [(whole, 0)]
    while todo:
        gap, level = todo.pop()
        i, i_end, j, j_end = gap
        if (i_end - i) * (j_end - j) <= (EXACT_PAIRS if level < len(SHINGLES) else MOST_PAIRS):
            yield gap
            continue
        cuts = _anchors(old, new, gap, SHINGLES[level]) if level < len(SHINGLES) else _even_cuts(gap)
        starts = [(i, j), *(cut for cut in cuts if cut != (i, j))]
        ends = [*starts[1:], (i_end, j_end)]
        parts = [(a, a_end, b, b_end) for (a, b), (a_end, b_end) in zip(starts, ends, strict=True)]
        todo += [(part, level + 1 if len(parts) == 1 or level else 0) for part in reversed(_join_small(parts, level))]


def _join_small(parts: list[Gap], level: int) -> list[Gap]:
    """Join neighbours that stay small together, since a larger part gets a better match."""
    joined: list[Gap] = []
    for part in parts:
        if joined:
            i, _, j, _ = joined[-1]
            if (part[1] - i) * (part[3] - j) <= EXACT_PAIRS // 16:
                joined[-1] = (i, part[1], j, part[3])
                continue
        joined.append(part)
    return joined


def _anchors(old: Sequence[int], new: Sequence[int], gap: Gap, length: int) -> list[tuple[int, int]]:
    """Return the positions of items that are unique on both sides and in the same order (patience diff)."""
    i, i_end, j, j_end = gap
    places = _unique(old, i, i_end, length)
    others = _unique(new, j, j_end, length)
    pairs = [(places[item], place) for item, place in others.items() if item in places]
    return longest_increasing(pairs)


def _unique(items: Sequence[int], start: int, end: int, length: int) -> dict[Hashable, int]:
    shingles: list[Hashable]
    if end - start < length:
        return {}
    if length == 1:
        shingles = list(items[start:end])
    else:
        shingles = list(zip(*(items[start + shift : end - length + 1 + shift] for shift in range(length)), strict=True))
    often = Counter(shingles)
    return {item: start + place for place, item in enumerate(shingles) if often[item] == 1}


def longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence of *pairs* in which the first numbers rise; the second numbers rise already."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for place, (first, _) in enumerate(pairs):
        pile = bisect_left(tops, first)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [first]
        piles[pile : pile + 1] = [place]
    longest = []
    place = piles[-1] if piles else -1
    while place >= 0:
        longest.append(pairs[place])
        place = before[place]
    return longest[::-1]


def _even_cuts(gap: Gap) -> list[tuple[int, int]]:
    """Return evenly spaced cuts, for sequences without unique items: two words, a million times."""
    i, i_end, j, j_end = gap
    parts = 1
    while (i_end - i) * (j_end - j) > MOST_PAIRS * parts * parts:
        parts += 1
    return [(i + (i_end - i) * n // parts, j + (j_end - j) * n // parts) for n in range(1, parts)]


def best_in_order(similarity: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return the pairs of row and column, both rising, with the largest sum of *similarity*."""
    sums = [[0.0] * (len(similarity[0]) + 1)] if similarity else []
    for row in similarity:
        above, best = sums[-1], [0.0]
        for place, alike in enumerate(row):
            best.append(max(above[place + 1], best[place], above[place] + alike if alike else 0.0))
        sums.append(best)
    chosen = []
    i, j = len(similarity), len(similarity[0]) if similarity else 0
    while i and j:
        if sums[i][j] == sums[i - 1][j]:
            i -= 1
        elif sums[i][j] == sums[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            chosen.append((i, j))
    return chosen[::-1]


def in_place(chosen: Iterable[tuple[int, int]], rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Yield the *chosen* pairs; where equally many rows and columns lie between them, yield these by position."""
    i = j = 0
    for a, b in [*chosen, (rows, columns)]:
        if a - i == b - j:
            yield from zip(range(i, a), range(j, b), strict=True)
        if a < rows and b < columns:
            yield a, b
        i, j = a + 1, b + 1

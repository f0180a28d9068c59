"""Pairs the children of two blocks.

Equal children come first, as many as can be paired in order; between those, similar children, which share words.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import TypeAlias

from ..reading.tree import Block
from .cleanup import semantic_cleanup
from .columns import ColumnPairs
from .sequences import best_in_order, diff, longest_increasing
from .similarity import CLEARLY_SIMILAR, SIMILAR, Child, is_blank, is_same, name_of_child, similarity, words_of, wraps

# The old child, the new child, and whether they are equal; None if a side has none. A list means that these children
# were put into the block on the other side, or taken out of it.
Key: TypeAlias = Callable[[Child], str]
Pair: TypeAlias = tuple[Child | list[Child] | None, Child | list[Child] | None, bool]

# Elements that are paired by position even if they share no word.
CELLS = frozenset(("td", "th"))
MOST_COMPARED = 2_500  # pairs of children; for more, shared rare words choose the pairs
RARE = 8  # a word in more of the children than this is not used to choose pairs


def align(old: Sequence[Child], new: Sequence[Child], key: Key, *, similar: bool = True) -> Iterator[Pair]:
    """Yield the pairs of *old* and *new* children in document order, deleted children before added ones.

    *key* gives the string by which two children are compared. Unless *similar*, only equal children are paired.
    """
    if (
        len(old) == len(new) == 1
        and similar
        and name_of_child(old[0]) == name_of_child(new[0])
        and key(old[0]) != key(new[0])
    ):
        yield from _align_rest(old, new, key)
        return
    script = diff(map(key, old), map(key, new))
    if similar:  # blank children are all alike, so they say nothing about positions
        script = semantic_cleanup(script, lambda start, end: all(map(is_blank, old[start:end])))
    for tag, i, i_end, j, j_end in script:
        if tag == "equal":
            yield from zip(old[i:i_end], new[j:j_end], repeat(True))
        elif tag == "replace" and similar:
            for a, b, _ in _align_similar(old[i:i_end], new[j:j_end], key):
                yield (
                    a,
                    b,
                    a is not None
                    and b is not None
                    and not isinstance(a, list)
                    and not isinstance(b, list)
                    and key(a) == key(b),
                )
        else:
            yield from _one_sided(old[i:i_end], new[j:j_end])


def by_columns(old: Sequence[Child], new: Sequence[Child], columns: ColumnPairs, key: Key) -> Iterator[Pair]:
    """Yield the pairs of the cells *old* and *new*, which *columns* pairs by their indexes."""
    i = j = 0
    for a, b in [*columns, (len(old), len(new))]:
        yield from _one_sided(old[i:a], new[j:b])
        if a < len(old):
            yield old[a], new[b], key(old[a]) == key(new[b])
        i, j = a + 1, b + 1


def _one_sided(old: Sequence[Child], new: Sequence[Child]) -> Iterator[Pair]:
    for child in old:
        yield child, None, False
    for child in new:
        yield None, child, False


def _align_equal(old: Sequence[Child], new: Sequence[Child], key: Key) -> Iterator[Pair]:
    for tag, i, i_end, j, j_end in diff(map(key, old), map(key, new)):
        if tag == "equal":
            yield from zip(old[i:i_end], new[j:j_end], repeat(True))
        else:
            yield from _one_sided(old[i:i_end], new[j:j_end])


def _align_similar(old: Sequence[Child], new: Sequence[Child], key: Key) -> Iterator[Pair]:
    """Yield the pairs of children of which none are equal, except for blank ones."""
    chosen = _choose(old, new)
    i = j = 0
    for a, b in [*chosen, (len(old), len(new))]:
        yield from _align_rest(old[i:a], new[j:b], key)
        if a < len(old):
            yield old[a], new[b], False
        i, j = a + 1, b + 1


def _align_rest(old: Sequence[Child], new: Sequence[Child], key: Key) -> Iterator[Pair]:
    """Yield the pairs of children that have only their position, or their content, in common.

    Two children that may be the same element are paired before one of them is taken for a wrapper.
    """
    alone = len(old) == len(new) == 1
    if alone and is_same(old[0], new[0]):
        yield old[0], new[0], False
        return
    if len(new) == 1 and old and wraps(new[0], old):
        yield list(old), new[0], False
        return
    if len(old) == 1 and new and wraps(old[0], new):
        yield old[0], list(new), False
        return
    cells = len(old) == len(new) and all(isinstance(child, Block) and child.name in CELLS for child in (*old, *new))
    if cells:
        yield from zip(old, new, repeat(False))
    else:
        yield from _align_equal(old, new, key)


def _choose(old: Sequence[Child], new: Sequence[Child]) -> list[tuple[int, int]]:
    """Return the indexes of the children that are similar, rising on both sides."""
    head = 0
    shorter = min(len(old), len(new))
    while head < shorter and similarity(old[head], new[head]) >= CLEARLY_SIMILAR:
        head += 1
    tail = 0
    while tail < shorter - head and similarity(old[-1 - tail], new[-1 - tail]) >= CLEARLY_SIMILAR:
        tail += 1
    rest = (range(head, len(old) - tail), range(head, len(new) - tail))
    few = len(rest[0]) * len(rest[1]) <= MOST_COMPARED
    middle = (_best if few else _likely)(old, new, *rest)
    ends = [(len(old) - place, len(new) - place) for place in range(tail, 0, -1)]
    return [(place, place) for place in range(head)] + middle + ends


def _best(old: Sequence[Child], new: Sequence[Child], rows: range, columns: range) -> list[tuple[int, int]]:
    """Return the pairs with the largest sum of similarities, from a comparison of all with all."""
    similarities = [[similarity(old[i], new[j]) for j in columns] for i in rows]
    chosen = best_in_order([[alike if alike >= SIMILAR else 0.0 for alike in row] for row in similarities])
    return [(rows[i], columns[j]) for i, j in chosen]


def _likely(old: Sequence[Child], new: Sequence[Child], rows: range, columns: range) -> list[tuple[int, int]]:
    """Return pairs chosen by rare words, in time that grows with the number of words.

    Each old child is paired with the new child that shares most of its rare words; the longest rising sequence of these
    pairs is returned.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for j in columns:
        for word in words_of(new[j]):
            places[word].append(j)
    partners = []
    for i in rows:
        votes: defaultdict[int, int] = defaultdict(int)
        for word in words_of(old[i]):
            if len(found := places.get(word, ())) <= RARE:
                for j in found:
                    votes[j] += 1
        if votes:
            j = max(votes, key=lambda place: (votes[place], -abs(place - i)))
            if similarity(old[i], new[j]) >= SIMILAR:
                partners.append((i, j))
    return _in_order(partners)


def _in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    flipped = longest_increasing([(j, i) for i, j in pairs])
    return [(i, j) for j, i in flipped]

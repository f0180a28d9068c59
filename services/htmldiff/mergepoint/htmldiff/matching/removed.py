"""Pair the things that sanitising removed from one document with those that it removed from the other."""

from collections.abc import Collection, Iterator, Sequence

from ..reading.clean import Removed
from ..reading.markup import name_of
from .sequences import diff

RemovedPair = tuple[int | None, int | None, int]


def pair_removed(
    old: Sequence[Removed], new: Sequence[Removed], first: int, ignore: Collection[str]
) -> list[RemovedPair]:
    """Return the pairs of removed things, each as index in *old*, index in *new*, and number of the change.

    An index is None if that side has no such thing. The number is 0 if nothing changed; other numbers begin with
    *first*.
    """
    pairs: list[RemovedPair] = []
    for tag, i, i_end, j, j_end in diff((each.gone for each in old), (each.gone for each in new)):
        if tag == "equal":
            pairs += [(a, b, 0) for a, b in zip(range(i, i_end), range(j, j_end), strict=True)]
            continue
        for a, b in _same_kind(old, new, range(i, i_end), range(j, j_end)):
            told = old[a] if a is not None else new[b or 0]
            ignored = told.html.startswith("<!--") and "comments" in ignore
            pairs.append((a, b, 0 if ignored else first))
            first += not ignored
    return pairs


def _same_kind(
    old: Sequence[Removed], new: Sequence[Removed], rows: range, columns: range
) -> Iterator[tuple[int | None, int | None]]:
    """Yield the indexes of things of the same kind as pairs, and the other indexes with None."""
    for tag, i, i_end, j, j_end in diff((_kind(old[row]) for row in rows), (_kind(new[column]) for column in columns)):
        if tag == "equal":
            yield from zip(rows[i:i_end], columns[j:j_end], strict=True)
        else:
            yield from ((row, None) for row in rows[i:i_end])
            yield from ((None, column) for column in columns[j:j_end])


def _kind(removed: Removed) -> str:
    return name_of(removed.html) or removed.html.partition("=")[0]

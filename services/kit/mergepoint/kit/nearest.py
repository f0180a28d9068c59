"""Finds the name that is most like another among a few: a nicety, which must cost next to nothing (30 µs for 25)."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from heapq import nlargest

MOST = 40  # characters of a name that are looked at; longer names are told apart by these
CANDIDATES = 3  # names that are compared letter by letter


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of *names* that is most like *name*; some of them, if none is; None, if there are none."""
    name = name[:MOST]
    pairs = _pairs(name)

    def likeness(other: str) -> float:
        theirs = _known_pairs(other)
        return len(pairs & theirs) / (len(pairs) + len(theirs))

    matcher = SequenceMatcher(None, "", name, autojunk=False)

    def closeness(other: str) -> float:
        matcher.set_seq1(other)
        return matcher.ratio()

    return max(nlargest(CANDIDATES, names, key=likeness), key=closeness, default=None)


def _pairs(name: str) -> frozenset[str]:
    """Return the pairs of letters in *name*, with its beginning and its end."""
    framed = f"^{name}$"
    return frozenset(framed[at : at + 2] for at in range(len(framed) - 1))


_known_pairs = lru_cache(1024)(_pairs)

"""Finds the name that is most like another, among thousands, in less than a millisecond. Knows no language."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from difflib import SequenceMatcher

MOST = 32  # characters of a name that are looked at
CANDIDATES = 8  # names that are compared letter by letter, 20 to 50 µs each
BONUS = 0.1  # for a common name: less than one letter of ten counts


class Nearest:
    """An index of names by their pairs of letters; *names* tells of each whether it is a common one."""

    def __init__(self, names: Mapping[str, bool]) -> None:
        self._common = dict(names)
        self._lengths = {name: len(_pairs(name)) for name in names}
        self._by_pair: dict[str, list[str]] = defaultdict(list)
        for name in names:
            for pair in _pairs(name):
                self._by_pair[pair].append(name)

    def to(self, name: str) -> str:
        """Return the name that is most like *name*; some name, if none is."""
        name = name[:MOST]
        pairs = _pairs(name)
        shared = Counter(other for pair in pairs for other in self._by_pair.get(pair, ()))
        if not shared:
            return next(iter(self._common))

        def likeness(other: str) -> float:
            return 2 * shared[other] / (len(pairs) + self._lengths[other]) + BONUS * self._common[other]

        matcher = SequenceMatcher(None, "", name, autojunk=False)

        def closeness(other: str) -> float:
            matcher.set_seq1(other)
            return matcher.ratio() + likeness(other) / 2 + BONUS * self._common[other]

        return max(sorted(shared, key=likeness, reverse=True)[:CANDIDATES], key=closeness)


def _pairs(name: str) -> set[str]:
    """Return the pairs of letters in *name*, with its beginning and its end."""
    framed = f"^{name}$"
    return {framed[at : at + 2] for at in range(len(framed) - 1)}

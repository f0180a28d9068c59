"""The finest result that holds: every answer is checked before it leaves; one that fails is made again, coarser."""

from collections.abc import Sequence
from typing import NamedTuple

from ..diff_options import COARSE, GRANULARITIES, Choice
from ..errors import TooComplex
from ..matching.merge import merge
from ..matching.script import Change, Keep, Script, moves, number
from ..matching.segmentation import Segment
from ..matching.tokens import Tokens
from ..reading import limits, policy
from ..reading.canonical import Document, parse
from ..reading.tree import MORE_THAN_TAGS, Kinds, build
from .accept import accept_changes
from .changes import LostPair, pair_lost
from .placeholders import Gap, filled, gaps, span
from .render import Look, render


class Result(NamedTuple):
    """A script, the numbers of its pieces, those of changes that only moved, its HTML and its granularity; what of the
    *lost* things belongs together.

    Where a finer one was asked for, *degraded* says why: ``nodes`` (too many) or ``unstable`` (see Comparison).
    """

    script: Script
    numbers: Sequence[int]
    moved: frozenset[int]
    html: str
    granularity: str
    degraded: str | None = None
    lost: Sequence[LostPair] = ()


def best(old: Document, new: Document, choice: Choice, segment: Segment) -> Result:
    """Return the finest result for *old* and *new* that keeps the promises; raise TooComplex if none does."""
    first = fitting(choice.granularity, old, new)
    for granularity in (first, *coarser(first)):
        result = _result(old, new, choice, segment, granularity)
        if _holds(result.html, old, new, choice, granularity):
            reason = None if granularity == choice.granularity else "unstable" if granularity != first else "nodes"
            return result._replace(degraded=reason)
    raise TooComplex("no way was found to write this so that a parser reads it as it is")


def fitting(granularity: str, *documents: Document) -> str:
    """Return *granularity*, or ``block`` if that is finer than can be done with as many nodes as *documents* have."""
    if granularity in COARSE or not any(each.has_more_nodes_than(limits.MOST_NODES) for each in documents):
        return granularity
    return "block"


def coarser(granularity: str) -> list[str]:
    """Return what comes after *granularity* when it takes too much."""
    return [name for name in COARSE if GRANULARITIES.index(name) > GRANULARITIES.index(granularity)]


def _result(old: Document, new: Document, choice: Choice, segment: Segment, granularity: str) -> Result:
    script = script_of(old, new, choice, segment, granularity)
    pairs = moves(script) if choice.moved else []
    numbers = number(script, pairs)
    moved = frozenset(numbers[place] for place, _ in pairs)
    lost: list[LostPair] = []
    if old.lost or new.lost:
        lost = pair_lost(old.lost, new.lost, max(numbers, default=0) + 1, choice.ignore)
    writer = _Writer(script, numbers, moved, gaps(old, new, lost), choice)
    return Result(script, numbers, moved, writer.html(), granularity, lost=lost)


def script_of(old: Document, new: Document, choice: Choice, segment: Segment, granularity: str) -> Script:
    """Return how *old* became *new*."""
    if old.html == new.html:
        return [Keep(new.html)] if new.html else []
    if granularity == "document":
        return [Change(old.html, new.html)]
    kinds = Kinds()
    trees = build(old.pieces, kinds, "old"), build(new.pieces, kinds, "new")
    only_tags = MORE_THAN_TAGS.isdisjoint(kinds.values())
    tokens = Tokens(granularity, choice.ignore, segment, only_tags=only_tags)
    return merge(*trees, tokens, kinds, fine=granularity not in COARSE)


class _Writer(NamedTuple):
    """What is written, and how."""

    script: Script
    numbers: Sequence[int]
    moved: frozenset[int]
    gaps: Sequence[Gap]
    choice: Choice

    def html(self) -> str:
        choice = self.choice
        both = Look(full=choice.markup == "full", anchors=choice.page)
        old, new = both._replace(new=False), both._replace(old=False)
        anchored: set[int] = set()  # an id is there once
        if choice.view == "side-by-side":
            after = self._one(new, anchored)
            return f'<div class="diff_old">{self._one(old, anchored)}</div><div class="diff_new">{after}</div>'
        return self._one({"deletions": old, "insertions": new}.get(choice.view, both), anchored)

    def _one(self, look: Look, anchored: set[int]) -> str:
        script, numbers = self.script, self.numbers
        if self.gaps:
            script, numbers = filled(script, numbers, *self._spans(look, anchored))
        return render(script, numbers, look, self.moved, anchored)

    def _spans(self, look: Look, anchored: set[int]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        """Return what stands for gaps, by the place in the old and in the new document: in the new one if it shows."""
        spans: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
        for gap in self.gaps:
            in_new = look.new and gap.new is not None
            place = gap.new if in_new else gap.old if look.old else None
            # Of what is ignored only the new side is kept: where something was in the old document is not known then.
            if place is None or (not in_new and self.choice.ignore):
                continue
            anchor = look.anchors and gap.number > 0 and gap.number not in anchored
            anchored.update({gap.number} if anchor else ())
            spans[in_new].append((place, span(gap, full=look.full and look.old and look.new, anchor=anchor)))
        return spans


def _holds(html: str, old: Document, new: Document, choice: Choice, granularity: str) -> bool:
    """Say whether *html* is safe, is what a parser makes of it, and can be undone and done."""
    if choice.sanitize == "safe":
        if policy.cleaner().clean(html) != html:
            return False
    elif parse(html) != html:
        return False
    # One document deleted and one added is undone by what it is; looking at it would take longer than making it.
    is_whole = granularity == "document" and choice.sanitize == "safe"
    if choice.markup != "full" or choice.view != "inline" or is_whole:
        return True
    return all(
        _same(accept_changes(html, lambda change, made=made: made), document.html, choice)  # type: ignore[misc]
        for made, document in ((True, new), (False, old))
    )


def _same(html: str, other: str, choice: Choice) -> bool:
    key = Tokens(ignore=choice.ignore).key
    ours, theirs = key(html), key(other)
    if "whitespace" in choice.ignore:
        ours, theirs = "".join(ours.split()), "".join(theirs.split())
    return ours == theirs

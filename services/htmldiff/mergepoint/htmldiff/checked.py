"""The finest result that holds: every answer is checked before it leaves; one that fails is made again, coarser."""

from collections.abc import Sequence
from typing import NamedTuple

from . import limits, policy
from .choice import Choice
from .limits import TooComplex
from .merge import merge
from .normal import Document, parse
from .render import Look, render
from .resolve import resolve
from .script import Change, Keep, Script, moves, number
from .tree import MORE_THAN_TAGS, Kinds, build
from .words import COARSE, GRANULARITIES, Segment, Tokens


class Result(NamedTuple):
    """A script, the numbers of its pieces, those of changes that only moved, its HTML and its granularity.

    Where a finer one was asked for, *degraded* says why: ``nodes`` (too many) or ``unstable`` (see Comparison).
    """

    script: Script
    numbers: Sequence[int]
    moved: frozenset[int]
    html: str
    granularity: str
    degraded: str | None = None


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
    return Result(script, numbers, moved, _written(script, numbers, moved, choice), granularity)


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


def _written(script: Script, numbers: Sequence[int], moved: frozenset[int], choice: Choice) -> str:
    full = choice.markup == "full"
    old = Look(full=full, new=False, anchors=choice.page)
    new = Look(full=full, old=False, anchors=choice.page)
    if choice.view == "deletions":
        return render(script, numbers, old, moved)
    if choice.view == "insertions":
        return render(script, numbers, new, moved)
    if choice.view == "side-by-side":
        anchored: set[int] = set()  # an id is there once
        after = render(script, numbers, new, moved, anchored)
        before = render(script, numbers, old, moved, anchored)
        return f'<div class="diff_old">{before}</div><div class="diff_new">{after}</div>'
    return render(script, numbers, Look(full=full, anchors=choice.page), moved)


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
        _same(resolve(html, lambda change, made=made: made), document.html, choice)  # type: ignore[misc]
        for made, document in ((True, new), (False, old))
    )


def _same(html: str, other: str, choice: Choice) -> bool:
    key = Tokens(ignore=choice.ignore).key
    ours, theirs = key(html), key(other)
    if "whitespace" in choice.ignore:
        ours, theirs = "".join(ours.split()), "".join(theirs.split())
    return ours == theirs

"""Two documents compared: their edit script, and which of the things that were removed from them belong together."""

from collections.abc import Collection, Iterator, Sequence

from ..diff_options import COARSE, GRANULARITIES, DiffOptions
from ..reading import limits
from ..reading.canonical import Document
from ..reading.clean import Lost
from ..reading.markup import name_of
from ..reading.tree import MORE_THAN_TAGS, Kinds, build
from .inline_merge import merge_inline
from .merge import merge
from .runs import merge_runs
from .script import Change, Keep, Piece, Script
from .segmentation import Segment
from .sequences import diff
from .tokens import Tokens

LostPair = tuple[int | None, int | None, int]


def edit_script(old: Document, new: Document, choice: DiffOptions, segment: Segment, granularity: str) -> Script:
    """Return how *old* became *new*."""
    if old.html == new.html:
        return [Keep(new.html)] if new.html else []
    if granularity == "document":
        return [Change(old.html, new.html)]
    kinds = Kinds()
    trees = build(old.pieces, kinds, "old"), build(new.pieces, kinds, "new")
    only_tags = MORE_THAN_TAGS.isdisjoint(kinds.values())
    tokens = Tokens(granularity, choice.ignore, segment, only_tags=only_tags)

    def merge_two_runs(ours: str, theirs: str, lines: bool) -> Sequence[Piece]:
        lines = lines and tokens.by_word and "\n" in ours + theirs
        pieces = merge_runs(ours, theirs, tokens, kinds, lines=lines)
        return merge_inline(ours, theirs, tokens, kinds, lines=lines) if pieces is None else pieces

    return merge(*trees, tokens, None if granularity in COARSE else merge_two_runs)


def fitting(granularity: str, *documents: Document) -> str:
    """Return *granularity*, or ``block`` if that is finer than can be done with as many nodes as *documents* have."""
    if granularity in COARSE or not any(each.has_more_nodes_than(limits.MOST_NODES) for each in documents):
        return granularity
    return "block"


def coarser(granularity: str) -> list[str]:
    """Return what comes after *granularity* when it takes too much."""
    return [name for name in COARSE if GRANULARITIES.index(name) > GRANULARITIES.index(granularity)]


def pair_lost(old: Sequence[Lost], new: Sequence[Lost], first: int, ignore: Collection[str]) -> list[LostPair]:
    """Return what belongs together of that which sanitising took from each side, by places, and the change's number.

    It is 0 where nothing changed; others begin with *first*.
    """
    pairs: list[LostPair] = []
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
    old: Sequence[Lost], new: Sequence[Lost], rows: range, columns: range
) -> Iterator[tuple[int | None, int | None]]:
    """Yield the places of those of one kind together."""
    for tag, i, i_end, j, j_end in diff((_kind(old[row]) for row in rows), (_kind(new[column]) for column in columns)):
        if tag == "equal":
            yield from zip(rows[i:i_end], columns[j:j_end], strict=True)
        else:
            yield from ((row, None) for row in rows[i:i_end])
            yield from ((None, column) for column in columns[j:j_end])


def _kind(lost: Lost) -> str:
    return name_of(lost.html) or lost.html.partition("=")[0]

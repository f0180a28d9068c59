"""Makes an edit script from two documents: combines the tree merge, the merges of runs, and the tokenizer."""

from collections.abc import Sequence

from ..diff_options import COARSE, GRANULARITIES, DiffOptions
from ..reading import limits
from ..reading.canonical import Document
from ..reading.tree import MORE_THAN_TAGS, Kinds, build
from .inline_merge import merge_inline
from .merge import merge
from .runs import merge_runs
from .script import InlineChange, Keep, Operation, Script
from .segmentation import Segment
from .tokenizer import Tokenizer


def edit_script(old: Document, new: Document, options: DiffOptions, segment: Segment, granularity: str) -> Script:
    """Return the script from *old* to *new*; *granularity* is used instead of that in *options*."""
    if old.html == new.html:
        return [Keep(new.html)] if new.html else []
    if granularity == "document":
        return [InlineChange(old.html, new.html)]
    kinds = Kinds()
    trees = build(old.pieces, kinds, "old"), build(new.pieces, kinds, "new")
    only_tags = MORE_THAN_TAGS.isdisjoint(kinds.values())
    tokenizer = Tokenizer(granularity, options.ignore, segment, only_tags=only_tags)

    def merge_two_runs(ours: str, theirs: str, lines: bool) -> Sequence[Operation]:
        lines = lines and tokenizer.by_word and "\n" in ours + theirs
        operations = merge_runs(ours, theirs, tokenizer, kinds, lines=lines)
        return merge_inline(ours, theirs, tokenizer, kinds, lines=lines) if operations is None else operations

    return merge(*trees, tokenizer, None if granularity in COARSE else merge_two_runs)


def feasible_granularity(granularity: str, *documents: Document) -> str:
    """Return *granularity*, or ``block`` if it is finer and a document has more than limits.MOST_NODES nodes."""
    if granularity in COARSE or not any(each.has_more_nodes_than(limits.MOST_NODES) for each in documents):
        return granularity
    return "block"


def coarser_granularities(granularity: str) -> list[str]:
    """Return the granularities to fall back to, in order, if *granularity* takes too much time or memory."""
    return [name for name in COARSE if GRANULARITIES.index(name) > GRANULARITIES.index(granularity)]

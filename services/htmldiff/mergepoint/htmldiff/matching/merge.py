"""Merges two trees into a script, child by child, from the top. Knows no words: its caller passes the merge of runs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..reading.tree import Block
from .align import Pair as Aligned
from .align import align, by_columns
from .columns import colgroups, match_rows
from .formatting import tag_meaning
from .lines import preserves_newlines
from .script import BlockChange, Close, ColumnGroup, InlineChange, Keep, Open, Operation, Script
from .similarity import Child, html_of
from .tokenizer import Tokenizer


class Pair(NamedTuple):
    """Two blocks that are one changed block, or a block on one side only; and the children on both sides."""

    old: Block | None
    new: Block | None
    before: Sequence[Child]
    after: Sequence[Child]


Step: TypeAlias = Operation | Pair
MergeRuns: TypeAlias = Callable[
    [str, str, bool], Sequence[Operation]
]  # old run, new run, whether line breaks are preserved


def merge(old: Block, new: Block, tokenizer: Tokenizer, merge_runs: MergeRuns | None) -> Script:
    """Return the script from the tree *old* to the tree *new*; *merge_runs* merges two runs that differ.

    Without *merge_runs*, blocks and runs are either equal or not the same.
    """
    merger = _Merger(tokenizer, merge_runs)
    script: Script = []
    todo = [merger.children(old.children, new.children)]
    while todo:  # no recursion: trees may be deep
        for step in todo[-1]:
            if isinstance(step, Pair):
                todo.append(merger.inside(step))
                break
            last = script[-1] if script else None
            if (
                isinstance(step, InlineChange)
                and isinstance(last, InlineChange)
                and not (last.new or step.old)
                and last.quiet == step.quiet
            ):
                script[-1] = InlineChange(last.old, step.new, last.quiet)
            else:
                script.append(step)
        else:
            todo.pop()
    return script


class _Merger:
    def __init__(self, tokenizer: Tokenizer, merge_runs: MergeRuns | None) -> None:
        self.tokenizer = tokenizer
        self.merge_runs = merge_runs
        self.fine = merge_runs is not None
        self.any_space = "whitespace" in tokenizer.ignore
        self.key = self._key if tokenizer.ignore else html_of
        self.rows: dict[Block, Sequence[tuple[int, int]]] = {}  # the pairs of cells for each row of two tables

    def children(self, old: Sequence[Child], new: Sequence[Child], *, lines: bool = False) -> Iterator[Step]:
        yield from self._steps(align(old, new, self.key, similar=self.fine), lines=lines)

    def _steps(self, aligned: Iterable[Aligned], *, lines: bool) -> Iterator[Step]:
        for a, b, equal in aligned:
            if isinstance(a, list) and isinstance(b, Block):
                yield Pair(None, b, a, b.children)
            elif isinstance(a, Block) and isinstance(b, list):
                yield Pair(a, None, a.children, b)
            elif isinstance(a, Block) and isinstance(b, Block):
                if equal and (self.any_space or a.lead == b.lead):
                    yield Keep(b.lead + b.html, b.name)
                elif b.name == "colgroup" and a.name == b.name:
                    yield from (ColumnGroup(a, False), ColumnGroup(b, True))
                else:
                    yield Pair(a, b, a.children, b.children)
            elif isinstance(a, str) and isinstance(b, str):
                yield from self._runs(a, b, equal=equal, lines=lines)
            elif self.any_space and _is_space(self.key, a) and _is_space(self.key, b):
                yield from [Keep(b)] if isinstance(b, str) else []
            else:
                yield from _one_sided(a, is_new=False)
                yield from _one_sided(b, is_new=True)

    def inside(self, pair: Pair) -> Iterator[Step]:
        old, new = pair.old, pair.new
        quiet = columns = False
        if old and new:
            columns = self._match_columns(old, new)
            if self.any_space and not columns:
                old = old.with_space_of(new)
            if (
                not columns
                and self.tokenizer.is_same(old.tag, new.tag)
                and (old.lead, old.tail) == (new.lead, new.tail)
            ):
                old = new
            quiet = tag_meaning(self.tokenizer.key(old.tag)) == tag_meaning(self.tokenizer.key(new.tag))
        yield Open(old, new, quiet, columns)
        if pair.old and pair.new and (cells := self.rows.get(pair.old)) and cells is self.rows.get(pair.new):
            yield from self._steps(by_columns(pair.before, pair.after, cells, self.key), lines=False)
            yield Close(old, new)
            return
        lines = any(preserves_newlines(block.tag) for block in (old, new) if block)
        yield from self.children(pair.before, pair.after, lines=lines)
        yield Close(old, new)

    def _match_columns(self, old: Block, new: Block) -> bool:
        """Store the pairs of cells for the rows of two tables; return whether their column groups differ."""
        if not (old.name == new.name == "table" and self.fine):
            return False
        self.rows.update(match_rows(old, new, self.key))
        ours, theirs = ([self.key(group) for group in colgroups(table)] for table in (old, new))
        return ours != theirs

    def _runs(self, old: str, new: str, *, equal: bool, lines: bool) -> Sequence[Operation]:
        if equal:
            return [Keep(new)]
        return self.merge_runs(old, new, lines) if self.merge_runs else [InlineChange(old, new)]

    def _key(self, child: Child) -> str:
        return self.tokenizer.key(html_of(child))


def _is_space(key: Callable[[Child], str], child: Child | list[Child] | None) -> bool:
    return child is None or (isinstance(child, str) and not key(child).strip())


def _one_sided(child: Child | list[Child] | None, *, is_new: bool) -> Iterator[Operation]:
    if isinstance(child, Block):
        yield (ColumnGroup if child.name == "colgroup" else BlockChange)(child, is_new)
    elif isinstance(child, str):
        yield InlineChange("", child) if is_new else InlineChange(child, "")

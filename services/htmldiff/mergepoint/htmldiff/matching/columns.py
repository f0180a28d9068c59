"""Pair the columns of two tables, so that the cells of every row are paired in the same way."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..reading.tree import Block
from .sequences import best_in_order, in_place

MOST_COLUMNS = 50
MOST_CELLS = 50_000
SIMILAR = 0.3  # two columns can be the same if at least this share of their cells is equal
SPANS = (' colspan="', ' rowspan="')

ColumnPairs = Sequence[tuple[int, int]]
Rows = Mapping[Block, Sequence[Block]]
Key = Callable[[Block | str], str]


def colgroups(table: Block) -> list[Block]:
    return [child for child in table.children if isinstance(child, Block) and child.name == "colgroup"]


def match_rows(old: Block, new: Block, key: Key) -> Mapping[Block, ColumnPairs]:
    """Return the pairs of columns, by index, for each row of both tables that has a cell in every column."""
    ours, theirs = _regular(old), _regular(new)
    if not ours or not theirs or _is_large(ours, theirs):
        return {}
    width, new_width = (len(next(iter(rows.values()))) for rows in (ours, theirs))
    if width == new_width and len(ours) == len(theirs) == 1:  # a single row does not tell columns apart
        columns: ColumnPairs = list(in_place([], width, new_width))
        return dict.fromkeys((*ours, *theirs), columns)
    before, after = (
        [Counter(map(key, column)) for column in zip(*rows.values(), strict=True)] for rows in (ours, theirs)
    )
    similarity = [[_similarity(one, other) for other in after] for one in before]
    columns = list(in_place(best_in_order(similarity), len(before), len(after)))
    return dict.fromkeys((*ours, *theirs), columns) if columns else {}


def _regular(table: Block) -> Rows:
    """Return the rows of the commonest length in which no cell spans columns or rows."""
    rows = {row: cells for row in _rows(table) if (cells := _cells(row))}
    lengths = Counter(map(len, rows.values())).most_common(1)
    return {row: cells for row, cells in rows.items() if len(cells) == lengths[0][0]}


def _is_large(*tables: Rows) -> bool:
    columns = [len(next(iter(rows.values()))) for rows in tables]
    return max(columns) > MOST_COLUMNS or sum(map(len, tables)) * max(columns) > MOST_CELLS


def _rows(table: Block) -> Iterator[Block]:
    for part in table.children:
        if isinstance(part, Block) and part.name in ("thead", "tbody", "tfoot"):
            yield from (row for row in part.children if isinstance(row, Block) and row.name == "tr")


def _cells(row: Block) -> list[Block]:
    """Return the cells of *row*; an empty list if a cell spans, or if *row* holds anything else."""
    cells = [child for child in row.children if isinstance(child, Block)]
    spans = any(span in cell.tag for cell in cells for span in SPANS)
    return [] if spans or len(cells) < len(row.children) else cells


def _similarity(one: Counter[str], other: Counter[str]) -> float:
    share = (one & other).total() / max(one.total(), other.total())
    return share if share >= SIMILAR else 0.0

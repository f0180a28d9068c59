"""The edit script of two documents: a flat list of operations in document order.

The old sides of all operations, joined, are the old document; the new sides are the new document. The elements that
operations open and close nest.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from ..reading.tree import Block, Tag


class Keep(NamedTuple):
    """HTML that is in both documents. *name* is that of the element if *html* is one whole block, else empty."""

    html: str
    name: str = ""


class InlineChange(NamedTuple):
    """Inline content that changed from *old* to *new*, with balanced tags; either may be empty. *quiet*: invisible."""

    old: str
    new: str
    quiet: bool = False


class Open(NamedTuple):
    """The start of an element that is on both sides, perhaps changed, or on one side around content of both.

    *quiet*: the difference of the tags is not visible. *columns*: the table's column groups differ.
    """

    old: Tag | None
    new: Tag | None
    quiet: bool = False
    columns: bool = False


class Close(NamedTuple):
    """The end of the element of the last Open that has no Close yet."""

    old: Tag | None
    new: Tag | None


class BlockChange(NamedTuple):
    """A block with all its content, on one side only."""

    block: Block
    is_new: bool


class ColumnGroup(NamedTuple):
    """A colgroup of one side, of a table that is on both sides: part of the change of that table."""

    block: Block
    is_new: bool


Operation: TypeAlias = Keep | InlineChange | Open | Close | BlockChange | ColumnGroup
Script: TypeAlias = list[Operation]


def is_tag_change(operation: Open) -> bool:
    """Return whether the tags differ visibly, and not only in the white space before them."""
    old, new, quiet, columns = operation
    if columns:
        return True
    return not quiet and old is not new and (old is None or new is None or old.tag != new.tag)


def is_change(operation: Operation) -> bool:
    if isinstance(operation, Open):
        old, new = operation.old, operation.new
        if old is new and not operation.columns:
            return False
        spaced = bool(old and new) and (old.lead, old.tail) != (new.lead, new.tail)  # type: ignore[union-attr]
        return is_tag_change(operation) or spaced
    return isinstance(operation, BlockChange) or (isinstance(operation, InlineChange) and not operation.quiet)


def number_changes(script: Sequence[Operation], moves: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Return for each operation of *script* the number of its change, 0 if it is no visible change.

    Numbers begin with 1 and rise in document order. *moves* are pairs of indexes of operations that are one change.
    """
    same = {max(pair): min(pair) for pair in moves}
    numbers: list[int] = []
    opened: list[int] = []
    last = 0
    for place, operation in enumerate(script):
        if isinstance(operation, Close):
            numbers.append(opened.pop())
            continue
        if place in same:
            numbers.append(numbers[same[place]])
        elif is_change(operation):
            last += 1
            numbers.append(last)
        else:
            numbers.append(opened[-1] if isinstance(operation, ColumnGroup) else 0)
        if isinstance(operation, Open):
            opened.append(numbers[-1])
    return numbers


def find_moves(script: Sequence[Operation]) -> list[tuple[int, int]]:
    """Return the indexes (deleted, added) of equal blocks that are deleted in one place and added in another."""
    deleted: dict[str, list[int]] = {}
    for place, operation in enumerate(script):
        if isinstance(operation, BlockChange) and not operation.is_new:
            deleted.setdefault(operation.block.html, []).append(place)
    pairs = []
    for place, operation in enumerate(script):
        if isinstance(operation, BlockChange) and operation.is_new and (places := deleted.get(operation.block.html)):
            pairs.append((places.pop(0), place))
    return pairs


def markup_of(tag: Tag, operation: Open | Close) -> str:
    """Return the markup of *tag* where *operation* opens or closes it, with the white space that belongs to it."""
    if isinstance(operation, Open):
        return tag.lead + tag.tag if tag.begins else ""
    return tag.tail + tag.end if tag.ends else ""

"""The edit script of two documents: a flat list of operations in document order.

The old sides of all operations, joined, are the old document; the new sides are the new document. The elements that
operations open and close nest.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from ..reading.tree import Block, Tag


class Keep(NamedTuple):
    """In both. *name* is the element's when it is a block with all that is in it."""

    html: str
    name: str = ""


class InlineChange(NamedTuple):
    """Inline content, each element in it closed: *old* became *new*; either may be empty. Not *quiet*: it shows."""

    old: str
    new: str
    quiet: bool = False


class Open(NamedTuple):
    """An element begins: on both sides, perhaps changed, or on one side only, around what may be on both.

    *quiet*: nobody sees the difference of the tags. *columns*: a table's differ, as if they were an attribute.
    """

    old: Tag | None
    new: Tag | None
    quiet: bool = False
    columns: bool = False


class Close(NamedTuple):
    """The element of the last Open that is not closed ends."""

    old: Tag | None
    new: Tag | None


class BlockChange(NamedTuple):
    """A block with all that is in it, on one side only."""

    block: Block
    is_new: bool


class ColumnGroup(NamedTuple):
    """A colgroup, on one side only, of a table that is on both: part of that table's change."""

    block: Block
    is_new: bool


Operation: TypeAlias = Keep | InlineChange | Open | Close | BlockChange | ColumnGroup
Script: TypeAlias = list[Operation]


def is_tag_change(operation: Open) -> bool:
    """Say whether the tags differ in what is seen, not only in the white space before them."""
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
    """Return the number of the change that each operation of *script* is, 0 if it is none.

    Numbers rise in document order from 1. *moves* are the places of two operations that are one change.
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
    """Return the places of blocks that are deleted here and added there, the same: (old, new)."""
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
    """Return what *tag* writes where *operation* opens or closes it."""
    if isinstance(operation, Open):
        return tag.lead + tag.tag if tag.begins else ""
    return tag.tail + tag.end if tag.ends else ""

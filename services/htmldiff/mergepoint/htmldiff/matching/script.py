"""What two documents have in common and what not, as a flat list of pieces in document order.

The old sides of all pieces, joined, are the old document; the new sides are the new one. The elements that pieces open
and close nest.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..reading.tree import Block, Tag


class Keep(NamedTuple):
    """In both. *name* is the element's when it is a block with all that is in it."""

    html: str
    name: str = ""


class Change(NamedTuple):
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


class Whole(NamedTuple):
    """A block with all that is in it, on one side only."""

    block: Block
    is_new: bool


class Columns(NamedTuple):
    """A colgroup, on one side only, of a table that is on both: part of that table's change."""

    block: Block
    is_new: bool


Piece: TypeAlias = Keep | Change | Open | Close | Whole | Columns
Script: TypeAlias = list[Piece]


def is_tag_change(piece: Open) -> bool:
    """Say whether the tags differ in what is seen, not only in the white space before them."""
    old, new, quiet, columns = piece
    if columns:
        return True
    return not quiet and old is not new and (old is None or new is None or old.tag != new.tag)


def is_change(piece: Piece) -> bool:
    if isinstance(piece, Open):
        old, new = piece.old, piece.new
        if old is new and not piece.columns:
            return False
        spaced = bool(old and new) and (old.lead, old.tail) != (new.lead, new.tail)  # type: ignore[union-attr]
        return is_tag_change(piece) or spaced
    return isinstance(piece, Whole) or (isinstance(piece, Change) and not piece.quiet)


def number(script: Sequence[Piece], moves: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Return the number of the change that each piece of *script* is, 0 if it is none.

    Numbers rise in document order from 1. *moves* are the places of two pieces that are one change.
    """
    same = {max(pair): min(pair) for pair in moves}
    numbers: list[int] = []
    opened: list[int] = []
    last = 0
    for place, piece in enumerate(script):
        if isinstance(piece, Close):
            numbers.append(opened.pop())
            continue
        if place in same:
            numbers.append(numbers[same[place]])
        elif is_change(piece):
            last += 1
            numbers.append(last)
        else:
            numbers.append(opened[-1] if isinstance(piece, Columns) else 0)
        if isinstance(piece, Open):
            opened.append(numbers[-1])
    return numbers


def moves(script: Sequence[Piece]) -> list[tuple[int, int]]:
    """Return the places of blocks that are deleted here and added there, the same: (old, new)."""
    deleted: dict[str, list[int]] = {}
    for place, piece in enumerate(script):
        if isinstance(piece, Whole) and not piece.is_new:
            deleted.setdefault(piece.block.html, []).append(place)
    pairs = []
    for place, piece in enumerate(script):
        if isinstance(piece, Whole) and piece.is_new and (places := deleted.get(piece.block.html)):
            pairs.append((places.pop(0), place))
    return pairs


def side(script: Iterable[Piece], *, is_new: bool) -> Iterator[str]:
    """Yield the old or the new document, in parts."""
    for piece in script:
        if isinstance(piece, Keep):
            yield piece.html
        elif isinstance(piece, Change):
            yield piece.new if is_new else piece.old
        elif isinstance(piece, Whole | Columns):
            if piece.is_new == is_new:
                yield piece.block.lead + piece.block.html
        elif tag := piece.new if is_new else piece.old:
            yield written(tag, piece)


def written(tag: Tag, piece: Open | Close) -> str:
    """Return what *tag* writes where *piece* opens or closes it."""
    if isinstance(piece, Open):
        return tag.lead + tag.tag if tag.begins else ""
    return tag.tail + tag.end if tag.ends else ""

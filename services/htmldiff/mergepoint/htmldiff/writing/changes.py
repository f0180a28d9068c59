"""A script as a list of changes, for programs and for people who want to go through them."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..matching.columns import colgroups
from ..matching.removed import RemovedPair
from ..matching.script import Change as Text
from ..matching.script import Close, Columns, Keep, Open, Piece, Script, Whole
from ..reading.clean import Removed
from ..reading.tree import Block, Tag

KINDS = (
    "inserted",
    "deleted",
    "replaced",
    "moved",
    "tag_added",
    "tag_deleted",
    "tag_replaced",
    "attributes",
    "whitespace",
    "comment",
    "removed_active",
)


@dataclass(frozen=True)
class Change:
    """One change: *old* and *new* are HTML, *path* is that of the block it is in or is, in the new document if it can
    be, else in the old one. What ``removed_active`` and ``comment`` tell was not sanitised: never show it as HTML.
    """

    id: int
    kind: str
    path: str
    old: str
    new: str


def describe(script: Script, numbers: Sequence[int], moved: Collection[int]) -> list[Change]:
    """Return the changes of *script* by their *numbers*; those in *moved* only moved."""
    paths = _Paths()
    changes: dict[int, Change] = {}
    for piece, number in zip(script, numbers, strict=True):
        path = paths.follow(piece)
        if not number or isinstance(piece, Close | Columns):
            continue
        if number in moved:
            html = piece.block.html if isinstance(piece, Whole) else ""
            changes.setdefault(number, Change(number, "moved", path, html, html))
        else:
            changes[number] = Change(number, *_told(piece, path))
    return list(changes.values())


def describe_removed(old: Sequence[Removed], new: Sequence[Removed], pairs: Sequence[RemovedPair]) -> list[Change]:
    """Return how what sanitising took from each side differs."""
    changes = []
    for a, b, number in pairs:
        before, after = old[a].html if a is not None else "", new[b].html if b is not None else ""
        if number:
            kind = "comment" if (before or after).startswith("<!--") else "removed_active"
            changes.append(Change(number, kind, "", before, after))
    return changes


def _told(piece: Piece, path: str) -> tuple[str, str, str, str]:
    if isinstance(piece, Text):
        kind = "replaced" if piece.old and piece.new else "inserted" if piece.new else "deleted"
        return kind, path, piece.old, piece.new
    if isinstance(piece, Whole):
        html = piece.block.html
        return ("inserted", path, "", html) if piece.is_new else ("deleted", path, html, "")
    assert isinstance(piece, Open)
    old, new, quiet, columns = piece
    if old is None or new is None:
        return ("tag_added" if new else "tag_deleted"), path, old.tag if old else "", new.tag if new else ""
    if old.name != new.name and not quiet:
        return "tag_replaced", path, old.tag, new.tag
    if columns:
        return "attributes", path, old.tag + _columns_of(old), new.tag + _columns_of(new)
    if old.tag != new.tag and not quiet:
        return "attributes", path, old.tag, new.tag
    spaces = (old.lead, old.tail), (new.lead, new.tail)
    before, after = ("".join(space) for space in spaces)
    return ("comment" if "<!--" in before + after else "whitespace"), path, before, after


def _columns_of(table: Tag) -> str:
    return "".join(group.html for group in colgroups(table)) if isinstance(table, Block) else ""


class _Paths:
    """Where a script is in both documents: as ``/ul[1]/li[2]``, blocks only."""

    def __init__(self) -> None:
        self._stacks: dict[bool, list[tuple[str, Counter[str]]]] = {side: [("", Counter())] for side in (False, True)}
        self._open: list[tuple[bool, ...]] = []

    def follow(self, piece: Piece) -> str:
        """Take one more *piece*; return the path of the block that it is or is in."""
        if isinstance(piece, Keep):
            if piece.name:
                self._count(piece.name, False)
                self._count(piece.name, True)
        elif isinstance(piece, Whole | Columns):
            return self._count(piece.block.name, piece.is_new)
        elif isinstance(piece, Close):
            for side in self._open.pop():
                self._stacks[side].pop()
        elif isinstance(piece, Open):
            return self._enter(piece)
        return self._stacks[True][-1][0] or "/"

    def _enter(self, piece: Open) -> str:
        tags = {False: piece.old, True: piece.new}
        sides = tuple(side for side, tag in tags.items() if isinstance(tag, Block))
        path = self._stacks[True][-1][0]
        for side in sides:
            tag = tags[side]
            assert tag
            path = self._count(tag.name, side)
            self._stacks[side].append((path, Counter()))
        self._open.append(sides)
        return path or "/"

    def _count(self, name: str, side: bool) -> str:
        path, counter = self._stacks[side][-1]
        counter[name] += 1
        return f"{path}/{name}[{counter[name]}]"

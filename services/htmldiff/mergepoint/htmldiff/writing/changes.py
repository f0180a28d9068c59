"""Describes a script as a list of changes, for programs and people."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..matching.columns import colgroups
from ..matching.removed import RemovedPair
from ..matching.script import BlockChange, Close, ColumnGroup, InlineChange, Keep, Open, Operation, Script
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
    """One change: its *kind* is one of KINDS, *old* and *new* are HTML.

    *path* leads to the block that changed or in which the change is, such as ``/ul[1]/li[2]``: in the new document, or
    in the old one if the new one has no such block. The HTML of ``removed_active`` and ``comment`` is not sanitised:
    never show it as HTML.
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
    for operation, number in zip(script, numbers, strict=True):
        path = paths.follow(operation)
        if not number or isinstance(operation, Close | ColumnGroup):
            continue
        if number in moved:
            html = operation.block.html if isinstance(operation, BlockChange) else ""
            changes.setdefault(number, Change(number, "moved", path, html, html))
        else:
            changes[number] = Change(number, *_describe_operation(operation, path))
    return list(changes.values())


def describe_removed(old: Sequence[Removed], new: Sequence[Removed], pairs: Sequence[RemovedPair]) -> list[Change]:
    """Return the changes among the things that sanitising removed, which *pairs* pairs by index."""
    changes = []
    for a, b, number in pairs:
        before, after = old[a].html if a is not None else "", new[b].html if b is not None else ""
        if number:
            kind = "comment" if (before or after).startswith("<!--") else "removed_active"
            changes.append(Change(number, kind, "", before, after))
    return changes


def _describe_operation(operation: Operation, path: str) -> tuple[str, str, str, str]:
    if isinstance(operation, InlineChange):
        kind = "replaced" if operation.old and operation.new else "inserted" if operation.new else "deleted"
        return kind, path, operation.old, operation.new
    if isinstance(operation, BlockChange):
        html = operation.block.html
        return ("inserted", path, "", html) if operation.is_new else ("deleted", path, html, "")
    assert isinstance(operation, Open)
    old, new, quiet, columns = operation
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
    """The current position of a script in both documents, such as ``/ul[1]/li[2]``; only blocks count."""

    def __init__(self) -> None:
        self._stacks: dict[bool, list[tuple[str, Counter[str]]]] = {side: [("", Counter())] for side in (False, True)}
        self._open: list[tuple[bool, ...]] = []

    def follow(self, operation: Operation) -> str:
        """Take one more *operation*; return the path of the block that it is or is in."""
        if isinstance(operation, Keep):
            if operation.name:
                self._count(operation.name, False)
                self._count(operation.name, True)
        elif isinstance(operation, BlockChange | ColumnGroup):
            return self._count(operation.block.name, operation.is_new)
        elif isinstance(operation, Close):
            for side in self._open.pop():
                self._stacks[side].pop()
        elif isinstance(operation, Open):
            return self._enter(operation)
        return self._stacks[True][-1][0] or "/"

    def _enter(self, operation: Open) -> str:
        tags = {False: operation.old, True: operation.new}
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

"""Writes notes, such as ``[formula changed]``, in gaps that sanitising left and readers would see.

Neither document has these notes. They are inserted into the finished script, so that they change no number.
reading/gaps.py finds the gaps.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..matching.removed import RemovedPair
from ..matching.script import BlockChange, Close, ColumnGroup, InlineChange, Keep, Open, Operation, Script, markup_of
from ..reading.canonical import Document
from ..reading.markup import TABLE_PARTS, names, split
from ..reading.tree import Block, Kinds, build
from . import marks

# The class of the note for each status.
STATUS = {"added": marks.ADDED, "removed": marks.DELETED, "changed": marks.REPLACED, "": ""}
CLASS = "diff_placeholder"
# Elements that hold parts but no text: a note for a gap in them stands at the next position where text may.
NO_TEXT = TABLE_PARTS | names("dl menu ol ul")


class Placeholder(NamedTuple):
    """A note for a removed element of this *kind* (gaps.KINDS).

    *old* and *new* are its offsets in the canonical documents, None where it is not; *number* is that of its change,
    0 if it did not change.
    """

    kind: str
    old: int | None
    new: int | None
    number: int

    @property
    def status(self) -> str:
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        return "changed" if self.number else ""


def find_placeholders(old: Document, new: Document, pairs: Sequence[RemovedPair]) -> list[Placeholder]:
    """Return the notes for the gaps of both documents; *pairs* tells which removed things belong together."""
    found = []
    for i, j, number in pairs:
        before = old.gaps.get(i) if i is not None else None
        after = new.gaps.get(j) if j is not None else None
        if gap := after or before:
            found.append(Placeholder(gap.kind, before and before.offset, after and after.offset, number))
    return found


def span(gap: Placeholder, *, full: bool, anchor: bool) -> str:
    """Return the HTML of the note *gap*, in *full* markup or not, with an ``id`` if it is an *anchor*."""
    classes = " ".join(filter(None, (CLASS, f"diff_{gap.kind}", STATUS[gap.status])))
    ours = f' {marks.PLACEHOLDER}="{gap.number}"' if full else ""
    id = f' id="diff-{gap.number}"' if anchor else ""
    return f'<span class="{classes}"{ours}{id}>[{" ".join(filter(None, (gap.kind, gap.status)))}]</span>'


def insert_spans(
    script: Script, numbers: Sequence[int], old: Sequence[tuple[int, str]], new: Sequence[tuple[int, str]]
) -> tuple[Script, list[int]]:
    """Return *script* and *numbers* with the HTML in *old* and *new* inserted at those offsets of the two documents."""
    filler = _Filler(old, new)
    operations = list(filler.operations(script, numbers))
    return [operation for operation, _ in operations], [number for _, number in operations]


class _Side:
    """The notes that are still to be inserted into one document, and the offset up to which it is written."""

    def __init__(self, spans: Sequence[tuple[int, str]]) -> None:
        self.spans = sorted(spans, key=lambda each: each[0])
        self.place = 0
        self.next = 0

    def take(self, length: int, *, last: bool = False) -> list[tuple[int, str]]:
        """Go on by *length* characters; return the notes that belong there, with their offsets in that stretch."""
        taken = []
        while self.next < len(self.spans) and (
            self.spans[self.next][0] < self.place + length or (last and self.spans[self.next][0] <= self.place + length)
        ):
            place, html = self.spans[self.next]
            taken.append((max(place - self.place, 0), html))
            self.next += 1
        self.place += length
        return taken


class _Filler:
    def __init__(self, old: Sequence[tuple[int, str]], new: Sequence[tuple[int, str]]) -> None:
        self.old, self.new = _Side(old), _Side(new)
        self.open: list[str] = []
        self.waiting: list[str] = []
        self.kinds = Kinds()

    def operations(self, script: Script, numbers: Sequence[int]) -> Iterator[tuple[Operation, int]]:
        for operation, number in zip(script, numbers, strict=True):
            yield from ((each, 0) for each in self._before(operation))
            yield self._fill(operation), number
        rest = [html for side in (self.old, self.new) for _, html in side.take(0, last=True)]
        self.waiting += rest
        if self.waiting:
            yield Keep("".join(self.waiting)), 0

    def _before(self, operation: Operation) -> list[Keep]:
        """Take the notes that belong to a tag; return all that are waiting if text may stand here."""
        if isinstance(operation, Open | Close):
            for side, tag in ((self.old, operation.old), (self.new, operation.new)):
                taken = side.take(len(markup_of(tag, operation)) if tag else 0)
                # A note after white space of the tag has a space of its own: the other one follows it.
                self.waiting += [html.replace(">[", "> [", 1) if place else html for place, html in taken]
        ready = self.waiting if not (self.open and self.open[-1] in NO_TEXT) else []
        kept = [Keep("".join(ready))] if ready else []
        self.waiting = [] if ready else self.waiting
        if isinstance(operation, Open):
            tag = operation.new or operation.old
            self.open.append(tag.name if tag else "")
        elif isinstance(operation, Close):
            self.open.pop()
        return kept

    def _fill(self, operation: Operation) -> Operation:
        if isinstance(operation, Keep):
            length = len(operation.html)
            return operation._replace(html=_put(operation.html, self.old.take(length) + self.new.take(length)))
        if isinstance(operation, InlineChange):
            old = _put(operation.old, self.old.take(len(operation.old)))
            return operation._replace(old=old, new=_put(operation.new, self.new.take(len(operation.new))))
        if isinstance(operation, BlockChange | ColumnGroup):
            text = operation.block.lead + operation.block.html
            return self._whole(operation, text, (self.new if operation.is_new else self.old).take(len(text)))
        return operation

    def _whole(self, operation: BlockChange | ColumnGroup, text: str, taken: list[tuple[int, str]]) -> Operation:
        if not taken:
            return operation
        inside = [(place, html) for place, html in taken if place > len(operation.block.lead)]
        self.waiting += [html for place, html in taken if place <= len(operation.block.lead)]
        children = build(split(_put(text, inside)), self.kinds, "html").children
        if len(children) == 1 and isinstance(children[0], Block):
            return operation._replace(block=children[0])
        return operation


def _put(html: str, spans: Sequence[tuple[int, str]]) -> str:
    """Return *html* with *spans* inserted at their offsets, none of which is inside a tag."""
    for place, text in sorted(spans, key=lambda each: each[0], reverse=True):
        html = html[:place] + text + html[place:]
    return html

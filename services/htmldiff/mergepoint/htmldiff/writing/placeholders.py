"""What stands where sanitising left a gap that readers would see: ``[formula changed]``. In neither document.

Where the gaps are, a second reading tells, which leaves comments there; they are taken out again.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..matching.removed import RemovedPair
from ..matching.script import BlockChange, Close, ColumnGroup, InlineChange, Keep, Open, Operation, Script, markup_of
from ..reading.canonical import Document
from ..reading.markup import TABLE_PARTS, names, split
from ..reading.tree import Block, Kinds, build
from . import marks

# What a status is called, and the class that shows it.
STATUS = {"added": marks.ADDED, "removed": marks.DELETED, "changed": marks.REPLACED, "": ""}
CLASS = "diff_placeholder"
# In these stand parts, no text: what was lost there is told in the next place for text.
NO_TEXT = TABLE_PARTS | names("dl menu ol ul")


class Placeholder(NamedTuple):
    """Something lost: where it was in the old and the new document, and the number of its change, 0 if it stayed."""

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
    """Return what stands for the gaps of both documents; *pairs* tell which removed things belong together."""
    found = []
    for i, j, number in pairs:
        before = old.gaps.get(i) if i is not None else None
        after = new.gaps.get(j) if j is not None else None
        if gap := after or before:
            found.append(Placeholder(gap.kind, before and before.offset, after and after.offset, number))
    return found


def span(gap: Placeholder, *, full: bool, anchor: bool) -> str:
    """Return what stands for *gap*."""
    classes = " ".join(filter(None, (CLASS, f"diff_{gap.kind}", STATUS[gap.status])))
    ours = f' {marks.PLACEHOLDER}="{gap.number}"' if full else ""
    id = f' id="diff-{gap.number}"' if anchor else ""
    return f'<span class="{classes}"{ours}{id}>[{" ".join(filter(None, (gap.kind, gap.status)))}]</span>'


def insert_spans(
    script: Script, numbers: Sequence[int], old: Sequence[tuple[int, str]], new: Sequence[tuple[int, str]]
) -> tuple[Script, list[int]]:
    """Return *script* and *numbers* with *old* and *new* HTML at those places of the two documents."""
    filler = _Filler(old, new)
    pieces = list(filler.pieces(script, numbers))
    return [piece for piece, _ in pieces], [number for _, number in pieces]


class _Side:
    """What is still to be put into one document, and how far that is written."""

    def __init__(self, spans: Sequence[tuple[int, str]]) -> None:
        self.spans = sorted(spans, key=lambda each: each[0])
        self.place = 0
        self.next = 0

    def take(self, length: int, *, last: bool = False) -> list[tuple[int, str]]:
        """Go on by *length*; return what is to be put in there, by places in it."""
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

    def pieces(self, script: Script, numbers: Sequence[int]) -> Iterator[tuple[Operation, int]]:
        for piece, number in zip(script, numbers, strict=True):
            yield from ((each, 0) for each in self._before(piece))
            yield self._fill(piece), number
        rest = [html for side in (self.old, self.new) for _, html in side.take(0, last=True)]
        self.waiting += rest
        if self.waiting:
            yield Keep("".join(self.waiting)), 0

    def _before(self, piece: Operation) -> list[Keep]:
        """Take what stands before a tag, and return what is waiting, if text may stand here."""
        if isinstance(piece, Open | Close):
            for side, tag in ((self.old, piece.old), (self.new, piece.new)):
                taken = side.take(len(markup_of(tag, piece)) if tag else 0)
                # After white space that goes with the tag: it would follow.
                self.waiting += [html.replace(">[", "> [", 1) if place else html for place, html in taken]
        ready = self.waiting if not (self.open and self.open[-1] in NO_TEXT) else []
        kept = [Keep("".join(ready))] if ready else []
        self.waiting = [] if ready else self.waiting
        if isinstance(piece, Open):
            tag = piece.new or piece.old
            self.open.append(tag.name if tag else "")
        elif isinstance(piece, Close):
            self.open.pop()
        return kept

    def _fill(self, piece: Operation) -> Operation:
        if isinstance(piece, Keep):
            length = len(piece.html)
            return piece._replace(html=_put(piece.html, self.old.take(length) + self.new.take(length)))
        if isinstance(piece, InlineChange):
            old = _put(piece.old, self.old.take(len(piece.old)))
            return piece._replace(old=old, new=_put(piece.new, self.new.take(len(piece.new))))
        if isinstance(piece, BlockChange | ColumnGroup):
            text = piece.block.lead + piece.block.html
            return self._whole(piece, text, (self.new if piece.is_new else self.old).take(len(text)))
        return piece

    def _whole(self, piece: BlockChange | ColumnGroup, text: str, taken: list[tuple[int, str]]) -> Operation:
        if not taken:
            return piece
        inside = [(place, html) for place, html in taken if place > len(piece.block.lead)]
        self.waiting += [html for place, html in taken if place <= len(piece.block.lead)]
        children = build(split(_put(text, inside)), self.kinds, "html").children
        if len(children) == 1 and isinstance(children[0], Block):
            return piece._replace(block=children[0])
        return piece


def _put(html: str, spans: Sequence[tuple[int, str]]) -> str:
    """Return *html* with *spans* at their places, none of which is inside a tag."""
    for place, text in sorted(spans, key=lambda each: each[0], reverse=True):
        html = html[:place] + text + html[place:]
    return html

"""A script into HTML."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..matching.lines import cut_lines, keeps_lines
from ..matching.script import Change, Close, Columns, Keep, Open, Script, Whole, is_tag_change
from ..reading.markup import MARKUP, NEVER_NESTED, add_class, name_of
from ..reading.tree import Kinds
from . import marks

NOT_NESTED = re.compile(rf"<(/?)(?:{'|'.join(sorted(NEVER_NESTED))})(?=[ >])[^>]*>")


class Look(NamedTuple):
    """What a rendered script looks like: *full* markup or classic, which sides show, whether changes have an ``id``."""

    full: bool = False
    old: bool = True
    new: bool = True
    anchors: bool = False


def render(
    script: Script,
    numbers: Sequence[int],
    look: Look,
    moved: frozenset[int] = frozenset(),
    anchored: set[int] | None = None,
) -> str:
    """Return *script* as HTML; *numbers* are those of its pieces, *moved* those of changes that only moved.

    *anchored* are the numbers of changes that have an ``id`` already; those that get one are added.
    """
    renderer = _Renderer(look, moved, set() if anchored is None else anchored)
    for piece, number in zip(script, numbers, strict=True):
        renderer.add(piece, number)
    return "".join(renderer.out)


class _Renderer:
    def __init__(self, look: Look, moved: frozenset[int], anchored: set[int]) -> None:
        self.look = look
        self.moved = moved
        self.out: list[str] = []
        # Of what is open: the end tag, the start tag if it is unmarked, whether lines count in it.
        self.ends: list[tuple[str, str, bool]] = []
        self.lined = 0  # how many of those are open
        self.kinds = Kinds()
        self.closed: list[tuple[int, str]] = []  # where in the output elements ended, and their start tags
        self.links = 0  # how many elements are open in which no other of their name may stand
        self.anchored = anchored

    def add(self, piece: object, number: int) -> None:
        if isinstance(piece, Keep):
            self.out.append(piece.html)
        elif isinstance(piece, Change):
            self._change(piece, number)
        elif isinstance(piece, Open):
            self._open(piece, number)
        elif isinstance(piece, Close):
            self._close(piece)
        elif isinstance(piece, Whole):
            self._whole(piece, number)
        elif isinstance(piece, Columns):
            self._columns(piece, number)

    def _change(self, piece: Change, number: int) -> None:
        if piece.quiet:
            self._unseen(piece)
            return
        if self.look.old and piece.old:
            old = self._without_links(piece.old) if self.links else piece.old
            self._marked(old, "del", self._more(number), number)
        if self.look.new and piece.new:
            self._marked(piece.new, "ins", self._more(number), number)

    def _marked(self, html: str, mark: str, more: str, number: int) -> None:
        """Write *html* marked; where lines count, no mark goes over the end of one."""
        full = self.look.full
        if not (self.lined and "\n" in html):
            self.out.append(marks.changed(html, mark, more, full=full))
            return
        for line in cut_lines(html, self.kinds):
            text = line if full or not html.strip() else line.removesuffix("\n")
            self.out += [marks.changed(text, mark, more, full=full), line.removeprefix(text)]
            more = marks.number(number, full=full) if text else more

    def _unseen(self, piece: Change) -> None:
        """Write what shows nothing: as it is on the side that is shown; both sides in full markup."""
        look = self.look
        if look.full and look.old and look.new:
            self.out += [marks.unseen(piece.old, "del"), marks.unseen(piece.new, "ins")]
        else:
            self.out.append(piece.new if look.new else piece.old)

    def _open(self, piece: Open, number: int) -> None:
        if piece.old is piece.new and piece.new and not number:
            self.out += [piece.new.lead, piece.new.tag]
            self._opened(piece.new.tag, piece.new.end, piece.new.tag)
            return
        shown = piece.new if piece.new and (self.look.new or not piece.old) else piece.old
        assert shown
        start, end = self._tags(piece, number)
        plain = shown.tag if not number else ""
        goes_on = not shown.begins and self.closed[-1:] == [(len(self.out), plain)]
        if goes_on and end and plain and not self._inline_full():
            self.out.pop()
            self.closed.pop()
        elif end or start:
            self.out += [shown.lead, start]
        self._opened(start, end, plain)

    def _opened(self, start: str, end: str, plain: str) -> None:
        lined = keeps_lines(start)
        self.links += name_of(end) in NEVER_NESTED
        self.lined += lined
        self.ends.append((end, plain, lined))

    def _tags(self, piece: Open, number: int) -> tuple[str, str]:
        """Return start and end as they are written; nothing, where the element is on the side that is not shown."""
        old, new = piece.old, piece.new
        look = self.look
        full = look.full
        sides = (old if look.old else None, new if look.new else None)
        if not any(sides):
            return "", ""
        only = sides[1] or sides[0]
        assert only
        if not number:
            if self._inline_full() and old is not new:
                return marks.quiet(old, new)
            if None in (old, new) and look.old and look.new and not new:
                return "", ""
            return only.tag, only.end
        more = self._more(number, new.tag if new else "") + (marks.joins(old, new) if self._inline_full() else "")
        if new and old:
            if sides[1]:
                return marks.replaced(old, new, more, full=full, shows=is_tag_change(piece)), new.end
            return (add_class(old.tag, marks.REPLACED, more) if is_tag_change(piece) else old.tag), old.end
        if new:
            return marks.added(new.tag, more, full=full), new.end
        return marks.deleted(only.tag, more, full=full)

    def _inline_full(self) -> bool:
        return self.look.full and self.look.old and self.look.new

    def _close(self, piece: Close) -> None:
        end, plain, lined = self.ends.pop()
        self.lined -= lined
        tag = piece.new if piece.new and self.look.new else piece.old or piece.new
        self.links -= name_of(end) in NEVER_NESTED
        if end:
            self.out += [tag.tail, end] if tag and tag.tail else [end]
            self.closed.append((len(self.out), plain))

    def _whole(self, piece: Whole, number: int) -> None:
        if not (self.look.new if piece.is_new else self.look.old):
            return
        mark, word = ("ins", marks.ADDED) if piece.is_new else ("del", marks.DELETED)
        more, link = self._more(number, piece.block.tag), ""
        if number in self.moved:
            word += f" {marks.MOVED}"
            more, link = self._moved(piece, number)
        inner = marks.number(number, full=self.look.full)
        for what, part in piece.block.walk():
            if isinstance(part, str):
                self.out.append(link)
                self._marked(part, mark, inner, number)
                link = ""
            elif what == "start":
                self.out += [part.lead, add_class(part.tag, word, more)]
                self.lined += keeps_lines(part.tag)
                more = inner
                link = "" if part.name in NEVER_NESTED else link
            else:
                self.out += [part.tail, part.end]
                self.lined -= keeps_lines(part.tag)

    def _columns(self, piece: Columns, number: int) -> None:
        """Write a colgroup as if it were an attribute: that of the new side if both show; both in full markup."""
        block, is_new = piece
        start = block.tag
        if self._inline_full():
            start = marks.column(block.tag, number, is_new=is_new)
        elif is_new != self.look.new:
            return
        self.out += [block.lead, start, block.html.removeprefix(block.tag)]

    def _moved(self, piece: Whole, number: int) -> tuple[str, str]:
        """Return the attributes of a block that moved, and the link to its other place."""
        here, there = ("to", "from") if piece.is_new else ("from", "to")
        more = marks.number(number, full=self.look.full)
        link = marks.link(number, there, full=self.look.full)
        both_show = self.look.old and self.look.new and not self.links
        if ' id="' in piece.block.tag or not both_show:
            return more, ""
        return f'{more} id="diff-{number}-{here}"', link

    def _more(self, number: int, tag: str = "") -> str:
        """Return the attributes of a mark; *tag* is what it is put on, if that was there before."""
        more = marks.number(number, full=self.look.full)
        if self.look.anchors and number not in self.anchored and ' id="' not in tag:
            self.anchored.add(number)
            more += f' id="diff-{number}"'
        return more

    def _without_links(self, html: str) -> str:
        return MARKUP.sub(self._unlinked, html)

    def _unlinked(self, markup: re.Match[str]) -> str:
        tag = NOT_NESTED.fullmatch(markup[0])
        if not tag:
            return markup[0]
        return "</span>" if tag[1] else marks.stand_in(tag[0], full=self.look.full)

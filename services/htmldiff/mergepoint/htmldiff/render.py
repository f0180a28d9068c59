"""A script into HTML."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import marks
from .markup import MARKUP, NEVER_NESTED, VOID, add_class, name_of
from .script import Change, Close, Keep, Open, Script, Whole, is_tag_change

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
        self.ends: list[str] = []
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

    def _change(self, piece: Change, number: int) -> None:
        full = self.look.full
        if self.look.old and piece.old:
            old = self._without_links(piece.old) if self.links else piece.old
            self.out.append(marks.changed(old, "del", self._more(number), full=full))
        if self.look.new and piece.new:
            self.out.append(marks.changed(piece.new, "ins", self._more(number), full=full))

    def _open(self, piece: Open, number: int) -> None:
        old, new = piece
        full = self.look.full
        shows = bool(new and self.look.new) or bool(old and self.look.old)
        more = self._more(number, new.tag if new else "") if number and shows else ""
        end = ""
        if new and not (old and not self.look.new):
            end = f"</{new.name}>"
            if old is None and not self.look.new:
                end = ""
            elif old is None:
                self.out += [new.lead, marks.added(new.tag, more, full=full)]
            else:
                self.out += [new.lead, marks.replaced(old, new, more, full=full) if number else new.tag]
        elif old and self.look.old:
            if new is None:
                start, end = marks.deleted(old.tag, more, full=full)
            else:
                start, end = old.tag, f"</{old.name}>"
                if is_tag_change(piece):
                    start = add_class(start, marks.REPLACED, more)
            self.out += [old.lead, start]
        if end and name_of(end) in VOID:
            end = ""
        self.links += name_of(end) in NEVER_NESTED
        self.ends.append(end)

    def _close(self, piece: Close) -> None:
        end = self.ends.pop()
        tag = piece.new if piece.new and self.look.new else piece.old or piece.new
        self.links -= name_of(end) in NEVER_NESTED
        self.out += [tag.tail if tag and end else "", end]

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
                self.out += [link, marks.changed(part, mark, inner, full=self.look.full)]
                link = ""
            elif what == "start":
                self.out += [part.lead, add_class(part.tag, word, more)]
                more = inner
                link = "" if part.name in NEVER_NESTED else link
            else:
                self.out += [part.tail, part.end]

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

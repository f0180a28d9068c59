"""Renders a script as HTML. Knows nothing of views; its options name the sides to show."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..matching.lines import preserves_newlines, split_lines
from ..matching.script import BlockChange, Close, ColumnGroup, InlineChange, Keep, Open, Script, is_tag_change
from ..reading.markup import MARKUP, NEVER_NESTED, add_class, name_of
from ..reading.tree import Kinds
from . import marks

NOT_NESTED = re.compile(rf"<(/?)(?:{'|'.join(sorted(NEVER_NESTED))})(?=[ >])[^>]*>")


class RenderOptions(NamedTuple):
    """How a script is rendered: in *full* markup or classic, which sides show, whether changes get an ``id``."""

    full: bool = False
    show_old: bool = True
    show_new: bool = True
    anchors: bool = False

    @property
    def inline_full(self) -> bool:
        """Return whether this is full markup of both sides, which a program can undo."""
        return self.full and self.show_old and self.show_new


def render(
    script: Script,
    numbers: Sequence[int],
    options: RenderOptions,
    moved: frozenset[int] = frozenset(),
    anchored: set[int] | None = None,
) -> str:
    """Return *script* as HTML; *numbers* has the change of each operation, *moved* the changes that are only moves.

    *anchored* has the changes whose ``id`` is written already; those that get one here are added to it.
    """
    renderer = _Renderer(options, moved, set() if anchored is None else anchored)
    for operation, number in zip(script, numbers, strict=True):
        renderer.add(operation, number)
    return "".join(renderer.out)


class _Renderer:
    def __init__(self, options: RenderOptions, moved: frozenset[int], anchored: set[int]) -> None:
        self.options = options
        self.moved = moved
        self.out: list[str] = []
        # For each open element: the end tag, the start tag if it is unmarked, whether it preserves line breaks.
        self.ends: list[tuple[str, str, bool]] = []
        self.lined = 0  # number of open elements that preserve line breaks
        self.kinds = Kinds()
        self.closed: list[tuple[int, str]] = []  # the lengths of the output where elements ended, and their start tags
        self.links = 0  # number of open elements of NEVER_NESTED
        self.anchored = anchored

    def add(self, operation: object, number: int) -> None:
        if isinstance(operation, Keep):
            self.out.append(operation.html)
        elif isinstance(operation, InlineChange):
            self._change(operation, number)
        elif isinstance(operation, Open):
            self._open(operation, number)
        elif isinstance(operation, Close):
            self._close(operation)
        elif isinstance(operation, BlockChange):
            self._whole(operation, number)
        elif isinstance(operation, ColumnGroup):
            self._columns(operation, number)

    def _change(self, operation: InlineChange, number: int) -> None:
        if operation.quiet:
            self._unseen(operation)
            return
        if self.options.show_old and operation.old:
            old = self._without_links(operation.old) if self.links else operation.old
            self._write_marked(old, "del", self._more(number), number)
        if self.options.show_new and operation.new:
            self._write_marked(operation.new, "ins", self._more(number), number)

    def _write_marked(self, html: str, mark: str, more: str, number: int) -> None:
        """Write *html* marked; where line breaks are preserved, no mark crosses one."""
        full = self.options.full
        if not (self.lined and "\n" in html):
            self.out.append(marks.mark_inline(html, mark, more, full=full))
            return
        for line in split_lines(html, self.kinds):
            text = line if full or not html.strip() else line.removesuffix("\n")
            self.out += [marks.mark_inline(text, mark, more, full=full), line.removeprefix(text)]
            more = marks.id_attribute(number, full=full) if text else more

    def _unseen(self, operation: InlineChange) -> None:
        """Write an invisible change: the side that shows, or both sides in full markup."""
        options = self.options
        if options.inline_full:
            self.out += [marks.carry_unseen(operation.old, "del"), marks.carry_unseen(operation.new, "ins")]
        else:
            self.out.append(operation.new if options.show_new else operation.old)

    def _open(self, operation: Open, number: int) -> None:
        if operation.old is operation.new and operation.new and not number:
            self.out += [operation.new.lead, operation.new.tag]
            self._push_end(operation.new.tag, operation.new.end, operation.new.tag)
            return
        shown = operation.new if operation.new and (self.options.show_new or not operation.old) else operation.old
        assert shown
        start, end = self._tags(operation, number)
        plain = shown.tag if not number else ""
        goes_on = not shown.begins and self.closed[-1:] == [(len(self.out), plain)]
        if goes_on and end and plain and not self.options.inline_full:
            self.out.pop()
            self.closed.pop()
        elif end or start:
            self.out += [shown.lead, start]
        self._push_end(start, end, plain)

    def _push_end(self, start: str, end: str, plain: str) -> None:
        lined = preserves_newlines(start)
        self.links += name_of(end) in NEVER_NESTED
        self.lined += lined
        self.ends.append((end, plain, lined))

    def _tags(self, operation: Open, number: int) -> tuple[str, str]:
        """Return the start and the end tag to write; empty strings if the element is on a side that is not shown."""
        old, new = operation.old, operation.new
        options = self.options
        full = options.full
        sides = (old if options.show_old else None, new if options.show_new else None)
        if not any(sides):
            return "", ""
        only = sides[1] or sides[0]
        assert only
        if not number:
            if self.options.inline_full and old is not new:
                return marks.mark_quiet(old, new)
            if None in (old, new) and options.show_old and options.show_new and not new:
                return "", ""
            return only.tag, only.end
        more = self._more(number, new.tag if new else "") + (
            marks.joins_attribute(old, new) if self.options.inline_full else ""
        )
        if new and old:
            if sides[1]:
                return marks.mark_replaced(old, new, more, full=full, shows=is_tag_change(operation)), new.end
            return (add_class(old.tag, marks.REPLACED, more) if is_tag_change(operation) else old.tag), old.end
        if new:
            return marks.mark_added(new.tag, more, full=full), new.end
        return marks.mark_deleted(only.tag, more, full=full)

    def _close(self, operation: Close) -> None:
        end, plain, lined = self.ends.pop()
        self.lined -= lined
        tag = operation.new if operation.new and self.options.show_new else operation.old or operation.new
        self.links -= name_of(end) in NEVER_NESTED
        if end:
            self.out += [tag.tail, end] if tag and tag.tail else [end]
            self.closed.append((len(self.out), plain))

    def _whole(self, operation: BlockChange, number: int) -> None:
        if not (self.options.show_new if operation.is_new else self.options.show_old):
            return
        mark, word = ("ins", marks.ADDED) if operation.is_new else ("del", marks.DELETED)
        more, link = self._more(number, operation.block.tag), ""
        if number in self.moved:
            word += f" {marks.MOVED}"
            more, link = self._move_attributes(operation, number)
        inner = marks.id_attribute(number, full=self.options.full)
        for what, part in operation.block.walk():
            if isinstance(part, str):
                self.out.append(link)
                self._write_marked(part, mark, inner, number)
                link = ""
            elif what == "start":
                self.out += [part.lead, add_class(part.tag, word, more)]
                self.lined += preserves_newlines(part.tag)
                more = inner
                link = "" if part.name in NEVER_NESTED else link
            else:
                self.out += [part.tail, part.end]
                self.lined -= preserves_newlines(part.tag)

    def _columns(self, operation: ColumnGroup, number: int) -> None:
        """Write a colgroup as if it were an attribute: that of the new side if both show; both in full markup."""
        block, is_new = operation
        start = block.tag
        if self.options.inline_full:
            start = marks.mark_column(block.tag, number, is_new=is_new)
        elif is_new != self.options.show_new:
            return
        self.out += [block.lead, start, block.html.removeprefix(block.tag)]

    def _move_attributes(self, operation: BlockChange, number: int) -> tuple[str, str]:
        """Return the attributes of a block that moved, and the link to its other place."""
        here, there = ("to", "from") if operation.is_new else ("from", "to")
        more = marks.id_attribute(number, full=self.options.full)
        link = marks.link_to_other(number, there, full=self.options.full)
        both_show = self.options.show_old and self.options.show_new and not self.links
        if ' id="' in operation.block.tag or not both_show:
            return more, ""
        return f'{more} id="diff-{number}-{here}"', link

    def _more(self, number: int, tag: str = "") -> str:
        """Return the attributes of a mark; *tag* is the input's tag that it is put on, if it is not one of ours."""
        more = marks.id_attribute(number, full=self.options.full)
        if self.options.anchors and number not in self.anchored and ' id="' not in tag:
            self.anchored.add(number)
            more += f' id="diff-{number}"'
        return more

    def _without_links(self, html: str) -> str:
        return MARKUP.sub(self._replace_link, html)

    def _replace_link(self, markup: re.Match[str]) -> str:
        tag = NOT_NESTED.fullmatch(markup[0])
        if not tag:
            return markup[0]
        return "</span>" if tag[1] else marks.stand_in(tag[0], full=self.options.full)

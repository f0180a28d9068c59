"""Accepts or rejects changes in full markup. It needs only the HTML, neither the script nor the inputs."""

from collections.abc import Callable
from typing import NamedTuple

from ..reading.markup import (
    ATTRIBUTE,
    BLOCKS,
    OUR_ID,
    OURS,
    SPACE,
    TABLE_PARTS,
    UNSEEN,
    VOID,
    drop_class,
    is_end,
    name_of,
    split,
    start_tag,
    unescape,
)
from ..reading.tree import ATOM, SINGLE, WITH_TEXT, Kinds
from . import marks

LEAVES = frozenset((SINGLE, ATOM, WITH_TEXT))
Accepts = Callable[[int], bool]

# Classes of marked elements: whether the element is on the new side only, and whether on the old side only.
WORDS = {
    f"{marks.ADDED} {marks.MOVED}": (True, False),
    f"{marks.DELETED} {marks.MOVED}": (False, True),
    marks.ADDED: (True, False),
    marks.DELETED: (False, True),
    marks.REPLACED: (False, False),
}


class Mark(NamedTuple):
    """The parsed marks of a start tag."""

    number: int  # of the change; 0: an invisible difference; -1: within a deleted element
    name: str
    is_new: bool
    is_old: bool
    is_plain: bool  # an ins or del that is only a mark
    attributes: dict[str, str]  # without ours
    ours: dict[str, str]

    def old_tag(self) -> tuple[str, str]:
        """Return name and tag as the old document has them."""
        name = self.ours.get(marks.TAG, self.name)
        old = {key.removeprefix(marks.OLD): value for key, value in self.ours.items() if key.startswith(marks.OLD)}
        gained = unescape(self.ours.get(marks.NEW_ATTRIBUTES, "")).split(" ")
        kept = {key: value for key, value in self.attributes.items() if key not in gained}
        return name, start_tag(name, dict(sorted((kept | old).items())))


def read(tag: str) -> Mark | None:
    """Return the marks of *tag*; None if it has none."""
    found = dict(ATTRIBUTE.findall(tag))
    ours = {key: value for key, value in found.items() if key.startswith(OURS)}
    if not ours:
        return None
    theirs = {key: value for key, value in found.items() if key not in ours}
    number = int(ours.pop(marks.ID, -1))
    if OUR_ID.match(theirs.get("id", "")):
        del theirs["id"]
    name = name_of(tag)
    is_plain = name in ("ins", "del") and not theirs and not ours
    is_new, is_old = (is_plain and name == "ins", is_plain and name == "del")
    if side := ours.get(marks.SIDE):
        is_new, is_old = side == "new", side == "old"
    classes = "" if side else theirs.get("class", "")
    for word, sides in WORDS.items():
        if classes == word or classes.endswith(f" {word}"):
            is_new, is_old = sides
            rest = drop_class(classes, word)
            theirs = {key: value for key, value in theirs.items() if key != "class"}
            theirs |= {} if rest is None else {"class": rest}
            break
    return Mark(number, name, is_new, is_old, is_plain, dict(sorted(theirs.items())), ours)


def accept_changes(html: str, accepts: Accepts) -> str:
    """Return the document that *html*, in full markup, becomes with some changes accepted and all others rejected.

    *html* must be the content of an answer with ``markup=full`` and the inline view, unchanged. *accepts* takes the id
    of a change and says whether it is accepted; the id 0 is that of all invisible differences.
    """
    return _Resolver(accepts).run(split(html))


class End(NamedTuple):
    """How an open element ends: *tail* replaces the white space there unless None, *html* is the end tag."""

    tail: str | None = None
    html: str = ""
    tag: str = ""  # the start tag


class _Resolver:
    def __init__(self, accepts: Accepts) -> None:
        self.accepts = accepts
        self.kinds = Kinds()
        self.out: list[str] = []
        self.ends: list[End] = []
        # The lengths of the output where elements ended, and their start tags: their next parts may join there.
        self.closed: list[tuple[int, str]] = []
        self.hidden = 0  # depth within an element that is dropped with its content
        self.in_neither = False  # whether that element is a link or a note, which neither document has
        self.since_tag = 0  # length of the output at the last tag

    def run(self, pieces: list[str]) -> str:
        for place, piece in enumerate(pieces):
            if not place & 1:
                if piece and not self.hidden:
                    self.out.append(piece)
                continue
            if piece.startswith(self._unseen()):
                if not self.hidden:
                    self.out.append(piece)
            else:
                self._tag(piece, holds=self.kinds[piece] not in LEAVES and name_of(piece) not in VOID)
                if not self.in_neither:
                    self.since_tag = len(self.out)
                self.in_neither = self.in_neither and self.hidden > 0
        return "".join(self.out)

    def _unseen(self) -> tuple[str, ...]:
        """Return the beginnings of the markup that belongs to white space here."""
        in_table = self.ends and self.ends[-1].html[2:-1] in TABLE_PARTS
        return UNSEEN if in_table else UNSEEN[:1]

    def _tag(self, tag: str, *, holds: bool) -> None:
        if self.hidden:
            self.hidden += -1 if is_end(tag) else holds
        elif is_end(tag):
            self._end()
        else:
            # Elements that change as one have no marks of ours, and the content of scripts is not parsed.
            mark = read(tag) if OURS in tag and self.kinds[tag] not in (ATOM, WITH_TEXT) else None
            if mark:
                self._decide(mark, holds=holds)
            else:
                self._write(tag, name_of(tag), holds=holds)

    def _decide(self, mark: Mark, *, holds: bool) -> None:
        if marks.LINK in mark.ours or marks.PLACEHOLDER in mark.ours:
            self.hidden, self.in_neither = 1, True
            return
        makes = mark.number >= 0 and self.accepts(mark.number)
        stays = makes if mark.is_new else not makes if mark.is_old else True
        if not stays:
            is_block = mark.name in BLOCKS
            if is_block:
                self._replace_space("")
            if marks.SCOPE in mark.ours:
                self.ends.append(End("" if is_block else None))
            else:
                self.hidden = int(holds)
        elif mark.is_plain:
            self.ends.append(End())
        else:
            self._write_mark(mark, makes=makes, holds=holds)

    def _write_mark(self, mark: Mark, *, makes: bool, holds: bool) -> None:
        joins = mark.ours.get(marks.JOINS, "").split(" ")
        if makes and not mark.is_old:
            tag = start_tag(mark.name, mark.attributes)
            self._write(tag, mark.name, holds=holds, joins="new" in joins)
            return
        name, tag = mark.old_tag()
        if marks.LEAD in mark.ours:
            self._replace_space(unescape(mark.ours[marks.LEAD]))
        self._write(tag, name, holds=holds, tail=mark.ours.get(marks.TAIL), joins="old" in joins)

    def _write(self, tag: str, name: str, *, holds: bool, tail: str | None = None, joins: bool = False) -> None:
        if joins and self.closed and self.closed[-1] == (len(self.out), tag):
            self.closed.pop()
            self.out.pop()
        else:
            self.out.append(tag)
        if holds:
            self.ends.append(End(None if tail is None else unescape(tail), f"</{name}>", tag))

    def _end(self) -> None:
        end = self.ends.pop()
        if end.tail is not None:
            self._replace_space(end.tail)
        if end.html:
            self.out.append(end.html)
            self.closed.append((len(self.out), end.tag))

    def _replace_space(self, space: str) -> None:
        """Write *space* instead of the white space and comments since the last tag: they go with a block tag."""
        out = self.out
        while len(out) > self.since_tag:
            text = "" if out[-1].startswith(UNSEEN) else out[-1].rstrip(SPACE)
            if text:
                out[-1] = text
                break
            out.pop()
        if space:
            out.append(space)

"""Divides canonical markup into blocks and runs.

A *block* is an element that no mark can surround: paragraphs, lists, rows, and every element that contains such a one.
A *run* is the markup between two block tags, with text and whole inline elements. A run is a string. The children of a
block are found on first access, since most blocks are equal on both sides and are never opened.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..errors import TooComplex
from .markup import ATOMS, BLOCKS, RAW, SPACE, TABLE_PARTS, TEXT_ONLY, UNSEEN, VOID, is_end, join_atoms, name_of

INLINE, BLOCK, VOID_BLOCK, END, ATOM, SINGLE, COMMENT, WITH_TEXT = range(8)
# Kinds of markup whose content may hold <, > and spaces that are not those of a tag.
MORE_THAN_TAGS = frozenset((ATOM, COMMENT, WITH_TEXT))


class Kinds(dict[str, int]):
    """The kind of each tag, one of the eight above; computed once for each tag."""

    def __missing__(self, tag: str) -> int:
        kind = self[tag] = self._judge(tag)
        return kind

    @staticmethod
    def _judge(tag: str) -> int:
        name = name_of(tag)
        if not name:
            return COMMENT
        if is_end(tag):
            return END
        if name in VOID:
            return VOID_BLOCK if name in BLOCKS else SINGLE
        if name in RAW or name in TEXT_ONLY:
            return WITH_TEXT
        if name in BLOCKS:
            return BLOCK
        return ATOM if name in ATOMS else INLINE


class Outline:
    """Split canonical markup, the kinds of its tags, and where each element ends."""

    def __init__(self, pieces: Sequence[str], kinds: Kinds, field: str) -> None:
        found = list(map(kinds.__getitem__, pieces[1::2]))
        if ATOM in found:
            pieces = join_atoms(pieces)
            found = list(map(kinds.__getitem__, pieces[1::2]))
        self.pieces = pieces
        self.kinds = found
        self.ends = list(range(len(self.kinds)))
        self._find_ends(field)

    def _find_ends(self, field: str) -> None:
        """Match the tags; inline elements that hold a block become blocks."""
        kinds, ends = self.kinds, self.ends
        names = list(map(name_of, self.pieces[1::2]))
        stack: list[int] = []
        for place, kind in enumerate(kinds):
            if kind == END:
                if not stack or names[stack[-1]] != names[place]:
                    raise TooComplex(f"{field} has an end tag without a start tag", field=field)
                ends[stack.pop()] = place
            elif kind <= VOID_BLOCK:
                if kind != INLINE and stack and kinds[stack[-1]] == INLINE:
                    self._make_blocks(stack)
                if kind != VOID_BLOCK:
                    stack.append(place)
        if stack:
            raise TooComplex(f"{field} has an element without an end tag", field=field)

    def _make_blocks(self, stack: Sequence[int]) -> None:
        kinds = self.kinds
        for place in reversed(stack):
            if kinds[place] != INLINE:
                break
            kinds[place] = BLOCK


class Block:
    """An element with its content. *lead* is the white space before its start tag, *tail* that before its end tag."""

    __slots__ = ("_children", "_html", "_outline", "_tail", "first", "last", "lead", "name", "tag", "words")
    begins = ends = True  # a block is never split, as inline elements are (Element)

    def __init__(self, outline: Outline, first: int, last: int, lead: str) -> None:
        self._outline = outline
        self.first = first
        self.last = last
        self.lead = lead
        self.tag = outline.pieces[first] if first >= 0 else ""
        self.name = name_of(self.tag)
        self.words: frozenset[str] | None = None
        self._tail = ""
        self._html: str | None = None
        self._children: list[Block | str] | None = None

    @property
    def html(self) -> str:
        """The element as it stands in the document, without *lead*."""
        if self._html is None:
            self._html = "".join(self._outline.pieces[self.first : self.last])
        return self._html

    @property
    def end(self) -> str:
        return "" if self.name in VOID else f"</{self.name}>"

    @property
    def children(self) -> list["Block | str"]:
        """The blocks and runs in it, in order."""
        if self._children is None:
            self._children = []
            if self.name not in VOID:
                self._find_children(self._children)
        return self._children

    @property
    def tail(self) -> str:
        _ = self.children  # finding them finds the tail
        return self._tail

    def with_space_of(self, other: "Block") -> "Block":
        """Return this start tag with the white space of *other*."""
        twin = Block(self._outline, self.first, self.first + 1, other.lead)
        twin._children = []
        twin._tail = other.tail
        return twin

    def walk(self) -> Iterator[tuple[str, "Block | str"]]:
        """Yield ``("start", block)``, ``("run", html)`` and ``("end", block)`` in order, this block's own included."""
        yield "start", self
        todo = [(self, iter(self.children))]
        while todo:
            block, children = todo[-1]
            for child in children:
                if isinstance(child, str):
                    yield "run", child
                else:
                    yield "start", child
                    todo.append((child, iter(child.children)))
                    break
            else:
                todo.pop()
                yield "end", block

    def _find_children(self, children: list["Block | str"]) -> None:
        pieces, kinds, ends = self._outline.pieces, self._outline.kinds, self._outline.ends
        run: list[str] = []
        place, last = self.first + 1, self.last - 1 if self.tag else self.last
        while place < last:
            end = 2 * ends[place >> 1] + 2 if place & 1 else place + 1
            if place & 1 and kinds[place >> 1] in (BLOCK, VOID_BLOCK):
                named = name_of(pieces[place]) in BLOCKS
                lead = self._take_space(run) if named else ""
                _flush(run, children)
                children.append(Block(self._outline, place, end, lead))
            elif pieces[place]:
                run += pieces[place:end]
            place = end
        if self.name in BLOCKS:
            self._tail = self._take_space(run)
        _flush(run, children)

    def _take_space(self, run: list[str]) -> str:
        """Take white space and invisible markup from the end of *run*: it belongs to the block tag that follows."""
        space = ""
        unseen = UNSEEN if self.name in TABLE_PARTS else UNSEEN[:1]
        while run:
            last = run.pop()
            if last.startswith(unseen):
                space = last + space
                continue
            text = last.rstrip(SPACE)  # a tag ends with its >
            space = last[len(text) :] + space
            if text:
                run.append(text)
                break
        return space


class Element(NamedTuple):
    """The tag of an inline element, or of one part of an element that is split; *begins* and *ends* say which part."""

    name: str
    tag: str
    lead: str = ""
    tail: str = ""
    begins: bool = True
    ends: bool = True

    @property
    def end(self) -> str:
        return "" if self.name in VOID else f"</{self.name}>"


Tag: TypeAlias = Block | Element


def _flush(run: list[str], children: list[Block | str]) -> None:
    if run:
        children.append("".join(run))
        run.clear()


def build(pieces: Sequence[str], kinds: Kinds, field: str) -> Block:
    """Return the tree of split canonical markup: a block without a tag."""
    outline = Outline(pieces, kinds, field)
    return Block(outline, -1, len(outline.pieces), "")

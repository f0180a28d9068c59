"""Two runs whose inline elements differ: the words are matched without tags, then the elements go around them.

An element covers an interval of the matched words. Elements are cut where that lets the old and the new ones nest and
pair (cut.py); where one that cannot be cut crosses another, the fewest words that undo it count as deleted and added
instead. What is left nests, and one walk over both sides writes it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ..reading.markup import NEVER_NESTED, SPACE, VOID, name_of
from ..reading.tree import Element, Kinds
from .cleanup import tidy
from .formatting import UNSEEN_ON_SPACE, formats, shows_nothing
from .inline_tree import Node, Side, Span
from .lines import Compare, IsWeak, differ_for
from .script import Change, Close, Keep, Open, Piece
from .splitting import cut
from .tokens import Tokens

ROUNDS = 4  # of cutting: a cut can make others cross


def merge_inline(old: str, new: str, tokens: Tokens, kinds: Kinds, *, lines: bool = False) -> list[Piece]:
    """Return how the run *old* became *new*, where *lines* count line by line."""
    ours, theirs = (tokens.finer(tokens.cut(run), lines=lines) for run in (old, new))
    return _merge_tokens(ours, theirs, tokens, kinds, *differ_for(lines=lines))


def _merge_tokens(
    old: Sequence[str], new: Sequence[str], tokens: Tokens, kinds: Kinds, compare: Compare, is_weak: IsWeak
) -> list[Piece]:
    ours, theirs = Side(old, kinds), Side(new, kinds)
    words = [ours.html(leaf) for leaf in ours.leaves]
    script = compare(tokens.compared(words), tokens.compared([theirs.html(leaf) for leaf in theirs.leaves]))
    script = tidy(script, lambda start, end: is_weak(words[start:end]))
    kept = [
        (i, j)
        for tag, first, last, new_first, new_last in script
        if tag == "equal"
        for i, j in zip(range(first, last), range(new_first, new_last), strict=True)
    ]
    _place(ours, theirs, kept)
    rounds = 0
    while rounds < ROUNDS and cut(ours, theirs):
        rounds += 1
    if rounds and _crosses(ours, theirs):  # words would be lost from parts of elements: as a whole then
        ours, theirs = Side(old, kinds), Side(new, kinds)
        _place(ours, theirs, kept)
    _uncross(ours, theirs, kept)
    return _quieted(_joined(_Weaver(ours, theirs, tokens).pieces()), tokens)


def _place(old: Side, new: Side, kept: Sequence[tuple[int, int]]) -> None:
    old.place([i for i, _ in kept])
    new.place([j for _, j in kept])


def _uncross(old: Side, new: Side, kept: list[tuple[int, int]]) -> None:
    """Take from *kept* what keeps an old and a new element from nesting."""
    while given_up := _crosses(old, new):
        kept[:] = [pair for place, pair in enumerate(kept) if place not in given_up]
        _place(old, new, kept)


def _crosses(old: Side, new: Side) -> set[int]:
    """Return places in what is kept whose loss lets elements nest, or come nearer to it."""
    return set(_crossing([node.kept for node in (*old.elements, *new.elements)]))


def _crossing(spans: Sequence[Span]) -> Iterator[int]:
    """Yield places whose loss lets crossing *spans* nest, or come nearer to it."""
    stack: list[Span] = []
    for first, last in sorted(spans, key=lambda span: (span[0], -span[1])):
        while stack and stack[-1][1] <= first:
            stack.pop()
        if first == last:
            continue
        if stack and stack[-1][1] < last:
            outer_first, outer_last = stack[-1]
            choices = (range(first, outer_last), range(outer_first, first), range(outer_last, last))
            yield from min(choices, key=len)
        else:
            stack.append((first, last))


Step: TypeAlias = "Piece | tuple[Piece, Sequence[Node], Sequence[Node], Piece]"


class _Weaver:
    def __init__(self, old: Side, new: Side, tokens: Tokens) -> None:
        self.old = old
        self.new = new
        self.tokens = tokens

    def pieces(self) -> Iterator[Piece]:
        """Walk both trees at once, without recursion: they may be deep."""
        todo: list[tuple[Iterator[Step], Piece | None]] = [
            (self._steps(self.old.root.children, self.new.root.children), None)
        ]
        while todo:
            steps, end = todo[-1]
            for step in steps:
                if isinstance(step, Keep | Change | Open | Close):
                    yield step
                else:
                    start, old, new, inner_end = step  # type: ignore[misc]
                    yield start
                    todo.append((self._steps(old, new), inner_end))
                    break
            else:
                todo.pop()
                if end:
                    yield end

    def _steps(self, old: Sequence[Node], new: Sequence[Node]) -> Iterator[Step]:
        i = j = 0
        while i < len(old) or j < len(new):
            if i < len(old) and _is_lost(old[i]):
                yield Change(self.old.html(old[i]), "")
                i += 1
            elif j < len(new) and _is_lost(new[j]):
                yield Change("", self.new.html(new[j]))
                j += 1
            else:
                ours, theirs = old[i], new[j]
                i_end, j_end = i + 1, j + 1
                if not ours.element and not theirs.element:
                    yield from self._leaf(self.old.html(ours), self.new.html(theirs))
                elif _is_outer(ours, theirs):
                    j_end = _end_within(new, j, ours)
                    yield self._around(ours.element, None, ours.children, new[j:j_end])
                elif _is_outer(theirs, ours):
                    i_end = _end_within(old, i, theirs)
                    yield self._around(None, theirs.element, old[i:i_end], theirs.children)
                else:
                    yield self._around(ours.element, theirs.element, ours.children, theirs.children)
                i, j = i_end, j_end

    def _leaf(self, old: str, new: str) -> Sequence[Step]:
        """What is kept may be written in another way."""
        if self.tokens.is_same(old, new):
            return [Keep(new)]
        ours, theirs = Element(name_of(old), old), Element(name_of(new), new)
        return [Open(ours, theirs), Close(ours, theirs)]

    def _around(self, old: Element | None, new: Element | None, ours: Sequence[Node], theirs: Sequence[Node]) -> Step:
        if old and new and self.tokens.is_same(old.tag, new.tag):
            old = old._replace(tag=new.tag)
            if old == new and new.begins and new.ends:
                old = new
        return Open(old, new), ours, theirs, Close(old, new)


def _is_lost(node: Node) -> bool:
    return node.kept[0] == node.kept[1]


def _is_outer(node: Node, other: Node) -> bool:
    """Say whether *node* goes around *other*, as it is on its own side only."""
    if not node.element or node.kept[1] < other.kept[1]:
        return False
    if node.kept[1] > other.kept[1] or not other.element:
        return True
    # Around the same words: is another of the same name further in?
    if node.element.name == other.element.name:
        return False
    return other.element.name in _names_within(node) or (
        node.element.name not in _names_within(other) and not _may_replace(node.element, other.element)
    )


def _may_replace(element: Element, other: Element) -> bool:
    return not {element.name, other.name} & NEVER_NESTED


def _names_within(node: Node) -> set[str]:
    names = set()
    inner: Node | None = node
    while inner:
        inner = next((child for child in inner.children if child.element and child.kept == node.kept), None)
        if inner and inner.element:
            names.add(inner.element.name)
    return names


def _end_within(nodes: Sequence[Node], start: int, outer: Node) -> int:
    """Return where the *nodes* that belong into *outer* end; what is lost at their end stays outside."""
    end = start
    for place in range(start, len(nodes)):
        if nodes[place].kept[0] >= outer.kept[1] and not _is_lost(nodes[place]):
            break
        if not _is_lost(nodes[place]):
            end = place + 1
    return end


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Join neighbours of one kind; what was deleted comes before what was added."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, Keep) and isinstance(last, Keep):
            joined[-1] = Keep(last.html + piece.html)
        elif isinstance(piece, Change) and isinstance(last, Change):
            joined[-1] = Change(last.old + piece.old, last.new + piece.new)
        else:
            joined.append(piece)
    return joined


def _quieted(pieces: list[Piece], tokens: Tokens) -> list[Piece]:
    """Return *pieces*, of which those are quiet that no text shows: around it are the same formats on both sides."""
    shown: set[int] = set()
    stack: list[int] = []
    for place, piece in enumerate(pieces):
        if isinstance(piece, Open):
            stack.append(place)
        if isinstance(piece, Keep) or (isinstance(piece, Open) and _name(piece) in VOID):
            shown.update(_shown(pieces, stack, tokens, piece))
        if isinstance(piece, Close):
            stack.pop()
    return [_quiet(piece, shows=place in shown) for place, piece in enumerate(pieces)]


def _quiet(piece: Piece, *, shows: bool) -> Piece:
    if isinstance(piece, Open):
        return piece._replace(quiet=not shows)
    if isinstance(piece, Change):
        return piece._replace(quiet=shows_nothing(piece.old) and shows_nothing(piece.new))
    return piece


def _shown(pieces: Sequence[Piece], stack: Sequence[int], tokens: Tokens, text: Piece) -> list[int]:
    """Return which of the elements that are open, by their places, change how *text* looks."""
    changed = [
        (place, piece) for place in stack if isinstance(piece := pieces[place], Open) and piece.old is not piece.new
    ]
    if not changed:
        return []
    if isinstance(text, Keep) and not text.html.strip(SPACE):
        changed = [(place, piece) for place, piece in changed if _name(piece) not in UNSEEN_ON_SPACE]
    before, after = (
        Counter(format for tag in tags if tag and (format := formats(tokens.key(tag.tag))))
        for tags in ([piece.old for _, piece in changed], [piece.new for _, piece in changed])
    )
    gone, come = before - after, after - before
    return [
        place
        for place, piece in changed
        if (piece.old and gone[formats(tokens.key(piece.old.tag))])
        or (piece.new and come[formats(tokens.key(piece.new.tag))])
    ]


def _name(piece: Open) -> str:
    tag = piece.new or piece.old
    return tag.name if tag else ""

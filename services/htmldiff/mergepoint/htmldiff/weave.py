"""Two runs whose inline elements differ: the words are matched without tags, then the elements go around them.

An element covers an interval of the matched words. Where an old and a new element cross, the fewest words that undo
it count as deleted and added instead. What is left nests, and one walk over both sides writes it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from .markup import NEVER_NESTED, name_of
from .script import Change, Close, Element, Keep, Open, Piece
from .sequences import diff, tidy
from .tree import END, INLINE, Kinds
from .words import Tokens

Span = tuple[int, int]


class Node:
    """A word, an image or an inline element: tokens *first* to *last*; *leaves* says which words are in it."""

    __slots__ = ("children", "element", "first", "kept", "last", "leaves")

    def __init__(self, first: int, leaf: int, element: Element | None = None) -> None:
        self.first = first
        self.last = first + 1
        self.leaves: Span = (leaf, leaf + 1)
        self.element = element
        self.children: list[Node] = []
        self.kept: Span = (0, 0)


class Side:
    """One run: its *tokens*, the *leaves* among them, the tree."""

    def __init__(self, tokens: Sequence[str], kinds: Kinds) -> None:
        self.tokens = tokens
        self.leaves: list[Node] = []
        self.elements: list[Node] = []
        self.root = Node(0, 0)
        stack = [self.root]
        for place, token in enumerate(tokens):
            kind = kinds[token] if token[0] == "<" else -1
            if kind == INLINE:
                node = Node(place, len(self.leaves), Element(name_of(token), token))
                stack[-1].children.append(node)
                stack.append(node)
            elif kind == END:
                self._end(stack.pop(), place)
            else:
                stack[-1].children.append(self._leaf(Node(place, len(self.leaves))))

    def _leaf(self, node: Node) -> Node:
        self.leaves.append(node)
        return node

    def _end(self, node: Node, place: int) -> None:
        node.last = place + 1
        if node.leaves[0] == len(self.leaves):  # nothing in it: it is a leaf itself
            node.element = None
            self._leaf(node)
        else:
            node.leaves = (node.leaves[0], len(self.leaves))
            self.elements.append(node)

    def html(self, node: Node) -> str:
        return "".join(self.tokens[node.first : node.last])

    def place(self, kept: Sequence[int]) -> None:
        """Tell every node which of the *kept* leaves are in it."""
        for node in (*self.leaves, *self.elements):
            first, last = node.leaves
            node.kept = (bisect_left(kept, first), bisect_left(kept, last))


def weave(
    old: Sequence[str], new: Sequence[str], tokens: Tokens, kinds: Kinds, is_weak: Callable[[Sequence[str]], bool]
) -> list[Piece]:
    """Return how the run of *old* tokens became the run of *new* ones."""
    ours, theirs = Side(old, kinds), Side(new, kinds)
    words = [ours.html(leaf) for leaf in ours.leaves]
    script = diff(tokens.compared(words), tokens.compared([theirs.html(leaf) for leaf in theirs.leaves]))
    script = tidy(script, lambda start, end: is_weak(words[start:end]))
    kept = [
        (i, j)
        for tag, first, last, new_first, new_last in script
        if tag == "equal"
        for i, j in zip(range(first, last), range(new_first, new_last), strict=True)
    ]
    _uncross(ours, theirs, kept)
    return _joined(_Weaver(ours, theirs, tokens).pieces())


def _uncross(old: Side, new: Side, kept: list[tuple[int, int]]) -> None:
    """Take from *kept* what keeps an old and a new element from nesting, and place both sides."""
    while True:
        old.place([i for i, _ in kept])
        new.place([j for _, j in kept])
        given_up = set(_crossing([node.kept for node in (*old.elements, *new.elements)]))
        if not given_up:
            return
        kept[:] = [pair for place, pair in enumerate(kept) if place not in given_up]


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
                    yield Keep(self.new.html(theirs))
                elif _is_outer(ours, theirs):
                    j_end = _end_within(new, j, ours)
                    yield self._around(ours.element, None, ours.children, new[j:j_end])
                elif _is_outer(theirs, ours):
                    i_end = _end_within(old, i, theirs)
                    yield self._around(None, theirs.element, old[i:i_end], theirs.children)
                else:
                    yield self._around(ours.element, theirs.element, ours.children, theirs.children)
                i, j = i_end, j_end

    def _around(self, old: Element | None, new: Element | None, ours: Sequence[Node], theirs: Sequence[Node]) -> Step:
        if old and new and self.tokens.key(old.tag) == self.tokens.key(new.tag):
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

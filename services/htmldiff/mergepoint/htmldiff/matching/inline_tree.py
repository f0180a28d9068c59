"""A run as a tree of inline elements, over the words in it."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from ..reading.markup import name_of
from ..reading.tree import END, INLINE, Element, Kinds

Span = tuple[int, int]


class Node:
    """A word, an image or an inline element: tokens *first* to *last*.

    *leaves* is the interval of its words, *kept* the interval of its words among those that both sides have.
    """

    __slots__ = ("children", "element", "first", "kept", "last", "leaves", "parent")

    def __init__(self, first: int, leaf: int, parent: "Node | None" = None, element: Element | None = None) -> None:
        self.first = first
        self.last = first + 1
        self.leaves: Span = (leaf, leaf + 1)
        self.parent = parent
        self.element = element
        self.children: list[Node] = []
        self.kept: Span = (0, 0)


class InlineTree:
    """One run: its *tokens*, the *leaves* among them, those that are kept, the *elements*, the tree."""

    def __init__(self, tokens: Sequence[str], kinds: Kinds) -> None:
        self.tokens = tokens
        self.kinds = kinds
        self.kept: Sequence[int] = ()
        # Indexes of tokens that are not in the run: where an element is split, it ends and begins again.
        self.splits: frozenset[int] = frozenset()
        self._build()

    def _build(self) -> None:
        self.leaves: list[Node] = []
        self.elements: list[Node] = []
        self.root = Node(0, 0)
        stack = [self.root]
        for place, token in enumerate(self.tokens):
            kind = self.kinds[token] if token[0] == "<" else -1
            if kind == INLINE:
                element = Element(name_of(token), token, begins=place not in self.splits)
                node = Node(place, len(self.leaves), stack[-1], element)
                stack[-1].children.append(node)
                stack.append(node)
            elif kind == END:
                self._end(stack.pop(), place)
            else:
                stack[-1].children.append(self._leaf(Node(place, len(self.leaves), stack[-1])))

    def _leaf(self, node: Node) -> Node:
        self.leaves.append(node)
        return node

    def _end(self, node: Node, place: int) -> None:
        node.last = place + 1
        if node.leaves[0] == len(self.leaves):  # nothing in it: it is a leaf itself
            node.element = None
            self._leaf(node)
            return
        node.leaves = (node.leaves[0], len(self.leaves))
        if node.element and place in self.splits:
            node.element = node.element._replace(ends=False)
        self.elements.append(node)

    def kept_leaves(self) -> list[Node]:
        return [self.leaves[place] for place in self.kept]

    def html(self, node: Node) -> str:
        return "".join(self.tokens[node.first : node.last])

    def set_kept(self, kept: Sequence[int]) -> None:
        """Tell every node which of the *kept* leaves are in it."""
        self.kept = kept
        for node in (*self.leaves, *self.elements):
            first, last = node.leaves
            node.kept = (bisect_left(kept, first), bisect_left(kept, last))

    def split(self, splits: Iterable[tuple[Node, Sequence[Node]]]) -> bool:
        """Cut elements, inner ones first, before a node each; return whether there was one."""
        added = {node.first: around for node, around in splits}
        if not added:
            return False
        tokens: list[str] = []
        places: set[int] = set()
        for place, token in enumerate(self.tokens):
            if around := added.get(place, ()):
                elements = [node.element for node in around if node.element]
                more = [each.end for each in elements] + [each.tag for each in reversed(elements)]
                places.update(range(len(tokens), len(tokens) + len(more)))
                tokens += more
            if place in self.splits:
                places.add(len(tokens))
            tokens.append(token)
        self.tokens, self.splits = tokens, frozenset(places)
        self._build()
        self.set_kept(self.kept)
        return True

"""Splits inline elements so that old and new ones nest (TEI calls it fragmentation); the parts still are one element.

An element is split where an element of the same meaning begins or ends on the other side, so that only words whose
formatting changed are marked. Elements that cross are split too, so that no word is deleted and added because of them.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from ..reading.markup import names
from .formatting import tag_meaning
from .inline_tree import InlineTree, Node, Span

# Elements of which two neighbours look like one.
SPLITTABLE = names(
    """a abbr acronym b big cite code del dfn em font i ins kbd mark nobr s samp small span strike strong sub sup tt u
    var"""
)
MOST_SPLITS = 10_000  # splits in one run
Wants = defaultdict[int, set[int]]
Key = tuple[Span, str]


def split_elements(old: InlineTree, new: InlineTree) -> bool:
    """Split elements of both sides, whose kept words are set; return whether any was split."""
    wants = [Wants(set), Wants(set)]
    _want_alike(old, new, wants)
    _want_crossing(old, new, wants)
    if sum(len(places) for side in wants for places in side.values()) > MOST_SPLITS:
        return False
    done = [side.split(_splits(side, wanted)) for side, wanted in zip((old, new), wants, strict=True)]
    return any(done)


def _want_alike(old: InlineTree, new: InlineTree, wants: Sequence[Wants]) -> None:
    """Want splits where elements of the same meaning cover different words."""
    ours, theirs = ([(node.kept, _meaning(node)) for node in side.elements] for side in (old, new))
    paired = Counter(ours) & Counter(theirs)
    here, there = (_left_over(side.elements, keys, paired.copy()) for side, keys in ((old, ours), (new, theirs)))
    _want_borders(here, there, wants[0])
    _want_borders(there, here, wants[1])


def _meaning(node: Node) -> str:
    return tag_meaning(node.element.tag) if node.element else ""


def _left_over(nodes: Sequence[Node], keys: Sequence[Key], paired: Counter[Key]) -> list[Node]:
    """Return the *nodes* without those whose *keys* are *paired*."""
    left = []
    for node, key in zip(nodes, keys, strict=True):
        if paired[key]:
            paired[key] -= 1
        else:
            left.append(node)
    return left


def _want_borders(nodes: Sequence[Node], others: Sequence[Node], wants: Wants) -> None:
    """Want *nodes* split at the borders of *others* of the same meaning."""
    borders: defaultdict[str, set[int]] = defaultdict(set)
    for other in others:
        if other.kept[0] < other.kept[1]:
            borders[_meaning(other)].update(other.kept)
    ordered = {key: sorted(places) for key, places in borders.items()}
    for node in nodes:
        places = ordered.get(_meaning(node), [])
        for place in places[bisect_right(places, node.kept[0]) : bisect_left(places, node.kept[1])][:MOST_SPLITS]:
            wants[place].add(id(node))


def _want_crossing(old: InlineTree, new: InlineTree, wants: Sequence[Wants]) -> None:
    """Want one of two crossing elements split at the border of the other."""
    both = [(node, 0) for node in old.elements] + [(node, 1) for node in new.elements]
    stack: list[tuple[Node, int]] = []
    for node, side in sorted(both, key=lambda each: (each[0].kept[0], -each[0].kept[1])):
        first, last = node.kept
        while stack and stack[-1][0].kept[1] <= first:
            stack.pop()
        if stack and first < last and stack[-1][0].kept[1] < last:
            outer, outer_side = stack[-1]
            if is_splittable(node):
                wants[side][outer.kept[1]].add(id(node))
            else:
                wants[outer_side][first].add(id(outer))
        elif first < last:
            stack.append((node, side))


def is_splittable(node: Node) -> bool:
    return node.element is not None and node.element.name in SPLITTABLE and ' id="' not in node.element.tag


def _splits(side: InlineTree, wants: Wants) -> Iterator[tuple[Node, list[Node]]]:
    """Yield the node before which a split is, and the elements that are split there, inner ones first."""
    leaves = side.kept_leaves()
    for place, wanting in wants.items():
        node = leaves[place]
        while node.parent and node.parent.kept[0] == place and node.parent.element:
            node = node.parent
        around: list[Node] = []
        chosen = 0
        outer = node.parent
        while outer and outer.element and is_splittable(outer):
            around.append(outer)
            if id(outer) in wanting:
                chosen = len(around)
            outer = outer.parent
        if chosen:
            yield node, around[:chosen]

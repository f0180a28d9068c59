"""Merges two runs whose inline elements differ: matches the words without tags, then puts the elements around them.

An element covers an interval of the matched words. Elements are split where that lets the old and the new ones nest and
pair (splitting.py). If an element that cannot be split crosses another, the fewest words that remove the crossing count
as deleted and added instead. The remaining elements nest, and one walk over both sides makes the operations.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ..reading.markup import NEVER_NESTED, SPACE, VOID, name_of
from ..reading.tree import Element, Kinds
from .cleanup import semantic_cleanup
from .formatting import UNSEEN_ON_SPACE, format_of, shows_nothing
from .inline_tree import InlineTree, Node, Span
from .lines import Compare, IsWeak, differ_for
from .script import Close, InlineChange, Keep, Open, Operation
from .splitting import split_elements
from .tokenizer import Tokenizer

ROUNDS = 4  # rounds of splitting, since a split can make other elements cross


def merge_inline(old: str, new: str, tokenizer: Tokenizer, kinds: Kinds, *, lines: bool = False) -> list[Operation]:
    """Return the operations that make the run *new* of *old*; with *lines*, the lines are compared first."""
    ours, theirs = (tokenizer.split_spaces(tokenizer.tokenize(run), lines=lines) for run in (old, new))
    return _merge_tokens(ours, theirs, tokenizer, kinds, *differ_for(lines=lines))


def _merge_tokens(
    old: Sequence[str], new: Sequence[str], tokenizer: Tokenizer, kinds: Kinds, compare: Compare, is_weak: IsWeak
) -> list[Operation]:
    ours, theirs = InlineTree(old, kinds), InlineTree(new, kinds)
    words = [ours.html(leaf) for leaf in ours.leaves]
    script = compare(tokenizer.keys(words), tokenizer.keys([theirs.html(leaf) for leaf in theirs.leaves]))
    script = semantic_cleanup(script, lambda start, end: is_weak(words[start:end]))
    kept = [
        (i, j)
        for tag, first, last, new_first, new_last in script
        if tag == "equal"
        for i, j in zip(range(first, last), range(new_first, new_last), strict=True)
    ]
    _set_kept(ours, theirs, kept)
    rounds = 0
    while rounds < ROUNDS and split_elements(ours, theirs):
        rounds += 1
    if rounds and _crosses(ours, theirs):  # start again, to unmatch words of whole elements instead of parts
        ours, theirs = InlineTree(old, kinds), InlineTree(new, kinds)
        _set_kept(ours, theirs, kept)
    _uncross(ours, theirs, kept)
    return _mark_quiet(_join_neighbours(_InlineMerger(ours, theirs, tokenizer).operations()), tokenizer)


def _set_kept(old: InlineTree, new: InlineTree, kept: Sequence[tuple[int, int]]) -> None:
    old.set_kept([i for i, _ in kept])
    new.set_kept([j for _, j in kept])


def _uncross(old: InlineTree, new: InlineTree, kept: list[tuple[int, int]]) -> None:
    """Remove from *kept* the pairs of words that keep an old and a new element from nesting."""
    while given_up := _crosses(old, new):
        kept[:] = [pair for place, pair in enumerate(kept) if place not in given_up]
        _set_kept(old, new, kept)


def _crosses(old: InlineTree, new: InlineTree) -> set[int]:
    """Return indexes of kept words; without these, fewer elements cross."""
    return set(_crossing([node.kept for node in (*old.elements, *new.elements)]))


def _crossing(spans: Sequence[Span]) -> Iterator[int]:
    """Yield indexes of words; without these, fewer *spans* cross."""
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


Step: TypeAlias = "Operation | tuple[Operation, Sequence[Node], Sequence[Node], Operation]"


class _InlineMerger:
    def __init__(self, old: InlineTree, new: InlineTree, tokenizer: Tokenizer) -> None:
        self.old = old
        self.new = new
        self.tokenizer = tokenizer

    def operations(self) -> Iterator[Operation]:
        """Walk both trees at once, without recursion: they may be deep."""
        todo: list[tuple[Iterator[Step], Operation | None]] = [
            (self._steps(self.old.root.children, self.new.root.children), None)
        ]
        while todo:
            steps, end = todo[-1]
            for step in steps:
                if isinstance(step, Keep | InlineChange | Open | Close):
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
            if i < len(old) and _is_unmatched(old[i]):
                yield InlineChange(self.old.html(old[i]), "")
                i += 1
            elif j < len(new) and _is_unmatched(new[j]):
                yield InlineChange("", self.new.html(new[j]))
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
        """Return the steps for a kept leaf, which the two sides may write in different ways."""
        if self.tokenizer.is_same(old, new):
            return [Keep(new)]
        ours, theirs = Element(name_of(old), old), Element(name_of(new), new)
        return [Open(ours, theirs), Close(ours, theirs)]

    def _around(self, old: Element | None, new: Element | None, ours: Sequence[Node], theirs: Sequence[Node]) -> Step:
        if old and new and self.tokenizer.is_same(old.tag, new.tag):
            old = old._replace(tag=new.tag)
            if old == new and new.begins and new.ends:
                old = new
        return Open(old, new), ours, theirs, Close(old, new)


def _is_unmatched(node: Node) -> bool:
    return node.kept[0] == node.kept[1]


def _is_outer(node: Node, other: Node) -> bool:
    """Say whether *node* goes around *other*, as it is on its own side only."""
    if not node.element or node.kept[1] < other.kept[1]:
        return False
    if node.kept[1] > other.kept[1] or not other.element:
        return True
    # Both go around the same words. Look for an element of the same name further inside.
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
    """Return where the *nodes* that belong into *outer* end; unmatched nodes at that end stay outside."""
    end = start
    for place in range(start, len(nodes)):
        if nodes[place].kept[0] >= outer.kept[1] and not _is_unmatched(nodes[place]):
            break
        if not _is_unmatched(nodes[place]):
            end = place + 1
    return end


def _join_neighbours(operations: Iterator[Operation]) -> list[Operation]:
    """Join neighbours of one kind; deleted content comes before added content."""
    joined: list[Operation] = []
    for operation in operations:
        last = joined[-1] if joined else None
        if isinstance(operation, Keep) and isinstance(last, Keep):
            joined[-1] = Keep(last.html + operation.html)
        elif isinstance(operation, InlineChange) and isinstance(last, InlineChange):
            joined[-1] = InlineChange(last.old + operation.old, last.new + operation.new)
        else:
            joined.append(operation)
    return joined


def _mark_quiet(operations: list[Operation], tokenizer: Tokenizer) -> list[Operation]:
    """Return *operations*; those that change the format of no text are marked as quiet."""
    shown: set[int] = set()
    stack: list[int] = []
    for place, operation in enumerate(operations):
        if isinstance(operation, Open):
            stack.append(place)
        if isinstance(operation, Keep) or (isinstance(operation, Open) and _name(operation) in VOID):
            shown.update(_visible_elements(operations, stack, tokenizer, operation))
        if isinstance(operation, Close):
            stack.pop()
    return [_quiet(operation, shows=place in shown) for place, operation in enumerate(operations)]


def _quiet(operation: Operation, *, shows: bool) -> Operation:
    if isinstance(operation, Open):
        return operation._replace(quiet=not shows)
    if isinstance(operation, InlineChange):
        return operation._replace(quiet=shows_nothing(operation.old) and shows_nothing(operation.new))
    return operation


def _visible_elements(
    operations: Sequence[Operation], stack: Sequence[int], tokenizer: Tokenizer, text: Operation
) -> list[int]:
    """Return the indexes of the open elements in *stack* that change how *text* looks."""
    changed = [
        (place, operation)
        for place in stack
        if isinstance(operation := operations[place], Open) and operation.old is not operation.new
    ]
    if not changed:
        return []
    if isinstance(text, Keep) and not text.html.strip(SPACE):
        changed = [(place, operation) for place, operation in changed if _name(operation) not in UNSEEN_ON_SPACE]
    before, after = (
        Counter(format for tag in tags if tag and (format := format_of(tokenizer.key(tag.tag))))
        for tags in ([operation.old for _, operation in changed], [operation.new for _, operation in changed])
    )
    gone, come = before - after, after - before
    return [
        place
        for place, operation in changed
        if (operation.old and gone[format_of(tokenizer.key(operation.old.tag))])
        or (operation.new and come[format_of(tokenizer.key(operation.new.tag))])
    ]


def _name(operation: Open) -> str:
    tag = operation.new or operation.old
    return tag.name if tag else ""

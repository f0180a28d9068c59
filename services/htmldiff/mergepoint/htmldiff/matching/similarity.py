"""Computes the similarity of two blocks or runs, and whether one may become the other."""

import re
from collections.abc import Sequence
from typing import TypeAlias

from ..reading.markup import names
from ..reading.tree import Block
from .segmentation import UNSPACED

Child: TypeAlias = Block | str

# Groups of elements that may become each other: marks put old and new content into one element.
LEAVES = names("p h1 h2 h3 h4 h5 h6 div address")
GROUPS = names("div section article main aside header footer nav search")
KINDRED = (names("ul ol menu"), names("td th"), names("dt dd"))

WRAPPERS = LEAVES | GROUPS | names("blockquote center figure details fieldset")
WRAPPED = 0.6  # least Dice coefficient of the words of a wrapper and the blocks that it may wrap
SIMILAR = 0.3  # least Dice coefficient of the words of two children that can be one that changed
CLEARLY_SIMILAR = 0.5  # from this coefficient on, two children are paired without comparing others
LONG = 300  # characters: in longer HTML, tags between words hardly matter
PROBES, PROBE = 10, 20  # the number of samples, and their length in characters
TAG = re.compile(r"<[^>]*>")
NO_WORDS = frozenset(("&nbsp;", "\u200b", "\ufeff"))
BLANK = re.compile(r"(?:\s|&nbsp;|<(?:br|/?(?:p|div|h[1-6]|span|font|b|strong|i|em|u|o:p))(?=[ >])[^>]*>)*\Z")


def similarity(old: Child, new: Child) -> float:
    """Return the Dice coefficient of the words of two children, 0 to 1; 0 if one cannot become the other."""
    if not may_become(old, new):
        return 0.0
    if _share_probes(html_of(old), html_of(new)):
        return CLEARLY_SIMILAR
    ours, theirs = words_of(old), words_of(new)
    if not ours and not theirs:
        return SIMILAR if is_blank(old) or is_blank(new) else CLEARLY_SIMILAR
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


def may_become(old: Child, new: Child) -> bool:
    """Return whether *old* and *new* can be one element, or one run, that changed."""
    if isinstance(old, str) or isinstance(new, str):
        return isinstance(old, str) and isinstance(new, str)
    if old.name == new.name:
        return True
    both = {old.name, new.name}
    if any(both <= kin for kin in KINDRED):
        return True
    if both <= LEAVES:
        return not any(isinstance(child, Block) for child in (*old.children, *new.children))
    return both <= GROUPS and not _is_deep_in(old, new) and not _is_deep_in(new, old)


def is_blank(child: Child) -> bool:
    """Return whether *child* shows nothing but space, such as a paragraph that only adds height."""
    html = html_of(child)
    return len(html) < LONG and bool(BLANK.match(html))


def is_same(old: Child, new: Child) -> bool:
    """Return whether *old* and *new*, the only children left to pair, are one element, or run, that changed.

    They are not if exactly one of them is within the other, unchanged or as an element with the same tag.
    """
    if name_of_child(old) != name_of_child(new) or not may_become(old, new):
        return False
    return isinstance(old, str) or isinstance(new, str) or _is_within(old, new) == _is_within(new, old)


def _is_within(block: Block, outer: Block) -> bool:
    inner = [child for child in outer.children if isinstance(child, Block)]
    if block.tag == outer.tag:
        return any(child.html == block.html for child in inner)
    return any(child.tag == block.tag for child in inner)


def wraps(outer: Child, inner: Sequence[Child]) -> bool:
    """Return whether *outer* looks like a block that was put around *inner*, children on the other side."""
    if isinstance(outer, str) or outer.name not in WRAPPERS:
        return False
    if outer.name in LEAVES - GROUPS and any(isinstance(child, Block) for child in (*inner, *outer.children)):
        return False
    if len(inner) == 1 and isinstance(inner[0], Block) and _is_deep_in(outer, inner[0]):
        return False  # the other way round
    ours, theirs = words_of(outer), frozenset().union(*map(words_of, inner))
    return bool(theirs) and 2 * len(ours & theirs) >= WRAPPED * (len(ours) + len(theirs))


def _is_deep_in(block: Block, other: Block) -> bool:
    """Return whether *other* is around an element like *block*, and *block* itself is not."""
    return _leads_to(block.name, other) and not _leads_to(block.name, block)


def _leads_to(name: str, block: Block) -> bool:
    """Return whether an element of this *name* is the only block in *block*, or in its only block, and so on."""
    while True:
        inner = [child for child in block.children if isinstance(child, Block)]
        if len(inner) != 1:
            return False
        block = inner[0]
        if block.name == name:
            return True


def name_of_child(child: Child) -> str:
    """Return the name of a block, nothing for a run."""
    return "" if isinstance(child, str) else child.name


def words_of(child: Child) -> frozenset[str]:
    """Return the set of the words in *child*; for scripts without spaces, the set of its characters."""
    if isinstance(child, str):
        return _words(child)
    if child.words is None:
        child.words = _words(child.html)
    return child.words


def _words(html: str) -> frozenset[str]:
    text = TAG.sub(" ", html) if len(html) < LONG else html
    words = frozenset(text if not text.isascii() and UNSPACED.search(text) else text.split())
    return words - NO_WORDS


def _share_probes(old: str, new: str) -> bool:
    """Return whether *new* has most of some short samples of *old*. For long texts that is exact enough, and ten times
    as fast as comparing words."""
    if len(old) < LONG or len(new) < LONG:
        return False
    probes = [old[place : place + PROBE] for place in range(0, len(old) - PROBE, len(old) // PROBES)]
    texts = [probe for probe in probes if "<" not in probe and ">" not in probe]
    return len(texts) >= PROBES // 2 and sum(text in new for text in texts) >= len(texts) * 2 / 3


def html_of(child: Child) -> str:
    """Return *child* as it stands in the document."""
    return child if isinstance(child, str) else child.html

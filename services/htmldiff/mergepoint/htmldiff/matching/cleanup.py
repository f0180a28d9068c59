"""Semantic cleanup of a script: short kept stretches between two changes, of little meaning, become part of them.

The name and the idea are those of diff-match-patch (``diff_cleanupSemantic``).
"""

from collections.abc import Callable, Sequence

from ..reading.markup import SPACE, names
from .sequences import Opcode

# The longest kept stretch, in items, that may become part of a change: a word and the spaces around it.
FEW = 3
# Words that readers do not want to see alone between two changes.
STOP_WORDS = names(
    """a an and are as at be but by for from had has have he her his in is it its no not of on or she so that the their
    they this to was we were which will with you auf das dem den der des die ein eine er es im in ist mit nicht sich sie
    und von zu au aux ce de des du elle en est et il la le les ne pas que qui se un une con del el en los las lo no por
    que una un y o e di il che non per"""
)


def semantic_cleanup(script: Sequence[Opcode], is_weak: Callable[[int, int], bool]) -> list[Opcode]:
    """Return *script* with short kept stretches between two changes joined to them, where *is_weak* says so.

    *is_weak* takes the start and the end of the stretch in the old sequence. The result is not minimal.
    """
    tidied: list[Opcode] = []
    last = len(script) - 1
    for place, step in enumerate(script):
        weak = (
            step.tag == "equal"
            and 0 < place < last
            and step.old_end - step.old_start <= FEW
            and is_weak(step.old_start, step.old_end)
        )
        if tidied and (weak or step.tag != "equal") and tidied[-1].tag != "equal":
            before = tidied[-1]
            tidied[-1] = Opcode("replace", before.old_start, step.old_end, before.new_start, step.new_end)
        else:
            tidied.append(step)
    return tidied


def is_weak(tokens: Sequence[str]) -> bool:
    """Return whether these kept *tokens* mean too little alone: a stop-word, a comma, a space."""
    text = "".join(tokens).strip(SPACE)
    return not text.startswith("<") and (len(text) <= 1 or text.lower() in STOP_WORDS)


def is_weak_in_line(tokens: Sequence[str]) -> bool:
    return not any("\n" in token for token in tokens) and is_weak(tokens)

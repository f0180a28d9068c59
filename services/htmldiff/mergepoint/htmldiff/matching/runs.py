"""Merges two runs with the same tags into operations.

Most changes leave the tags alone, so that the operations are joined tokens. If a tag changed, merge_inline merges them.
"""

from collections.abc import Sequence

from ..reading.markup import SPACE
from ..reading.tree import END, INLINE, Kinds
from .cleanup import is_weak, semantic_cleanup
from .lines import differ_for
from .script import InlineChange, Keep, Operation
from .sequences import Opcode, diff_strings
from .tokenizer import IN_NUMBER, Tokenizer

FEW = 20  # characters: for shorter runs, splitting at spaces first saves no time


def merge_runs(
    old: str, new: str, tokenizer: Tokenizer, kinds: Kinds, *, lines: bool = False
) -> list[Operation] | None:
    """Return the operations from *old* to *new*, with *lines* compared first if set; None if a tag changed."""
    operations = None
    if tokenizer.by_word and tokenizer.only_tags and not tokenizer.ignore and not lines:
        operations = _by_parts(_by_spaces(old, new), tokenizer, kinds)
    return _by_tokens(old, new, tokenizer, kinds, lines=lines) if operations is None else operations


def _by_spaces(old: str, new: str) -> list[Keep | InlineChange]:
    """Return the operations from *old* to *new*, whose only markup is tags, with changes that end at spaces.

    The list is empty if a change would cut a tag, or a run is short.
    """
    if len(old) < FEW or len(new) < FEW:
        return []
    ours, theirs = _split(old), _split(new)
    script = semantic_cleanup(diff_strings(ours, theirs), lambda start, end: is_weak(ours[start:end]))
    operations: list[Keep | InlineChange] = []
    inside_tag = False
    for tag, i, i_end, j, j_end in _same_starts(script):
        after = _text(theirs, j, j_end)
        if tag == "equal":
            operations.append(Keep(after))
            last, last_end = after.rfind("<"), after.rfind(">")
            inside_tag = last > last_end if last != last_end else inside_tag
            continue
        before = _text(ours, i, i_end)
        if inside_tag or _cuts_tag(before) or _cuts_tag(after):
            return []
        operations.append(InlineChange(before, after))
    return operations


def _split(text: str) -> list[str]:
    """Return *text* split at its spaces, but not within numbers."""
    if not IN_NUMBER.search(text):
        return text.split(" ")
    return [part.replace("\0", " ") for part in IN_NUMBER.sub("\\1\0", text).split(" ")]  # no parser lets \0 through


def _cuts_tag(text: str) -> bool:
    """Return whether *text* begins or ends inside a tag."""
    first = text.find(">")
    return (first >= 0 and not 0 <= text.find("<") < first) or text.rfind("<") > text.rfind(">")


def _text(parts: Sequence[str], start: int, end: int) -> str:
    """Return the text of some *parts*, with the space before them."""
    text = " ".join(parts[start:end])
    return f" {text}" if start and start < end else text


def _same_starts(script: list[Opcode]) -> list[Opcode]:
    """Return *script*; a kept part that is at the very start on one side only becomes a change, since only the other
    side has a space before it."""
    if len(script) < 2 or script[0].tag == "equal" or (script[1].old_start and script[1].new_start):
        return script
    tag, i, i_end, j, j_end = script[1]
    first = Opcode("replace", 0, i + 1, 0, j + 1)
    rest = [Opcode(tag, i + 1, i_end, j + 1, j_end)] if i + 1 < i_end else []
    if not rest and len(script) > 2:
        third = script[2]
        return [Opcode("replace", 0, third.old_end, 0, third.new_end), *script[3:]]
    return [first, *rest, *script[2:]]


def _by_parts(parts: list[Keep | InlineChange], tokenizer: Tokenizer, kinds: Kinds) -> list[Operation] | None:
    operations: list[Operation] = []
    for part in parts:
        if isinstance(part, Keep) or (not (part.old and part.new) and "<" not in part.old + part.new):
            operations.append(part)
            continue
        finer = _by_tokens(part.old, part.new, tokenizer, kinds)
        if finer is None:
            return None
        operations += finer
    return operations or None


def _by_tokens(
    old: str, new: str, tokenizer: Tokenizer, kinds: Kinds, *, lines: bool = False
) -> list[Operation] | None:
    """Return the operations from *old* to *new*; None if tags changed."""
    compare, is_weak = differ_for(lines=lines)
    ours: Sequence[str] = tokenizer.tokenize(old)
    theirs: Sequence[str] = tokenizer.tokenize(new)
    if lines:
        ours, theirs = tokenizer.split_spaces(ours, lines=True), tokenizer.split_spaces(theirs, lines=True)
    has_tags = "<" in old or "<" in new
    if has_tags or tokenizer.ignore:
        script = compare(tokenizer.keys(ours), tokenizer.keys(theirs))
    else:
        script = compare(ours, theirs)
    if has_tags and (_changes_tags(script, ours, theirs, tokenizer, kinds) or _crosses_tags(script, ours, theirs)):
        return None
    script = semantic_cleanup(script, lambda start, end: is_weak(ours[start:end]))
    operations: list[Operation] = []
    for step in script:
        operations += _operations(step, ours, theirs, tokenizer)
    return operations


def _changes_tags(
    script: Sequence[Opcode], old: Sequence[str], new: Sequence[str], tokenizer: Tokenizer, kinds: Kinds
) -> bool:
    for tag, i, i_end, j, j_end in script:
        if tag != "equal":
            for token in (*old[i:i_end], *new[j:j_end]):
                if token[0] == "<" and kinds[token] in (INLINE, END):
                    return True
        elif old[i:i_end] != new[j:j_end]:  # written in another way, or ignored
            for before, after in zip(old[i:i_end], new[j:j_end], strict=True):
                if before[0] == "<" and not tokenizer.is_same(before, after):
                    return True
    return False


def _crosses_tags(script: Sequence[Opcode], old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether a word is deleted on one side of a kept tag, and added on its other side."""
    gone: set[str] = set()
    come: set[str] = set()
    since_tag: tuple[set[str], set[str]] = (set(), set())
    for tag, i, i_end, j, j_end in script:
        if tag == "equal":
            if any(token[0] == "<" for token in old[i:i_end]):
                since_tag = (set(), set())
            continue
        for words, before, token_side in ((old[i:i_end], come, 0), (new[j:j_end], gone, 1)):
            here = {word for token in words if (word := token.strip(SPACE)) and not is_weak([word])}
            if here & (before - since_tag[1 - token_side]):
                return True
            (gone, come)[token_side].update(here)
            since_tag[token_side].update(here)
    return False


def _operations(step: Opcode, old: Sequence[str], new: Sequence[str], tokenizer: Tokenizer) -> list[Operation]:
    ours, theirs = old[step.old_start : step.old_end], new[step.new_start : step.new_end]
    if step.tag == "equal":
        return [Keep("".join(theirs))]
    if step.tag == "replace" and tokenizer.by_word and _differ_in_space(ours, theirs):
        ours, theirs = tokenizer.split_spaces(ours), tokenizer.split_spaces(theirs)
        finer = semantic_cleanup(
            diff_strings(tokenizer.keys(ours), tokenizer.keys(theirs)), lambda start, end: is_weak(ours[start:end])
        )
        return [
            Keep("".join(theirs[j:j_end]))
            if tag == "equal"
            else InlineChange("".join(ours[i:i_end]), "".join(theirs[j:j_end]))
            for tag, i, i_end, j, j_end in finer
        ]
    return [InlineChange("".join(ours), "".join(theirs))]


def _differ_in_space(old: Sequence[str], new: Sequence[str]) -> bool:
    """Return whether both sides have the same word with different white space before it."""
    both = set(old) & set(new)
    ours = {token.lstrip(SPACE) for token in old if token not in both}
    return not ours.isdisjoint(token.lstrip(SPACE) for token in new if token not in both)

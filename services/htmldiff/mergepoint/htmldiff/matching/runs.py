"""Two runs whose tags are the same on both sides, into pieces: words first.

Most changes leave the tags alone; then the pieces are joined tokens. Where tags changed, inline_merge.py goes on.
"""

from collections.abc import Sequence

from ..reading.markup import SPACE
from ..reading.tree import END, INLINE, Kinds
from .cleanup import is_weak, tidy
from .lines import differ_for
from .script import Change, Keep, Piece
from .sequences import Opcode, diff_strings
from .tokens import IN_NUMBER, Tokens

FEW = 20  # characters; in less there is nothing to gain


def merge_runs(old: str, new: str, tokens: Tokens, kinds: Kinds, *, lines: bool = False) -> list[Piece] | None:
    """Return how *old* became *new*, where *lines* count line by line; None if a tag changed."""
    pieces = None
    if tokens.by_word and tokens.only_tags and not tokens.ignore and not lines:
        pieces = _by_parts(_by_spaces(old, new), tokens, kinds)
    return _by_tokens(old, new, tokens, kinds, lines=lines) if pieces is None else pieces


def _by_spaces(old: str, new: str) -> list[Keep | Change]:
    """Return how *old* became *new*, whose only markup is tags, to the next space; nothing if it
    gives up."""
    if len(old) < FEW or len(new) < FEW:
        return []
    ours, theirs = _split(old), _split(new)
    script = tidy(diff_strings(ours, theirs), lambda start, end: is_weak(ours[start:end]))
    pieces: list[Keep | Change] = []
    inside_tag = False
    for tag, i, i_end, j, j_end in _same_starts(script):
        after = _text(theirs, j, j_end)
        if tag == "equal":
            pieces.append(Keep(after))
            last, last_end = after.rfind("<"), after.rfind(">")
            inside_tag = last > last_end if last != last_end else inside_tag
            continue
        before = _text(ours, i, i_end)
        if inside_tag or _cuts_tag(before) or _cuts_tag(after):
            return []
        pieces.append(Change(before, after))
    return pieces


def _split(text: str) -> list[str]:
    """Return *text* cut at its spaces, but not in numbers."""
    if not IN_NUMBER.search(text):
        return text.split(" ")
    return [part.replace("\0", " ") for part in IN_NUMBER.sub("\\1\0", text).split(" ")]  # no parser lets \0 through


def _cuts_tag(text: str) -> bool:
    """Say whether *text* begins or ends inside a tag."""
    first = text.find(">")
    return (first >= 0 and not 0 <= text.find("<") < first) or text.rfind("<") > text.rfind(">")


def _text(parts: Sequence[str], start: int, end: int) -> str:
    """Return the text of some *parts*, with the space before them."""
    text = " ".join(parts[start:end])
    return f" {text}" if start and start < end else text


def _same_starts(script: list[Opcode]) -> list[Opcode]:
    """What is equal but stands at the very start on one side only has a space before it on the other: a change."""
    if len(script) < 2 or script[0].tag == "equal" or (script[1].old_start and script[1].new_start):
        return script
    tag, i, i_end, j, j_end = script[1]
    first = Opcode("replace", 0, i + 1, 0, j + 1)
    rest = [Opcode(tag, i + 1, i_end, j + 1, j_end)] if i + 1 < i_end else []
    if not rest and len(script) > 2:
        third = script[2]
        return [Opcode("replace", 0, third.old_end, 0, third.new_end), *script[3:]]
    return [first, *rest, *script[2:]]


def _by_parts(parts: list[Keep | Change], tokens: Tokens, kinds: Kinds) -> list[Piece] | None:
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, Keep) or (not (part.old and part.new) and "<" not in part.old + part.new):
            pieces.append(part)
            continue
        finer = _by_tokens(part.old, part.new, tokens, kinds)
        if finer is None:
            return None
        pieces += finer
    return pieces or None


def _by_tokens(old: str, new: str, tokens: Tokens, kinds: Kinds, *, lines: bool = False) -> list[Piece] | None:
    """Return how *old* became *new*; None if tags changed."""
    compare, is_weak = differ_for(lines=lines)
    ours: Sequence[str] = tokens.cut(old)
    theirs: Sequence[str] = tokens.cut(new)
    if lines:
        ours, theirs = tokens.finer(ours, lines=True), tokens.finer(theirs, lines=True)
    has_tags = "<" in old or "<" in new
    if has_tags or tokens.ignore:
        script = compare(tokens.compared(ours), tokens.compared(theirs))
    else:
        script = compare(ours, theirs)
    if has_tags and (_changes_tags(script, ours, theirs, tokens, kinds) or _crosses_tags(script, ours, theirs)):
        return None
    script = tidy(script, lambda start, end: is_weak(ours[start:end]))
    pieces: list[Piece] = []
    for step in script:
        pieces += _pieces(step, ours, theirs, tokens)
    return pieces


def _changes_tags(
    script: Sequence[Opcode], old: Sequence[str], new: Sequence[str], tokens: Tokens, kinds: Kinds
) -> bool:
    for tag, i, i_end, j, j_end in script:
        if tag != "equal":
            for token in (*old[i:i_end], *new[j:j_end]):
                if token[0] == "<" and kinds[token] in (INLINE, END):
                    return True
        elif old[i:i_end] != new[j:j_end]:  # written in another way, or ignored
            for before, after in zip(old[i:i_end], new[j:j_end], strict=True):
                if before[0] == "<" and not tokens.is_same(before, after):
                    return True
    return False


def _crosses_tags(script: Sequence[Opcode], old: Sequence[str], new: Sequence[str]) -> bool:
    """Say whether a word is deleted on one side of a tag that is kept, and added on the other."""
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


def _pieces(step: Opcode, old: Sequence[str], new: Sequence[str], tokens: Tokens) -> list[Piece]:
    ours, theirs = old[step.old_start : step.old_end], new[step.new_start : step.new_end]
    if step.tag == "equal":
        return [Keep("".join(theirs))]
    if step.tag == "replace" and tokens.by_word and _differ_in_space(ours, theirs):
        ours, theirs = tokens.finer(ours), tokens.finer(theirs)
        finer = tidy(
            diff_strings(tokens.compared(ours), tokens.compared(theirs)), lambda start, end: is_weak(ours[start:end])
        )
        return [
            Keep("".join(theirs[j:j_end]))
            if tag == "equal"
            else Change("".join(ours[i:i_end]), "".join(theirs[j:j_end]))
            for tag, i, i_end, j, j_end in finer
        ]
    return [Change("".join(ours), "".join(theirs))]


def _differ_in_space(old: Sequence[str], new: Sequence[str]) -> bool:
    """Say whether a word is on both sides, but with other white space before it."""
    both = set(old) & set(new)
    ours = {token.lstrip(SPACE) for token in old if token not in both}
    return not ours.isdisjoint(token.lstrip(SPACE) for token in new if token not in both)

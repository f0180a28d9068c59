"""Two runs into pieces: words first.

Most changes leave the tags alone; then the pieces are joined tokens. Where a tag changed, weave.py goes on.
"""

from collections.abc import Sequence

from ..reading.markup import SPACE, names
from ..reading.tree import END, INLINE, Kinds
from .fast_path import by_spaces
from .inline_merge import Compare, IsWeak, weave
from .lines import diff_lines
from .script import Change, Keep, Piece
from .sequences import Opcode, diff_strings, tidy
from .tokens import Tokens

# A reader does not want to see one of these standing between two changes.
STOP_WORDS = names(
    """a an and are as at be but by for from had has have he her his in is it its no not of on or she so that the their
    they this to was we were which will with you auf das dem den der des die ein eine er es im in ist mit nicht sich sie
    und von zu au aux ce de des du elle en est et il la le les ne pas que qui se un une con del el en los las lo no por
    que una un y o e di il che non per"""
)


def merge_runs(old: str, new: str, tokens: Tokens, kinds: Kinds, *, lines: bool = False) -> list[Piece]:
    """Return how *old* became *new*, where *lines* count line by line."""
    lines = lines and tokens.by_word and "\n" in old + new
    pieces = None
    if tokens.by_word and tokens.only_tags and not tokens.ignore and not lines:
        pieces = _by_parts(by_spaces(old, new, is_weak), tokens, kinds)
    if pieces is None:
        pieces = _by_tokens(old, new, tokens, kinds, lines=lines)
    if pieces is None:
        ours, theirs = (tokens.finer(tokens.cut(run), lines=lines) for run in (old, new))
        return weave(ours, theirs, tokens, kinds, *_ways(lines))
    return pieces


def _ways(lines: bool) -> tuple[Compare, IsWeak]:
    """Return how tokens are compared and what is weak, where *lines* count or not."""
    return (diff_lines, _is_weak_in_line) if lines else (diff_strings, is_weak)


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
    compare, is_weak = _ways(lines)
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


def is_weak(tokens: Sequence[str]) -> bool:
    """Say whether these kept *tokens* are too little to stand between two changes: a stop-word, a comma, a space."""
    text = "".join(tokens).strip(SPACE)
    return not text.startswith("<") and (len(text) <= 1 or text.lower() in STOP_WORDS)


def _is_weak_in_line(tokens: Sequence[str]) -> bool:
    return not any("\n" in token for token in tokens) and is_weak(tokens)


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

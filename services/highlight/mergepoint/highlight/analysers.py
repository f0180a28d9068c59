"""Pygments' own guess: each lexer's analyser rates how much a text looks like its language."""

import re
from dataclasses import dataclass
from functools import cache

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename

from . import names
from .names import LexerClass

# A matching file name adds this to an analyser's score, as in Pygments' own choice between patterns.
FILENAME_BONUS = 0.5
# The parts of Pygments' pattern of a mode line, which together take time quadratic in the line.
EDITOR = re.compile(r"(?:vi|vim|ex)(?:[<=>]?\d*)?:")
SETTING = re.compile(r"(?:ft|filetype|syn|syntax)=(?=[^:\s])")
VALUE = re.compile(r"[^:\s]+")
MODE_LINES = 5  # from either end


@dataclass(frozen=True)
class Candidate:
    """A language that a text may be in, and how likely: 0 to 1."""

    lexer: LexerClass
    score: float


def rank(code: str, filename: str | None = None) -> list[Candidate]:
    """Return the languages that *code* may be in, likeliest first; an editor's mode line decides."""
    filetype = mode_of(code)
    mode = names.find(filetype) if filetype else None
    named = find_lexer_class_for_filename(filename, code) if filename else None
    scores = {lexer: float(lexer.analyse_text(code)) for lexer in opinionated()}
    if named:
        scores[named] = min(1.0, scores.get(named, 0.0) + FILENAME_BONUS)
    if mode:
        scores[mode] = 1.0
    candidates = [Candidate(lexer, score) for lexer, score in scores.items() if score > 0]
    return sorted(candidates, key=lambda found: (-found.score, found.lexer is not mode))


def mode_of(code: str) -> str | None:
    """Return what `pygments.modeline.get_filetype_from_buffer` does, in linear time: the last setting decides, if
    an editor is named before it."""
    lines = code.splitlines()
    near = [*reversed(lines[-MODE_LINES:]), *reversed(lines[: MODE_LINES + 1])]
    for line in near:
        editor = EDITOR.search(line)
        settings = list(SETTING.finditer(line, editor.end())) if editor else []
        if settings and (value := VALUE.match(line, settings[-1].end())):
            return value[0]
    return None


@cache
def opinionated() -> tuple[LexerClass, ...]:
    """Return the lexers with an analyser of their own; the others' always says 0."""
    return tuple(lexer for lexer in names.classes() if lexer.analyse_text is not Lexer.analyse_text)

"""Finds Pygments' lexers by name, file name, MIME type or by the text itself.

Pygments looks through all its lexers for every name; here they are indexed once. Lexers from plug-ins count too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers import _iter_lexerclasses, find_lexer_class_for_filename
from pygments.modeline import get_filetype_from_buffer

from . import diffs, engine
from .nearest import Nearest

# What a text is judged by: analysers cost time with every character, and the beginning says most.
GUESS_FROM = 4096
# What a matching file name adds to an analyser's score, as in Pygments' own choice between patterns.
FILENAME_BONUS = 0.5
# The languages that most texts are in, most used first: warmed soon after the start, about 1 s and 25 MB together. The
# others get fast as they are used.
MOST_USED = (
    "python javascript typescript html css json bash java c cpp csharp go rust php ruby sql yaml xml markdown kotlin "
    "swift jsx docker toml ini diff scala perl lua haskell"
)


class UnknownLanguage(LookupError):
    """No lexer goes by that name, file name or MIME type; *field* says which of them was asked for."""

    code = "unknown_language"

    def __init__(self, message: str | Callable[[], str], field: str) -> None:
        super().__init__(message)
        self._message = message
        self.field = field

    def __str__(self) -> str:
        """Return the message, made only for who reads it: it may have to look for the nearest name."""
        return self._message if isinstance(self._message, str) else self._message()


@dataclass(frozen=True)
class Candidate:
    """A language that a text may be in, and how likely: 0 to 1."""

    lexer: type[Lexer]
    score: float


def languages() -> list[dict[str, Any]]:
    """Return every language, sorted by name: name, aliases, file name patterns, MIME types."""
    return [
        {
            "name": lexer.name,
            "aliases": list(lexer.aliases),
            "filenames": list(lexer.filenames),
            "mimetypes": list(lexer.mimetypes),
        }
        for lexer in sorted(_classes(), key=lambda lexer: lexer.name.lower())
    ]


def identifier(lexer: Lexer | type[Lexer]) -> str:
    """Return the word for a lexer's language: its first alias, or its name where it has none."""
    return str(lexer.aliases[0] if lexer.aliases else lexer.name)


def find(language: str | None, filename: str | None, mimetype: str | None, code: str) -> type[Lexer]:
    """Return the lexer class for the first of *language*, *filename* and *mimetype* that is given, or guess it."""
    if language is not None:
        return _by_name(language)
    if filename is not None:
        found = _by_filename(filename, code[:GUESS_FROM])
        return _found(found, "filename", f"no language has files named {filename[:100]!r}")
    if mimetype is not None:
        found = _by_mimetype().get(mimetype.lower()) or _by_mimetype().get(_plus(mimetype.lower()))
        return _found(found, "mimetype", f"no language has the MIME type {mimetype[:100]!r}")
    candidates = rank(code)
    return candidates[0].lexer if candidates else _by_name("text")


def rank(code: str, filename: str | None = None) -> list[Candidate]:
    """Return the languages that the first 4 KB of *code* may be in, likeliest first.

    An editor's mode line decides; otherwise every lexer's own analyser is asked.
    """
    beginning = code[:GUESS_FROM]
    mode = _by_alias().get(str(get_filetype_from_buffer(beginning)).lower())
    named = _by_filename(filename, beginning) if filename else None
    scores = {lexer: float(lexer.analyse_text(beginning)) for lexer in _analysers()}
    if named:
        scores[named] = min(1.0, scores.get(named, 0.0) + FILENAME_BONUS)
    if mode:
        scores[mode] = 1.0
    candidates = [Candidate(lexer, score) for lexer, score in scores.items() if score > 0]
    return sorted(candidates, key=lambda found: (-found.score, found.lexer is not mode))


def load_all() -> None:
    """Import and compile every lexer, so that no later call pays for it (two seconds, 40 MB)."""
    for lexer in _classes():
        lexer()
    _by_mimetype()
    _nearest()
    rank(" ", filename="x")  # and all file name patterns


def warm_most_used() -> Iterator[str]:
    """Prepare the engine for the languages that are used most, one at each step."""
    for language in MOST_USED.split():
        engine.warm(_by_name(language)())
        yield language


def _by_name(language: str) -> type[Lexer]:
    wanted = language.lower()
    found = _by_alias().get(wanted) or _by_spaced_alias().get(wanted)
    if found is None and wanted.startswith(diffs.PREFIX) and not wanted.startswith(2 * diffs.PREFIX):
        return diffs.diff_of(_by_name(language[len(diffs.PREFIX) :]))  # type: ignore[arg-type]  # classes can be hashed
    if found is None:
        raise UnknownLanguage(
            lambda: f"no language is called {language[:60]!r}; did you mean {_nearest().to(wanted)!r}?", "language"
        )
    return found


def _by_filename(filename: str, beginning: str) -> type[Lexer] | None:
    names = (filename, _plus(filename))
    return next(filter(None, (find_lexer_class_for_filename(name, beginning) for name in names)), None)


def _plus(name: str) -> str:
    """Return what *name* was before a query turned its + into spaces, as in ``language=c++``."""
    return name.replace(" ", "+")


def _found(lexer: type[Lexer] | None, field: str, message: str) -> type[Lexer]:
    if lexer is None:
        raise UnknownLanguage(message, field)
    return lexer


@cache
def _classes() -> tuple[type[Lexer], ...]:
    return tuple(_iter_lexerclasses())


@cache
def _by_alias() -> dict[str, type[Lexer]]:
    """Aliases first, as Pygments does; then full names."""
    index: dict[str, type[Lexer]] = {}
    for lexer in _classes():
        for alias in lexer.aliases:
            index.setdefault(alias.lower(), lexer)
    for lexer in _classes():
        index.setdefault(lexer.name.lower(), lexer)
    return index


@cache
def _nearest() -> Nearest:
    return Nearest(dict.fromkeys(_by_alias(), False))


@cache
def _by_spaced_alias() -> dict[str, type[Lexer]]:
    """What has a + in its name, by what a query written by hand makes of it; one of these may have spaces too."""
    return {alias.replace("+", " "): lexer for alias, lexer in _by_alias().items() if "+" in alias}


@cache
def _by_mimetype() -> dict[str, type[Lexer]]:
    index: dict[str, type[Lexer]] = {}
    for lexer in _classes():
        for mimetype in lexer.mimetypes:
            index.setdefault(mimetype.lower(), lexer)
    return index


@cache
def _analysers() -> tuple[type[Lexer], ...]:
    """The lexers with an opinion of their own; the others' analyser always says 0."""
    return tuple(lexer for lexer in _classes() if lexer.analyse_text is not Lexer.analyse_text)

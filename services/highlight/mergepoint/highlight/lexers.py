"""Finds the language of a text: by its name, by what hints at it, or by the text itself.

Pygments looks through all its lexers for every name; here they are indexed once. Lexers from plug-ins count too.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from pygments.lexers.special import TextLexer

from . import analysers, diffs, engine, guessing, hints, names
from .analysers import Candidate
from .names import LexerClass

Guess = Literal["content", "pygments"]
# Characters of a text that a guess reads: each costs time, and the beginning says most.
GUESS_FROM = 4096
# The languages that most texts are in, most used first: warmed soon after the start, about 1 s and 25 MB together. The
# others get fast as they are used.
MOST_USED = (
    "python javascript typescript html css json bash java c cpp csharp go rust php ruby sql yaml xml markdown kotlin "
    "swift jsx docker toml ini diff scala perl lua haskell"
)


class UnknownLanguage(LookupError):
    """No lexer goes by that name; *field* says which option it stood in."""

    code = "unknown_language"

    def __init__(self, message: str | Callable[[], str], field: str) -> None:
        super().__init__(message)
        self._message = message
        self.field = field

    def __str__(self) -> str:
        """Return the message, made only for who reads it: it may have to look for the nearest name."""
        return self._message if isinstance(self._message, str) else self._message()


def languages() -> list[dict[str, Any]]:
    """Return every language, sorted by name: name, aliases, file name patterns, MIME types; Pygments' own first."""
    return [
        {
            "name": lexer.name,
            "aliases": names.aliases(lexer),
            "filenames": list(dict.fromkeys([*lexer.filenames, *names.patterns(lexer)])),
            "mimetypes": list(lexer.mimetypes),
        }
        for lexer in sorted(names.classes(), key=lambda lexer: lexer.name.lower())
    ]


def find(
    language: str | None, filename: str | None, mimetype: str | None, code: str, guess: Guess = "content"
) -> LexerClass:
    """Return the lexer class for *language*; without one, what hints say, and the text itself where they are silent.

    Hints in their order: *filename*, *mimetype*, a shebang, an editor's mode line. Only *language* can be unknown.
    """
    if language is not None:
        return by_name(language)
    hinted = hint(filename, mimetype, code)
    if len(hinted) == 1:
        return hinted[0]
    candidates = _weigh(code[:GUESS_FROM], hinted, guess)
    return candidates[0].lexer if candidates else TextLexer


def rank(code: str, filename: str | None = None, guess: Guess = "content") -> list[Candidate]:
    """Return the languages that the first 4 KB of *code* may be in, likeliest first: what `find` takes is the first.

    With ``guess="pygments"`` only Pygments is asked, as `pygments.lexers.guess_lexer` does.
    """
    beginning = code[:GUESS_FROM]
    if guess == "pygments":
        return analysers.rank(beginning, filename)
    return _weigh(beginning, hint(filename, None, beginning), guess)


def hint(filename: str | None, mimetype: str | None, code: str) -> list[LexerClass]:
    """Return the languages that the first hint with something to say leaves open, likeliest first."""
    return (
        (hints.from_filename(filename, code[:GUESS_FROM]) if filename else [])
        or (hints.from_mimetype(mimetype) if mimetype else [])
        or hints.from_shebang(code)
        or hints.from_mode_line(code)
    )


def by_name(language: str) -> LexerClass:
    """Return the lexer that goes by the name *language*; with ``diff-`` before it, that of diffs of code in it."""
    found = names.find(language)
    code = language.lower().removeprefix(diffs.PREFIX)
    if found is None and len(code) < len(language) and not code.startswith(diffs.PREFIX):
        return diffs.diff_of(by_name(code))  # type: ignore[arg-type]  # classes can be hashed
    if found is None:
        raise UnknownLanguage(
            lambda: f"no language is called {language[:60]!r}; did you mean {names.nearest(language)!r}?", "language"
        )
    return found


def load_all() -> None:
    """Import and compile every lexer and load all that guessing needs, so that no later call pays for it."""
    for lexer in names.classes():
        lexer()
    rank("x = 1", filename="x.unknown")
    rank(" ", guess="pygments")
    hints.from_mimetype("text/plain")
    names.nearest("x")


def warm_most_used() -> Iterator[str]:
    """Prepare the engine for the languages that are used most, one at each step."""
    for language in MOST_USED.split():
        engine.warm(by_name(language)())
        yield language


def _weigh(code: str, hinted: list[LexerClass], guess: Guess) -> list[Candidate]:
    if guess == "pygments":
        candidates = analysers.rank(code)
        if not hinted:
            return candidates
        scores = {candidate.lexer: candidate.score for candidate in candidates}
        return [Candidate(lexer, scores.get(lexer, 0.0)) for lexer in sorted(hinted, key=lambda x: -scores.get(x, 0))]
    return guessing.rank(code, hinted)

"""The names of languages: Pygments' own first, then those of other highlighters and editors.

The others stand in names.json, which tools/names.py makes from the lists of highlight.js, Prism, Shiki and Linguist.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pygments.lexer import Lexer
from pygments.lexers import _iter_lexerclasses

from .nearest import Nearest

LexerClass = type[Lexer]
# The languages that a misspelt name most likely means, where it is as close to others.
MOST_MEANT = (
    "python javascript typescript html css json bash java c cpp csharp go rust php ruby sql yaml xml markdown kotlin "
    "swift jsx tsx docker toml ini diff scala perl lua haskell r dart elixir erlang clojure powershell"
)


@dataclass(frozen=True)
class Known:
    """The data file: each value is a word for a language, or several, likeliest first."""

    words: Mapping[str, str]
    names: Mapping[str, Mapping[str, list[str]]]
    filenames: Mapping[str, list[str]]
    extensions: Mapping[str, list[str]]
    interpreters: Mapping[str, list[str]]


@cache
def load() -> Known:
    """Return the contents of names.json."""
    data = json.loads(files(__package__).joinpath("names.json").read_text())
    return Known(**{field: MappingProxyType(data[field]) for field in Known.__dataclass_fields__})


@cache
def classes() -> tuple[LexerClass, ...]:
    """Return all lexers, those of plug-ins too."""
    return tuple(_iter_lexerclasses())


def find(name: str) -> LexerClass | None:
    """Return the lexer that goes by *name*, in whatever case."""
    return _index().get(name.lower()) or _by_query_spelling().get(name.lower())


def find_all(words: Iterable[str]) -> list[LexerClass]:
    """Return the lexers of the *words* that have one."""
    return [lexer for word in words if (lexer := find(word))]


def word(lexer: Lexer | type[Lexer]) -> str:
    """Return the common word for a lexer's language: mostly its first alias, or its name where it has none."""
    first = str(lexer.aliases[0] if lexer.aliases else lexer.name)
    return load().words.get(first.lower(), first)


def aliases(lexer: LexerClass) -> list[str]:
    """Return all names that find *lexer*, but for its full one: the common word, Pygments' own, those of others."""
    own = [alias for alias in lexer.aliases if alias != word(lexer)]
    return ([word(lexer)] if lexer.aliases else []) + own + _other_names().get(lexer, [])


def patterns(lexer: LexerClass) -> list[str]:
    """Return the file names and ``*.x`` that Linguist has for *lexer* before all others."""
    return _patterns().get(lexer, [])


def nearest(name: str) -> str:
    """Return the common word for the language whose name is most like *name*."""
    return word(_index()[_nearest().to(name.lower())])


@cache
def _index() -> dict[str, LexerClass]:
    """Pygments' aliases first, then its full names, then the names of others."""
    index: dict[str, LexerClass] = {}
    for lexer in classes():
        for alias in lexer.aliases:
            index.setdefault(alias.lower(), lexer)
    for lexer in classes():
        index.setdefault(lexer.name.lower(), lexer)
    for language, sources in load().names.items():
        if language in index:  # a Pygments that is not ours may lack it
            for name in sorted({name for names in sources.values() for name in names}):
                index.setdefault(name, index[language])
    return index


@cache
def _by_query_spelling() -> dict[str, LexerClass]:
    """Languages with a + in their name, by the name with spaces: a query written by hand turns + into them."""
    return {name.replace("+", " "): lexer for name, lexer in _index().items() if "+" in name}


@cache
def _other_names() -> dict[LexerClass, list[str]]:
    """The names that are not Pygments', by lexer."""
    own = {name.lower() for lexer in classes() for name in (*lexer.aliases, lexer.name)}
    added: dict[LexerClass, list[str]] = defaultdict(list)
    for name, lexer in _index().items():
        if name not in own:
            added[lexer].append(name)
    return added


@cache
def _patterns() -> dict[LexerClass, list[str]]:
    found: dict[LexerClass, list[str]] = defaultdict(list)
    for pattern, languages in [
        *load().filenames.items(),
        *((f"*{extension}", languages) for extension, languages in load().extensions.items()),
    ]:
        if lexer := find(languages[0]):
            found[lexer].append(pattern)
    return found


@cache
def _nearest() -> Nearest:
    """All names; those of languages that highlight.js has too, or that are met often, are likelier."""
    common = {language for language, sources in load().names.items() if "highlight.js" in sources}
    common |= set(MOST_MEANT.split())
    return Nearest({name: word(lexer) in common for name, lexer in _index().items()})

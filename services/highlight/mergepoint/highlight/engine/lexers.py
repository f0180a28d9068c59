"""Lexers that use the tables. Each is a subclass of the lexer that it accelerates, and shares its attributes.

So callbacks, filters and the lexer's own methods can use it like the original.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from re import Pattern
from types import CellType, FunctionType, SimpleNamespace
from typing import Any

from pygments.lexer import DelegatingLexer, ExtendedRegexLexer, LexerContext, RegexLexer
from pygments.lexers.data import JsonLexer
from pygments.token import STANDARD_TYPES

from . import firsts
from .jsonlike import Json
from .loop import tokens
from .rules import Unknown, check
from .tables import Tables
from .writer import LINE_END, written

MANY = 100  # lexers whose tables are kept, besides the warmed ones; most take less than 1 MB
READ_BEFORE = 0.3e-3  # seconds: `read_all` leaves patterns that take less to the texts that need them
Rules = tuple[int, bool]  # the id of the rules, which belong to a class; and whether the lexer is extended
Variant = tuple[str, str, str, bool]  # the same for a class that makes rules for each instance, by its options
_tables: dict[Rules | Variant, tuple[Any, Tables | str]] = {}
_checked: dict[Rules, tuple[Any, str]] = {}
_warm: set[Rules | Variant] = set()


def tables_of(lexer: Any, extended: bool = False) -> Tables | str:
    """Return the tables of *lexer*; or, if one of its rules has an unknown form, a description of that rule."""
    rules = lexer._tokens
    key = _key(lexer, extended)
    known = _tables.get(key)
    if known and known[0].keys() == rules.keys():
        return known[1]
    made: Tables | str = _reason(rules, extended) or Tables(rules, accelerate, extended=extended)
    if len(_tables) >= MANY + len(_warm):
        for old in _tables.keys() - _warm:
            _tables.pop(old, None)
    _tables[key] = rules, made
    return made


def _key(lexer: Any, extended: bool) -> Rules | Variant:
    """Return the key of the tables of *lexer*.

    Some lexers of Pygments make their rules anew for every instance; they are the same for the same options.
    """
    cls = type(lexer)
    if getattr(cls, "token_variants", None) and cls.__module__.startswith("pygments.lexers."):
        return cls.__module__, cls.__qualname__, repr(sorted(lexer.options.items())), extended
    return id(lexer._tokens), extended


def _reason(rules: Any, extended: bool) -> str:
    """Return a description of the first of *rules* with an unknown form; empty if there is none."""
    key = id(rules), extended
    if key in _checked:
        return _checked[key][1]
    try:
        check(rules, extended=extended)
    except Unknown as unknown:
        return str(unknown)
    return ""


def read_all(lexers: Iterable[Any]) -> Iterator[None]:
    """Read the slow patterns in the rules of *lexers*, one at each step, so that processes forked later have them.

    For all lexers of Pygments that takes 4 s of processor time.
    """
    for ttype in (*STANDARD_TYPES, LINE_END):
        written[ttype]
    for lexer in lexers:
        if isinstance(lexer, RegexLexer):
            key = id(lexer._tokens), isinstance(lexer, ExtendedRegexLexer)
            _checked[key] = lexer._tokens, _reason(lexer._tokens, key[1])
            for match in {id(rule): rule[0] for rules in lexer._tokens.values() for rule in rules}.values():
                pattern = getattr(match, "__self__", None)
                if isinstance(pattern, Pattern) and firsts.cost(pattern.pattern, pattern.flags) > READ_BEFORE:
                    firsts.analyse(pattern.pattern, pattern.flags)
                    yield
            firsts.forget()
    firsts.forget(sets=True)


def warm(lexer: Any) -> None:
    """Make all steps of *lexer* now, so that processes forked later have them and no call is slow."""
    if isinstance(lexer, DelegatingLexer):
        warm(lexer.root_lexer)
        warm(lexer.language_lexer)
    elif isinstance(lexer, RegexLexer):
        extended = isinstance(lexer, ExtendedRegexLexer)
        tables = tables_of(lexer, extended)
        _warm.add(_key(lexer, extended))
        if isinstance(tables, Tables):
            tables.complete()


class Regex(RegexLexer):
    def get_tokens_unprocessed(self, text: str, stack: Any = ("root",)) -> Any:
        tables = tables_of(self)
        if isinstance(tables, str):
            return RegexLexer.get_tokens_unprocessed(self, text, stack)
        return tokens(self, tables, text, stack)


class Extended(ExtendedRegexLexer):
    def get_tokens_unprocessed(self, text: Any = None, context: Any = None) -> Any:
        tables = tables_of(self, extended=True)
        if isinstance(tables, str):
            return ExtendedRegexLexer.get_tokens_unprocessed(self, text, context)
        context = context or LexerContext(text, 0)
        return tokens(self, tables, context.text, (), context)


class Delegating(DelegatingLexer):
    def get_tokens_unprocessed(self, text: str) -> Any:
        root, language = accelerate(self.root_lexer), accelerate(self.language_lexer)
        both = SimpleNamespace(needle=self.needle, root_lexer=root, language_lexer=language)
        return DelegatingLexer.get_tokens_unprocessed(both, text)


_FAST = {ExtendedRegexLexer: Extended, RegexLexer: Regex, DelegatingLexer: Delegating, JsonLexer: Json}


def accelerate(lexer: Any) -> Any:
    """Return a faster lexer with the tokens and attributes of *lexer*; *lexer* itself if it cannot be accelerated."""
    fast_class = _fast_class(lexer.__class__)
    if fast_class is None:
        return lexer
    try:
        fast: Any = object.__new__(fast_class)
        fast.__dict__ = lexer.__dict__
    except (AttributeError, TypeError):  # the instance has state outside its attributes
        return lexer
    return fast


@lru_cache(None)
def _fast_class(cls: Any) -> Any:
    base = next((base for base in _FAST if issubclass(cls, base)), None)
    if base is None or issubclass(cls, _FAST[base]) or cls is base:
        return _FAST[base] if cls is base else None
    members: dict[str, Any] = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    owner = next(owner for owner in cls.__mro__ if "get_tokens_unprocessed" in vars(owner))
    own = owner.get_tokens_unprocessed
    if owner not in _FAST and owner.__module__.startswith("pygments.") and isinstance(own, FunctionType):
        members["get_tokens_unprocessed"] = _rebound(own, cls)
    try:
        return type(cls)(cls.__name__, (cls, _FAST[base]), members)
    except Exception:  # bases that cannot be combined, or a class that will not be extended
        return None


def _rebound(function: Any, cls: type) -> FunctionType:
    """Return a copy of *function* in which names of lexer classes, such as ``RegexLexer``, mean the fast ones.

    Use it only for Pygments' own modules: their globals never change, so that a copy of them is enough.
    """

    def fast(value: Any) -> Any:
        is_base = isinstance(value, type) and value is not cls and issubclass(cls, value)
        return (is_base and _fast_class(value)) or value

    code, names = function.__code__, function.__globals__
    names = names | {name: fast(names[name]) for name in code.co_names if name in names}
    cells = [
        cell if name == "__class__" else CellType(fast(cell.cell_contents))
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True)
    ]
    rebound = FunctionType(code, names, function.__name__, function.__defaults__, tuple(cells))
    rebound.__kwdefaults__ = function.__kwdefaults__
    return rebound

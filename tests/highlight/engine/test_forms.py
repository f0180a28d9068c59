"""Forms of rules, one by one, that are easily joined wrongly; and what is not understood is left to Pygments."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from pygments.lexer import (
    DelegatingLexer,
    ExtendedRegexLexer,
    LexerContext,
    RegexLexer,
    bygroups,
    default,
    inherit,
    this,
    using,
    words,
)
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import RawTokenLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text

from mergepoint.highlight.engine import accelerate, lexers, stock_reason, tables
from mergepoint.highlight.engine.budget import Unlimited
from tests.highlight.engine.compare import check, tokens

TEXT = "aAaſ sS ss\tkK\u212a b12 \n\nabab 'q''r' x=<y> && end\r\n\0 é中_ if iff IF\n(a(b)c) #c\nEOF"


def lexer_of(*rules: Any, base: Any = RegexLexer, flags: int = re.MULTILINE, **states: Any) -> Any:
    return type(base)("Some", (base,), {"flags": flags, "tokens": {"root": list(rules), **states}})


def seen(lexer: Any, match: Any) -> Iterator[Any]:
    facts = match.re.pattern, match.lastindex, match.lastgroup, match.groups(), match.start(1), match.span(), match.pos
    yield match.start(), String, repr((facts, match.groupdict(), match.string))


def tell(lexer: Any, match: Any, context: Any = None) -> Iterator[Any]:
    yield match.start(), Comment, repr((match.group(), sorted(lexer.options.items())))
    if context:
        context.pos = match.end()


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([(r"(?i)s+", Keyword), (r"k", Name), (r"s", Operator)], id="flags in the pattern"),
        pytest.param([(r"(?<=a)b", Keyword), (r"(?<!b)a", Name), (r"\Bs", Text)], id="a look behind first"),
        pytest.param([(r"\s*", Text), (r"\w", Name), (r".", Operator)], id="a pattern that matches nothing, for ever"),
        pytest.param([(r"(?=a)", Text, "s"), (r"(?s:.)", Name)], id="nothing consumed, another state"),
        pytest.param([(r"$", Keyword), (r"\w+$", Name), (r"^\s*$\n", Text)], id="ends of lines"),
        pytest.param([(r"EOF\Z", Keyword), (r"\w+", Name), (r"\A", Text, "s")], id="the end of the text"),
        pytest.param([(r"(?>a|ab)b", Keyword), (r"a++b", Name), (r"\w*+_", Text)], id="atomic and possessive"),
        pytest.param([(r"(')?q(?(1)'|x)", Keyword), (r"(?:(a)|b)(?(1)A|\d)", Name)], id="conditional groups"),
        pytest.param([(r"(\w)\1", Keyword), (r"(?P<x>[(])a(?P=x)", Name), (r"(a)(b)\1\2", Text)], id="references"),
        pytest.param([(r"(?=(<))\1", Keyword), (r"(?=([>\n]))\1+", Name)], id="references to what is ahead"),
        pytest.param([(r"(?P<x>a)", seen), (r"(?P<x>s)", Keyword), (r"(i)(f)?(?P<y>f)?", seen)], id="names twice"),
        pytest.param([(r"(a)|(s)|(k)", seen), (r"(\d)(\d)?", bygroups(Number, Name))], id="a callback's match"),
        pytest.param([(r"(a)(A)?(b)?", bygroups(Name, None, using(this))), (r"\w", Text)], id="groups without match"),
        pytest.param([(r"(a)", bygroups(Name, Name)), (r"\w", Text)], id="too many actions for the groups"),
        pytest.param([(r"(a)(.)", bygroups(Name)), (r"\w", Text)], id="fewer actions than groups"),
        pytest.param([(words(("if", "iff", "a", "ab"), suffix=r"\b"), Keyword), (r"\w+", Name)], id="words"),
        pytest.param([(words(("IF", "K", "s")), Keyword)], id="words in any case"),
        pytest.param(
            [(r"\w", Name), (r"(\()(a)", bygroups(None, None)), (r"(?=\))", Text, "s")], id="matched without a token"
        ),
        pytest.param([(r"\(", Operator, ("s", "#push")), (r"\w", Text)], id="a push in a tuple"),
        pytest.param([(r"\(", Operator, ("#pop", "s", "#pop")), (r"\w", Text, "#pop:3")], id="pops in a tuple"),
        pytest.param([(r"\w+", using(this, state="s")), (r"\n", Text, "s")], id="itself in another state"),
        pytest.param([(r"\w+", using(this, state=("root", "s"), stripnl=False))], id="itself with options"),
        pytest.param([(r"(x*)(s)", bygroups(tell, tell)), (r"(y)?(=)", bygroups(tell, Name))], id="empty groups"),
        pytest.param([(r"b+", using(this, state="t", ensurenl=True, tabsize=8))], id="options over options"),
        pytest.param([(r"", Text, "s"), (r"a", Name)], id="an empty pattern"),
        pytest.param([(r"(?!)", Text), (r"a", Name), (r"[^\W\d]+", Keyword)], id="a pattern that never matches"),
        pytest.param([(r"(?i:É)|(?-i:S)|\x85|\u2028", Name), (r"[^\0-\x7f]", Keyword)], id="beyond ASCII"),
        pytest.param([(r"(?:a|)+?b", Name), (r"(a?)*?s", Keyword), (r"(|a)(|b)_", bygroups(Name, Text))], id="or not"),
    ],
)
@pytest.mark.parametrize("flags", [re.MULTILINE, re.IGNORECASE, re.ASCII | re.DOTALL, re.IGNORECASE | re.ASCII])
def test_a_form(rules: list[Any], flags: int) -> None:
    other = [(r"[a-m]", Comment), (r"\d+", Number, "#pop"), default("#pop")]
    kind = lexer_of(*rules, flags=flags, s=other, t=[(r".+", tell)])
    for text in (TEXT, TEXT[::-1], TEXT.upper(), "", "a", "\n", "ſ"):
        check(partial(kind, stripnl=False), text)
        check(partial(kind, ensurenl=False, stripall=True, tabsize=4), text)
        check(kind, text, ("root", "s", "s"))


def test_states_of_a_base_class_are_inherited_and_replaced() -> None:
    base = lexer_of((r"a", Name), (r"\w", Text), s=[(r"b", Keyword)])
    kind = type(base)("Sub", (base,), {"tokens": {"root": [(r"s", Keyword), inherit], "s": [(r"c", Number)]}})
    check(kind, TEXT)
    check(base, TEXT)


def test_a_stack_or_a_context_may_be_given() -> None:
    ruby, php = partial(get_lexer_by_name, "ruby"), partial(get_lexer_by_name, "php")
    check(php, "$a = 'b'; ?>", ("root", "php"))

    def with_context(lexer: Any) -> Any:
        context = LexerContext("x = <<A\nb\nA\n'c'", 4, ["root"], 14)
        return list(lexer.get_tokens_unprocessed(context=context)), vars(context)

    assert with_context(accelerate(ruby())) == with_context(ruby())


@pytest.mark.patient
@pytest.mark.parametrize("empty", ["()", "x*", "(?!b)", r"(?=\d)|$", "(x|)+"])
def test_a_context_may_end_before_where_it_is(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "budget", Unlimited())

    def shorten(lexer: Any, match: Any, context: Any) -> Iterator[Any]:
        yield match.start(), Name, match.group()
        context.pos, context.end = match.end(), match.start()

    def lengthen(lexer: Any, match: Any, context: Any) -> Iterator[Any]:
        yield match.start(), Comment, match.group()
        context.end = len("aabba")

    rules = (r"b+", shorten), (r"[^b]", Text, "s"), (empty, lengthen)
    kind = lexer_of(*rules, base=ExtendedRegexLexer, s=[(r"x", Keyword), default("#pop")])
    assert tokens(accelerate(kind()), "aabba") == tokens(kind(), "aabba")


def test_an_unknown_form_of_rule_leaves_the_lexer_to_pygments() -> None:
    kind = lexer_of((r"a", Name), (r"\w", Text))
    kind()  # makes its rules
    kind._tokens["root"].insert(0, (lambda text, pos: None, Text, None))
    assert "is not the match of a pattern" in stock_reason(kind())
    check(kind, "ab")


def test_a_pattern_that_cannot_be_read_is_tried_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AttributeError("the parser has changed")

    monkeypatch.setattr(tables.firsts, "parse", fail)
    check(lexer_of((r"ab", Name), (r"(b)(a)", bygroups(Keyword, Text)), (r"\s+", Text)), TEXT)


@pytest.mark.patient
def test_patterns_that_cannot_be_joined_are_tried_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the compiler has changed")

    monkeypatch.setattr(tables, "budget", Unlimited())
    monkeypatch.setattr(tables.joining, "join", fail)
    check(lexer_of((r"ab", Name), (r"(a)(A)", bygroups(Keyword, Text)), (r"a", Text), (r"\s+", Text)), TEXT)


class Overriding(RegexLexer):
    """As lexers of plug-ins do: it calls its base by name, and keeps what it has seen."""

    tokens = {"root": [(r"\w+", Name), (r"\s+", Text)]}  # noqa: RUF012

    def get_tokens_unprocessed(self, text: str, stack: Any = ("root",)) -> Iterator[Any]:
        self.seen = 0
        for index, kind, value in self.by_base(text, stack):
            self.seen += len(value)
            yield index, Keyword if self.seen % 3 else kind, value

    def by_base(self, text: str, stack: Any) -> Iterator[Any]:
        return RegexLexer.get_tokens_unprocessed(self, text, stack)


class BySuper(Overriding):
    def by_base(self, text: str, stack: Any) -> Iterator[Any]:
        return super(Overriding, self).get_tokens_unprocessed(text, stack)


class Delegates(DelegatingLexer):
    def __init__(self, **options: Any) -> None:
        super().__init__(BySuper, lexer_of((r"\w+", Text.Other), (r"[^\w]+", Operator)), **options)


class ByContext(ExtendedRegexLexer):
    tokens = {"root": [(r"\w+", Name), (r"\n", Text), (r".", Operator)]}  # noqa: RUF012

    def get_tokens_unprocessed(self, text: Any = None, context: Any = None) -> Iterator[Any]:
        yield from super().get_tokens_unprocessed(text, context or LexerContext(text, 0, end=len(text) // 2))


@pytest.mark.parametrize("kind", [Overriding, BySuper, Delegates, ByContext, RawTokenLexer])
def test_lexers_that_override_the_loop(kind: Callable[[], Any]) -> None:
    for text in (TEXT, "", "Token.Name\t'x'\nToken.Text\t'\\n'\n"):
        check(kind, text)


def test_what_a_lexer_keeps_is_kept_in_it() -> None:
    lexer = Overriding()
    list(accelerate(lexer).get_tokens_unprocessed(TEXT))
    assert lexer.seen == len(TEXT.translate({ord(c): None for c in "'=<>&()#\0"})) or lexer.seen > 0


def test_a_text_of_many_characters_makes_no_large_table() -> None:
    lexer = lexer_of((r"\w", Name))()
    list(accelerate(lexer).get_tokens_unprocessed("".join(map(chr, range(0x4E00, 0x5E00)))))
    assert len(lexers.tables_of(lexer).states["root"]) <= tables.ENOUGH + 1


def test_tables_are_shared_by_equal_rules_and_dropped_when_there_are_many() -> None:
    kind = lexer_of((r"a", Name))
    first, second = kind(), kind()
    assert lexers.tables_of(first) is lexers.tables_of(second)
    for _ in range(lexers.MANY + 1):
        lexers.tables_of(lexer_of((r"a", Name))())
    assert len(lexers._tables) <= lexers.MANY + len(lexers._warm)

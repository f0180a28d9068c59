"""What is one token, what is no edit at all, and what a change may not go over."""

import pytest

from mergepoint.htmldiff import accept_changes, apply, compare
from mergepoint.htmldiff.matching.tokenizer import Tokenizer

ONE_TOKEN = [
    "1,234.50", "12:30", "12:30:15", "3.14", "-5 %", "-5%", "−5", "±5", "1/2", "1e-9", "5e10", "10km", "1st", "50 ‰",
    "1.234,56", "1'234.50", "1’234.50", "1,23,456", "1&nbsp;234,50", "1\u202f234,56", "1 234,50", "1 234 567,8", "٣٫١٤",
    "$5.00", "$1,234.56", "€ 5", "5 €", "5&nbsp;€", "1.234,56 €", "1 234 €", "¥1,234", "₹1,23,456", "-$5", "5°",
    "20 °C",    "2024-03-12", "2024-3-1", "2024-03-12T10:00:00Z", "12.03.2024", "12/03/2024", "03/12/24",
    "v1.2.3", "1.2.3", "1.2.3-beta.1", "1.0.0-rc.1+build.5", "v2.0.0-alpha",
    "a.b-c+d@sub.example.com", "me@example.org",
    "https://x.example/a?b=1&amp;c=2#d", "http://x.example", "ftp://x.example/y", "www.x.example/y",
    "mailto:a@b.example", "don’t", "H2O", "e.g",
]  # fmt: skip
SEVERAL_TOKENS = {
    "3-5": ["3", "-", "5"],
    "5 kg": ["5", " kg"],
    "100 200 300": ["100", " 200", " 300"],
    "5 $10": ["5", " $10"],
    "A-5": ["A", "-", "5"],
    "(https://x.example/a).": ["(", "https://x.example/a", ")", "."],
    "at 12:30.": ["at", " 12:30", "."],
    "a@b.example,": ["a@b.example", ","],
    "no. 3.": ["no", ".", " 3", "."],
    "3.14, 2": ["3.14", ",", " 2"],
    "a&amp;b": ["a", "&amp;", "b"],
}
SAME_LOOK = [
    ("<b>x y</b>", "<b>x </b><b>y</b>"),
    ("<b>x y</b>", "<b>x</b> <b>y</b>"),
    ("<b>x y z</b>", "<b>x</b><b> y</b><b> z</b>"),
    ("<b><i>x y</i></b>", "<b><i>x</i></b> <b><i>y</i></b>"),
    ("<b><i>x</i></b>", "<i><b>x</b></i>"),
    ("x y", "x <span>y</span>"),
    ("x y", "x <font>y</font>"),
    ("x", "x<b></b>"),
    ("x y", "x <b><i></i></b>y"),
    ("x y", "x <span></span>y"),
    ("<ins>x y</ins>", "<ins>x </ins><ins>y</ins>"),
    ("<del>x y</del>", "<del>x</del><del> y</del>"),
    ('<a href="/1">x y</a>', '<a href="/1">x </a><a href="/1">y</a>'),
    ('<b class="p q">x</b>', '<b class="q p">x</b>'),
    ('<p class="p q">x</p>', '<p class="q  p">x</p>'),
    ('<img class="p q" src="x">', '<img class="q p" src="x">'),
    ('<u style="color:red;width:1px">x</u>', '<u style="width:1px;color:red">x</u>'),
    ('<li style="color:red">x', '<li style="COLOR : red;">x'),
]
LIGHT, BOLD = '<span style="font-weight:400">', '<span style="font-weight:700">'


def content(old: str, new: str, **options: object) -> str:
    return compare(old, new, **options).content


@pytest.mark.parametrize("text", ONE_TOKEN)
def test_numbers_dates_versions_and_addresses_are_one_token(text: str) -> None:
    assert Tokenizer().tokenize(f"so {text} it") == ["so", f" {text}", " it"]
    other = text[:-1] + ("7" if text[-1] != "7" else "8")
    assert content(f"<p>that is {text} and more</p>", f"<p>that is {other} and more</p>").count("<ins>") == 1


@pytest.mark.parametrize("text", SEVERAL_TOKENS)
def test_what_is_more_than_a_number_is_several_tokens(text: str) -> None:
    assert Tokenizer().tokenize(text) == SEVERAL_TOKENS[text]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1,234.50", "1,234.60"),
        ("12:30", "12:45"),
        ("-5 %", "-6 %"),
        ("a@b.example", "a@c.example"),
        ("1 234,5", "1 235,5"),
    ],
)
@pytest.mark.parametrize("rest", ["", " in what was said of it at length"])
def test_a_token_changes_as_a_whole(before: str, after: str, rest: str) -> None:
    assert content(f"it is {before}{rest}", f"it is {after}{rest}") == (
        f"it is <del>{before}</del> <ins>{after}</ins>{rest}"
    )


@pytest.mark.parametrize("sanitize", ["safe", "none"])
@pytest.mark.parametrize("around", ["%s", "<p>%s</p>", "<table><tbody><tr><td>k %s k</td></tr></tbody></table>"])
@pytest.mark.parametrize(("old", "new"), [*SAME_LOOK, *((new, old) for old, new in SAME_LOOK)])
def test_markup_that_nobody_sees_is_no_edit(old: str, new: str, around: str, sanitize: str) -> None:
    old, new = around % old, around % new
    result = compare(old, new, sanitize=sanitize)
    assert (result.changes, result.degraded) == ((), None)
    assert result.content == content(new, new, sanitize=sanitize)
    assert compare(old, new, sanitize=sanitize, view="deletions").content == content(old, old, sanitize=sanitize)
    full = compare(old, new, sanitize=sanitize, markup="full")
    assert "tagdiff_" not in full.content
    for accepts, html in ((False, old), (True, new)):
        assert accept_changes(full.content, lambda change, made=accepts: made) == content(html, html, sanitize=sanitize)


def test_a_word_set_bold_is_the_only_one_marked() -> None:
    old = f"<p>{LIGHT}The quick brown fox</span></p>"
    new = f"<p>{LIGHT}The </span>{BOLD}quick</span>{LIGHT} brown fox</span></p>"
    marked = BOLD.replace(">", ' class="tagdiff_replaced">')
    assert content(old, new) == f"<p>{LIGHT}The </span>{marked}quick</span>{LIGHT} brown fox</span></p>"
    assert apply(old, new, accept=[1]) == new
    assert apply(old, new, reject=[1]) == old
    assert [change.kind for change in compare(new, old).changes] == ["attributes"]


@pytest.mark.parametrize(
    ("old", "new", "html"),
    [
        ("<b>x y z</b>", "<b>x</b> y <b>z</b>", '<b>x</b><b class="tagdiff_deleted"> y </b><b>z</b>'),
        ("<b>one</b> two", "<b>one two</b>", '<b>one</b><b class="tagdiff_added"> two</b>'),
        (
            '<a href="/1">alpha beta</a> gamma',
            'alpha <a href="/1">beta gamma</a>',
            '<span class="tagdiff_deleted">alpha </span><a href="/1">beta</a>'
            '<a href="/1" class="tagdiff_added"> gamma</a>',
        ),
        (
            "<b>x y</b> z",
            "x <i>y z</i>",
            '<b class="tagdiff_deleted">x <i class="tagdiff_added">y</i></b><i class="tagdiff_added"> z</i>',
        ),
    ],
)
def test_no_word_that_stayed_is_marked_when_formatting_changes(old: str, new: str, html: str) -> None:
    assert content(old, new) == html
    ids = [change.id for change in compare(old, new).changes]
    assert (apply(old, new, accept=ids), apply(old, new, reject=ids)) == (new, old)


def test_an_element_that_would_show_where_it_is_cut_is_not() -> None:
    assert content("<q>alpha beta</q> gamma", "alpha <q>beta gamma</q>").count("<q") == 2
    assert content('<b id="x">alpha beta</b>', "<b>alpha</b> beta").count("id=") == 1


def test_choosing_all_changes_brings_what_nobody_sees_too() -> None:
    old, new = "<b>x y</b> one", "<b>x </b><b>y</b> two"
    assert apply(old, new, accept=[1]) == new
    assert apply(old, new, reject=[1]) == old
    assert apply(old, new) == old


def test_blank_paragraphs_are_no_anchors() -> None:
    blank = "<p>&nbsp;</p>"
    old = f"<p>alpha beta gamma</p>{blank}<p>delta eps zeta</p>{blank}<p>eta theta iota</p>"
    new = f"<p>delta eps zetb</p>{blank}<p>eta theta iotb</p>{blank}<p>new one here</p>"
    html = content(old, new)
    assert "<p>delta eps <del>zeta</del> <ins>zetb</ins></p>" in html
    assert "<p>eta theta <del>iota</del> <ins>iotb</ins></p>" in html


@pytest.mark.parametrize(
    ("old", "new", "html"),
    [
        ("foo(a)\nbar(b)", "foo(a)\nbaz(a)\nbar(b)", "foo(a)\n<ins>baz(a)</ins>\nbar(b)"),
        ("foo\nbar", "new\nfoo\nbar", "<ins>new</ins>\nfoo\nbar"),
        (
            "a\nb = 2\nc = 3\nd",
            "a\nx = 20\ny = 30\nd",
            "a\n<del>b = 2</del><ins>x = 20</ins>\n<del>c = 3</del><ins>y = 30</ins>\nd",
        ),
        ("a\nb\n\nc", "z", "<del>a</del>\n<del>b</del>\n\n<del>c</del><ins>z</ins>"),
        (
            '<code><b class="k">def</b> f():\n    <b class="k">return</b> 1\n</code>',
            '<code><b class="k">def</b> f():\n    x = 2\n    <b class="k">return</b> x\n</code>',
            '<code><b class="k">def</b> f():\n    <ins>x = 2</ins>\n    <b class="k">return</b> '
            "<del>1</del><ins>x</ins>\n</code>",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("element", ["pre", 'div style="white-space:pre-wrap"'])
def test_marks_in_code_keep_to_the_line(old: str, new: str, html: str, element: str) -> None:
    start, end = f"<{element}>", f"</{element.split()[0]}>"
    assert content(f"{start}{old}{end}", f"{start}{new}{end}") == f"{start}{html}{end}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b", "a&nbsp;b"),
        ("a b", "a &nbsp; b"),
        ("a b", "a\u2003b"),
        ("a b", "a\u3000b"),
        ("<p>a</p>", "<p>&nbsp;a&nbsp;</p>"),
        ("<p></p>", "<p>&nbsp;</p>"),
        ("<p>a</p><p>b</p>", "<p>a</p>&nbsp;<p>b</p>"),
        ("5 %", "5&nbsp;%"),
    ],
)
def test_white_space_that_is_ignored_is_any(old: str, new: str) -> None:
    for one, other in ((old, new), (new, old)):
        assert compare(one, other, ignore=["whitespace"]).changes == ()
        assert compare(one, other).changes != ()


@pytest.mark.parametrize("granularity", ["word", "character", "sentence", "block"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cooperate now", "co\u00adoperate now"),
        ("ab c", "a\u200bb c"),
        ("ab", "ab\u2060"),
        ("e\u0301x", "éx"),
        ("한국", "\u1112\u1161\u11ab국"),
        ("می\u200cخواهم", "میخواهم"),
        ("<p>a <b>b</b></p>", "<p>a <b>b\u200b</b></p>"),
    ],
)
def test_what_is_invisible_can_be_ignored(old: str, new: str, granularity: str) -> None:
    for one, other in ((old, new), (new, old)):
        assert compare(one, other, ignore=["invisible"], granularity=granularity).changes == ()
        assert compare(one, other, granularity=granularity).changes != ()


@pytest.mark.parametrize(("old", "new"), [("👩‍👩‍👧", "👩👩👧"), ("ﬁ", "fi"), ("ab", "a b"), ("é", "e")])
def test_what_can_be_seen_is_not_invisible(old: str, new: str) -> None:
    assert compare(old, new, ignore=["invisible"]).changes != ()


def test_a_byte_order_mark_is_no_text() -> None:
    assert compare("ab c", "\ufeffab c").changes == ()
    assert compare("\ufeffab c", "\ufeffab d").degraded is None

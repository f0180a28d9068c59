"""What is refused, by name and soon; what is large and may pass."""

import pytest

from mergepoint.htmldiff import HtmldiffError, compare
from mergepoint.htmldiff.reading.canonical import read
from mergepoint.htmldiff.reading.clean import Rules
from tests.calls import calls, times_as_long

LARGE = 2 << 20


@pytest.mark.parametrize(
    ("html", "code", "limit"),
    [
        ("x" * (LARGE + 1), "body_too_large", LARGE),
        ("é" * (LARGE // 2 + 1), "body_too_large", LARGE),
        ("<div>" * 513, "too_deep", 512),
        ("<b>" * 513, "too_deep", 512),
        ("<b>" * 50_000, "too_deep", 512),
        ("<div>" * 300_000, "too_deep", 512),
        (f"<p {' '.join(f'a{number}' for number in range(257))}>", "too_many_attributes", 256),
        (f"<p {' '.join(f'a{number}' for number in range(100_000))}>", "too_many_attributes", 256),
        ("<p " + " ".join(f"a{number}='>'" for number in range(100_000)) + ">", "too_many_attributes", 256),
        (f"<p>{''.join(f'<b i={n}>' for n in range(400))}</p>{'<p>x</p>' * 10_000}", "too_complex", None),
        (
            "".join(f"<b i={n}></b>" * 3 for n in range(400))
            + f"<p>{''.join(f'<b i={n}>' for n in range(400))}"
            + "<p>x" * 9_999,
            "too_complex",
            None,
        ),
        ("a\ud800", "invalid_encoding", None),
    ],
)
def test_what_is_refused_costs_little_beside_an_answer(html, code, limit):
    """To answer an ordinary document of 1.5 MB takes six million calls."""
    assert calls(lambda: refuse("", html)).total() < 20_000
    assert calls(lambda: refuse(html, html)).total() < 20_000
    error = refuse("", html)
    assert (error.code, error.field, error.limit) == (code, "new", limit)


@pytest.mark.long
@pytest.mark.parametrize("html", ["<div>" * 300_000, "<p " + " ".join(f"a{n}='>'" for n in range(100_000)) + ">"])
def test_what_is_refused_takes_at_most_half_as_long_as_an_answer(html):
    """Even what takes a parser longest."""
    ordinary = "<p>some words of text</p>" * 60_000
    none = lambda: refuse("", html), lambda: compare("", ordinary)
    itself = lambda: refuse(html, html), lambda: compare(ordinary, ordinary)
    assert times_as_long(none, itself) < 1 / 2


@pytest.mark.long
def test_two_words_twenty_thousand_times_take_hardly_longer_than_an_answer():
    """Of 1.5 MB; `make bench` has the seconds."""
    ordinary = "<p>some words of text</p>" * 60_000
    assert times_as_long((repeated(TWO_WORDS, 10_000), lambda: compare("", ordinary))) < 1.5


def refuse(old, new):
    with pytest.raises(HtmldiffError) as caught:
        compare(old, new)
    return caught.value


@pytest.mark.parametrize("html", ["<div>" * 512, "<b>" * 512, f"<p {' '.join(f'aria-a{n}=x' for n in range(256))}>x"])
def test_the_limits_themselves_pass(html):
    assert compare(html, html).changes == ()


NOTHING = {
    "<!--": 250_000,
    "<a<": 500_000,
    '<a "': 2_000,
    "<": 1_000_000,
    "&": 1_000_000,
    "<p>": 30_000,
    "<br>": 30_000,
}
TWO_WORDS = "foo bar ", "bar foo foo "  # a vocabulary that makes a differ look everywhere


@pytest.mark.parametrize("unit", NOTHING)
def test_much_of_nothing_passes(unit):
    html = unit * NOTHING[unit]
    compare(html, html + "x")


@pytest.mark.parametrize("units", [*((unit, unit) for unit in NOTHING), TWO_WORDS])
def test_what_texts_cost_grows_as_they_do(units):
    small, large = (calls(repeated(units, count)).total() for count in (500, 2_000))
    assert large < 4.4 * small + 500


@pytest.mark.long
@pytest.mark.parametrize("unit", ["<", "&", "<a<", "<!--"])
def test_what_texts_take_grows_as_they_do(unit):
    """Four times the text takes four times as long, and not sixteen; a parser in C makes no calls to be counted."""
    assert times_as_long((repeated((unit, unit), 200_000), repeated((unit, unit), 50_000))) < 8


def repeated(units, count):
    old, new = units
    return lambda: compare(old * count, new * (count * len(old) // len(new)) + "x")


def test_text_is_not_dropped_below_256_levels():
    old, new = f"{'<div>' * 500}deep old", f"{'<div>' * 500}deep new"
    assert "deep <del>old</del> <ins>new</ins>" in compare(old, new).content
    old, new = f"{'<i>' * 500}deep old", f"{'<i>' * 500}deep new"
    assert "deep <del>old</del> <ins>new</ins>" in compare(old, new).content


def test_too_many_nodes_are_compared_by_blocks(monkeypatch):
    monkeypatch.setattr("mergepoint.htmldiff.reading.limits.MOST_NODES", 10)
    result = compare("<p>a b</p>" * 9, "<p>a c</p>" + "<p>a b</p>" * 8, markup="full")
    assert (result.granularity, result.degraded) == ("block", "nodes")
    assert "<del" in result.content


@pytest.mark.parametrize(
    ("html", "nodes"),
    [
        ("", 0),
        ("x", 1),
        ("<p>a<b>b</b></p>", 4),
        ("<br><br>", 2),
        ("<p></p>\n<!-- c -->", 3),
        ("<script>1 < 2</script>", 1),
    ],
)
def test_elements_texts_and_comments_are_nodes(html, nodes):
    document = read(html, Rules(sanitize=False), "html")
    assert not document.has_more_nodes_than(nodes)
    assert not nodes or document.has_more_nodes_than(nodes - 1)

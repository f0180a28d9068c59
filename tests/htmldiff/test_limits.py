"""What is refused, by name and soon; what is large and may pass."""

import time

import pytest

from mergepoint.htmldiff import HtmldiffError, compare
from mergepoint.htmldiff.reading.canonical import read
from mergepoint.htmldiff.reading.clean import Rules

LARGE = 2 << 20


@pytest.fixture(scope="module")
def answered() -> float:
    """How many seconds of processor time an ordinary document of 1.5 MB costs here, compared with none and itself."""
    ordinary = "<p>some words of text</p>" * 60_000
    began = time.process_time()
    compare("", ordinary)
    compare(ordinary, ordinary)
    return time.process_time() - began


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
def test_what_is_refused_costs_at_most_half_of_an_answer(answered, html, code, limit):
    began = time.process_time()
    with pytest.raises(HtmldiffError) as caught:
        compare("", html)
    with pytest.raises(HtmldiffError):
        compare(html, html)
    assert time.process_time() - began < answered / 2
    assert (caught.value.code, caught.value.field, caught.value.limit) == (code, "new", limit)


@pytest.mark.parametrize("html", ["<div>" * 512, "<b>" * 512, f"<p {' '.join(f'aria-a{n}=x' for n in range(256))}>x"])
def test_the_limits_themselves_pass(html):
    assert compare(html, html).changes == ()


@pytest.mark.parametrize(
    "html",
    [
        "<!--" * 250_000,
        "<a<" * 500_000,
        '<a "' * 2_000,
        "<" * 1_000_000,
        "&" * 1_000_000,
        "<p>" * 30_000,
        "<br>" * 30_000,
    ],
)
def test_much_of_nothing_passes(html):
    began = time.process_time()
    compare(html, html + "x")
    assert time.process_time() - began < 5


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


def test_two_words_twenty_thousand_times_are_soon_told_apart():
    old = "foo bar " * 10_000
    new = "bar foo foo " * 6_666
    began = time.process_time()
    compare(old, new)
    assert time.process_time() - began < 2

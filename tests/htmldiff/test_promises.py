"""What must always be true, whatever the two documents are."""

import re
import unicodedata
from contextlib import suppress

import nh3
import pytest
from hypothesis import given

from mergepoint.htmldiff import HtmldiffError, accept_changes, compare, render_html_diff
from mergepoint.htmldiff.errors import TooComplex
from mergepoint.htmldiff.reading import policy
from mergepoint.htmldiff.reading.canonical import canonicalize
from mergepoint.htmldiff.reading.clean import Rules
from tests.fuzzing import SHARE, fuzz
from tests.htmldiff.checks import is_inert, parts_are_in_place, reparsed, text, text_of_side
from tests.htmldiff.documents import documents, many_pairs, pairs

MARK = re.compile('<[^>]* data-diff-[a-z-]+="')
often = fuzz(500)
sometimes = fuzz(150)


def alone(html: str, sanitize: str = "safe") -> str:
    """Return *html* parsed, normalised and sanitised by itself."""
    return canonicalize(html, Rules(sanitize=sanitize == "safe")).html


def shown(html: str, ignore: list[str]) -> str:
    """Return what counts in *html* when all in *ignore* does not."""
    if "attributes" in ignore:
        html = re.sub(r"(<[^\s>]+)[^>]*>", r"\1>", html)
    html = html.casefold() if "case" in ignore else html
    html = unicodedata.normalize("NFC", html) if "invisible" in ignore else html
    return re.sub(r"\s|&nbsp;", "", html) if "whitespace" in ignore else html


def check_promises(old: str, new: str, sanitize: str) -> None:
    result = compare(old, new, markup="full", sanitize=sanitize)
    html = result.content
    assert accept_changes(html, lambda change: False) == alone(old, sanitize)
    assert accept_changes(html, lambda change: True) == alone(new, sanitize)
    assert reparsed(html) == html
    if sanitize == "safe":
        assert parts_are_in_place(html)
        assert result.degraded is None
        assert policy.cleaner().clean(html) == html
        assert is_inert(html)
        assert text_of_side(html, new=False) == text(alone(old))
        assert text_of_side(html, new=True) == text(alone(new))


@often
@given(pairs())
def test_rejecting_gives_the_old_document_and_accepting_the_new_one(pair):
    check_promises(*pair, "safe")


@often
@given(pairs())
def test_nothing_is_lost_without_sanitising(pair):
    with suppress(TooComplex):
        check_promises(*pair, "none")


@pytest.mark.fuzz
@pytest.mark.parametrize("odd", [False, True])
def test_promises_hold_many_thousand_times(odd):
    for old, new in many_pairs(max(300, int(3_000 * SHARE)), odd=odd):
        check_promises(old, new, "safe")


def test_hardly_anything_is_too_complex_even_without_sanitising():
    degraded = refused = 0
    for old, new in many_pairs(2_000, seed=1_000_000):
        try:
            degraded += compare(old, new, markup="full", sanitize="none").degraded is not None
        except TooComplex:
            refused += 1
    assert degraded + refused <= 4


@often
@given(pairs())
def test_classic_is_what_a_parser_makes_of_it(pair):
    for view in ("inline", "side-by-side", "insertions", "deletions"):
        html = compare(*pair, view=view).content
        assert reparsed(html) == html
        assert policy.cleaner().clean(html) == html
        assert parts_are_in_place(html)


@often
@given(documents())
def test_a_document_has_not_changed_from_itself(html):
    for markup in ("classic", "full"):
        result = compare(html, html, markup=markup)
        assert result.changes == ()
        assert result.content == alone(html)


@often
@given(documents())
def test_normalising_twice_changes_nothing(html):
    for sanitize in ("safe", "none"):
        try:
            once = alone(html, sanitize)
        except HtmldiffError:
            continue
        assert alone(once, sanitize) == once == reparsed(once)


@sometimes
@given(pairs())
def test_views_show_their_own_side_only(pair):
    old, new = pair
    insertions = compare(old, new, view="insertions").content
    deletions = compare(old, new, view="deletions").content
    assert text(insertions) == text(alone(new))
    assert text(deletions) == text(alone(old))


@sometimes
@given(pairs())
def test_any_choice_of_changes_makes_a_document(pair):
    result = compare(*pair, markup="full")
    for remainder in (0, 1):
        mixed = accept_changes(result.content, lambda change, odd=remainder: change % 2 == odd)
        assert not MARK.search(mixed)
        canonicalize(mixed, Rules())


@sometimes
@given(pairs())
def test_degraded_answers_keep_the_promises(pair):
    old, new = pair
    for granularity in ("block", "document"):
        html = compare(old, new, markup="full", granularity=granularity).content
        assert accept_changes(html, lambda change: False) == alone(old)
        assert accept_changes(html, lambda change: True) == alone(new)
        assert reparsed(html) == html


@sometimes
@given(pairs())
def test_every_granularity_keeps_the_promises(pair):
    old, new = pair
    for granularity in ("character", "sentence", "block", "document"):
        result = compare(old, new, markup="full", granularity=granularity, moved=True)
        assert result.degraded is None
        assert accept_changes(result.content, lambda change: False) == alone(old)
        assert accept_changes(result.content, lambda change: True) == alone(new)


@sometimes
@given(pairs())
def test_undoing_is_exact_up_to_what_is_ignored(pair):
    old, new = pair
    for ignore in (
        ["whitespace"],
        ["attributes"],
        ["case"],
        ["comments"],
        ["invisible"],
        ["whitespace", "attributes", "case"],
    ):
        result = compare(old, new, markup="full", ignore=ignore)
        assert result.degraded is None
        assert shown(accept_changes(result.content, lambda change: True), ignore) == shown(alone(new), ignore)
        assert shown(accept_changes(result.content, lambda change: False), ignore) == shown(alone(old), ignore)


@sometimes
@given(pairs())
def test_every_mark_is_a_change_and_every_change_has_a_mark(pair):
    result = compare(*pair, markup="full")
    for change in result.changes:
        if change.kind not in ("removed_active", "comment"):
            assert f'data-diff-id="{change.id}"' in result.content
    assert [change.id for change in result.changes] == list(range(1, len(result.changes) + 1))
    assert sum(result.counts.values()) == len(result.changes)


def test_sanitising_is_nh3s_last_word():
    assert isinstance(policy.cleaner(), nh3.Cleaner)
    assert render_html_diff("<b>a</b>", "<b onclick=x>a</b><script>1</script>") == '<div class="diff"><b>a</b></div>'

"""Without sanitising, what parsers read in odd ways makes the round trip too, from every call."""

import itertools

import pytest

from mergepoint.htmldiff import accept_changes, apply, compare
from mergepoint.htmldiff.reading.canonical import canonicalize
from mergepoint.htmldiff.reading.clean import Rules
from tests.htmldiff.checks import reparsed

# Scripts in HTML's escaped states (13.2.5.17 to 31), ended and not.
SCRIPTS = [
    "<script><!--<script </script>",
    "<div><script><!--<script </script>",
    "<script><!--<SCRIPT></script></script>b",
    "<script><!--<script></script>--></script>b",
    "<script><!--<script>--></script>b",
    "<script><!-- <scripts></script>b",
    "<script><!--></script>b",
    "<script><!---></script>b",
    "<script><!--<script/</script/</script>b",
    "<script>a--><!--b</script>c",
    '<script>\'<b data-diff-id="1" class="tagdiff_added">\'</script>b',
    "<script>x = '<a>'</script><a href=/>b</a>",
]
ODD = [
    *SCRIPTS,
    "<p><a><plaintext>b",
    "<plaintext>a</plaintext><b>",
    "<template><plaintext>a</template>b",
    '<p \\"foo>a</p>',
    "<p =a a'b=1 a`b=2 a<b=3 a&b=4>a</p>",
    "<title-bar>a</title-bar><title>b</title>",
    "<a href=/><a-b>c</a-b></a>",
]
PARTS = ["<!--", "<script ", "</script ", "-->", "</script>", "-", "b"]


def alone(html: str) -> str:
    return canonicalize(html, Rules(sanitize=False)).html


def check_round_trip(old: str, new: str) -> None:
    full = compare(old, new, sanitize="none", markup="full")
    assert full.degraded is None
    assert accept_changes(full.content, lambda change: False) == alone(old)
    assert accept_changes(full.content, lambda change: True) == alone(new)
    everything = [change.id for change in full.changes]
    assert apply(old, new, sanitize="none", accept=everything) == (alone(new) if everything else alone(old))
    for view in ("inline", "side-by-side", "insertions", "deletions"):
        html = compare(old, new, sanitize="none", view=view).content
        assert html == reparsed(html)


@pytest.mark.parametrize("odd", ODD)
def test_odd_markup_makes_the_round_trip(odd: str) -> None:
    for old, new in [(odd, odd), (odd, f"x{odd}"), (f"x{odd}", odd), (odd, ""), ("", odd), (odd, f"{odd}y")]:
        check_round_trip(old, new)


@pytest.mark.long
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_script_in_any_state_makes_the_round_trip(length: int) -> None:
    for parts in itertools.product(PARTS, repeat=length):
        odd = f"<script>{''.join(parts)}</script>c"
        check_round_trip(odd, f"x{odd}")


def test_what_is_in_plaintext_is_its_text() -> None:
    assert compare("", "<p><a><plaintext>b").content == (
        '<p class="tagdiff_added"><ins><a></a></ins></p><pre class="tagdiff_added"><ins><a>b</a></ins></pre>'
    )


def test_attributes_of_any_name_stay() -> None:
    html = '<p \\"foo="">a</p>'
    result = compare(html, html, sanitize="none")
    assert (result.content, result.changes) == (html, ())
    assert [change.kind for change in compare("<p>a</p>", html, sanitize="none").changes] == ["attributes"]

"""Which block is which: the same element on both sides is one that changed; what is around others is told apart."""

from collections.abc import Iterator

import pytest

from mergepoint.htmldiff import compare
from mergepoint.htmldiff.reading.markup import BLOCKS, VOID, names

# Where a block may stand, if not anywhere, and what must be in it.
AROUND = {
    "caption": "<table>%s<tbody><tr><td>x</td></tr></tbody></table>",
    "dd": "<dl><dt>x</dt>%s</dl>",
    "dt": "<dl>%s<dd>x</dd></dl>",
    "figcaption": "<figure>%s</figure>",
    "legend": "<fieldset>%s</fieldset>",
    "li": "<ul>%s</ul>",
    "summary": "<details>%s</details>",
    "tbody": "<table>%s</table>",
    "td": "<table><tbody><tr>%s</tr></tbody></table>",
    "tfoot": "<table>%s</table>",
    "th": "<table><tbody><tr>%s</tr></tbody></table>",
    "thead": "<table>%s</table>",
    "tr": "<table><tbody>%s</tbody></table>",
}
WITHIN = {
    "dl": "<dt>x</dt><dd>%s</dd>",
    "hgroup": "<h2>%s</h2>",
    "menu": "<li>%s</li>",
    "ol": "<li>%s</li>",
    "table": "<tbody><tr><td>%s</td></tr></tbody>",
    "tbody": "<tr><td>%s</td></tr>",
    "tfoot": "<tr><td>%s</td></tr>",
    "thead": "<tr><td>%s</td></tr>",
    "tr": "<td>%s</td>",
    "ul": "<li>%s</li>",
}
# What parsers drop or never show by itself, and col, colgroup, option, optgroup, which hold no text to mark.
NOT_BY_ITSELF = frozenset(("body", "col", "colgroup", "frameset", "head", "html", "optgroup", "option"))
PLAIN = sorted(BLOCKS - VOID - NOT_BY_ITSELF)
FILLINGS = ["%s", "<p>%s</p>", "<div><main>%s</main></div>"]
TEXTS = [("Open from nine to six", "Open from eight to six"), ("nine", "eight")]
SIBLINGS = ["%s", "%s<hr>", "<p>kept</p>%s", "\n  %s\n", "\n\n%s\n<p>kept</p>\n"]
HOLDS_BLOCKS = names(
    """article aside blockquote center dd details dialog div dd dt fieldset figure figcaption footer form header li
    listing main nav section search td th address"""
)


def documents(name: str, filling: str, place: str, text: str, attribute: str) -> str:
    inner = WITHIN.get(name, "%s") % (filling % text)
    return place % (AROUND.get(name, "%s") % f"<{name}{attribute}>{inner}</{name}>")


def cases(name: str) -> Iterator[tuple[str, str]]:
    for filling in FILLINGS if name in HOLDS_BLOCKS else FILLINGS[:1]:
        for place in SIBLINGS:
            if filling == "<p>%s</p>" or name != "p":
                yield filling, place


def kinds(old: str, new: str) -> list[str]:
    return sorted(change.kind for change in compare(old, new, sanitize="none").changes)


@pytest.mark.parametrize("name", PLAIN)
def test_a_block_that_changed_is_one_change(name: str) -> None:
    for filling, place in cases(name):
        for before, after in TEXTS:
            old = documents(name, filling, place, before, ' class="a"')
            assert kinds(old, documents(name, filling, place, after, ' class="a"')) == ["replaced"]
            assert kinds(old, documents(name, filling, place, before, ' class="b"')) == ["attributes"]
            both = documents(name, filling, place, after, ' class="b"')
            assert kinds(old, both) == ["attributes", "replaced"], (old, both)


@pytest.mark.parametrize("outer", ["article", "div", "section", "main", "blockquote", "details"])
@pytest.mark.parametrize("inner", ["article", "div", "p", "h2", "address"])
@pytest.mark.parametrize("attribute", ["", ' class="x"'])
def test_what_is_put_around_a_block_is_added_alone(outer: str, inner: str, attribute: str) -> None:
    for after in ("Open from nine to six", "Open from eight to six"):
        one = f"<{inner}>Open from nine to six</{inner}>"
        other = f"<{outer}{attribute}><{inner}>{after}</{inner}></{outer}>"
        edit = [] if after in one else ["replaced"]
        assert kinds(one, other) == [*edit, "tag_added"]
        assert kinds(other, one) == [*edit, "tag_deleted"]


@pytest.mark.parametrize(
    ("old", "new", "html"),
    [
        (
            "<article><p>Open from nine to six.</p></article>",
            "<article><p>Open from eight to six.</p></article>",
            "<article><p>Open from <del>nine</del> <ins>eight</ins> to six.</p></article>",
        ),
        (
            "<details><summary>More</summary>a b c</details>",
            "<details><summary>Less</summary>a b d</details>",
            "<details><summary><del>More</del><ins>Less</ins></summary>a b <del>c</del> <ins>d</ins></details>",
        ),
        (
            "<div class=w><div class=a>a b c</div></div>",
            "<div class=a>a b d</div>",
            '<div class="w tagdiff_deleted"><div class="a">a b <del>c</del> <ins>d</ins></div></div>',
        ),
        (
            "<div dir=ltr><div dir=ltr>a b c</div></div>",
            "<div dir=ltr><div dir=ltr>a b d</div></div>",
            '<div dir="ltr"><div dir="ltr">a b <del>c</del> <ins>d</ins></div></div>',
        ),
        (
            "<section><div>a b c</div></section>",
            "<div><div>a b c</div></div>",
            '<div class="tagdiff_replaced"><div>a b c</div></div>',
        ),
    ],
)
def test_blocks_are_told_apart(old: str, new: str, html: str) -> None:
    assert compare(old, new).content == html

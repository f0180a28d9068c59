"""Where sanitising left a gap that readers would see, a note of ours stands: it is in neither document."""

import re

import pytest

from mergepoint.htmldiff import accept_changes, apply, compare
from tests.htmldiff.checks import is_inert, parts_are_in_place, reparsed
from tests.htmldiff.documents import many_pairs

# What goes, another of it, and what a reader calls it.
THINGS = {
    "formula": ("<math><mi>x</mi></math>", "<math><mi>y</mi></math>"),
    "drawing": ("<svg><path d='M0 0'/></svg>", "<svg><path d='M1 1'/></svg>"),
    "frame": ("<iframe src='/a'></iframe>", "<iframe src='/b'></iframe>"),
    "video": ("<video src='/a'></video>", "<video src='/b'></video>"),
    "audio": ("<audio src='/a'></audio>", "<audio src='/b'></audio>"),
    "object": ("<object data='/a'></object>", "<object data='/b'></object>"),
    "canvas": ("<canvas width='1'></canvas>", "<canvas width='2'></canvas>"),
    "choice": ("<select><option>a</select>", "<select><option selected>a</select>"),
    "field": ("<textarea>a</textarea>", "<textarea>b</textarea>"),
    "checkbox": ("<input type=checkbox>", "<input type=checkbox checked>"),
    "button": ("<input type=submit value=a>", "<input type=submit value=b>"),
    "picture": ("<img src='data:image/png;base64,AA'>", "<img src='data:image/png;base64,BB'>"),
}
PLACES = [
    "%s",
    "<p>Let %s be.</p>",
    "<ul><li>a</li><li>b %s</li></ul>",
    "<table><tr><td>a %s</td></tr></table>",
    "<b>a %s</b>",
]
NOTE = re.compile(r'<span class="diff_placeholder[^>]*>\s?\[([a-z ]*)\]</span>')


def notes(old: str, new: str, **options: object) -> list[str]:
    return NOTE.findall(compare(old, new, placeholders=True, **options).content)


def check_promises(old: str, new: str, **options: object) -> None:
    plain = compare(old, new, **options)
    full = compare(old, new, markup="full", placeholders=True, **options)
    assert full.degraded == plain.degraded
    assert full.changes == plain.changes
    assert accept_changes(full.content, lambda change: False) == compare(old, old).content
    assert accept_changes(full.content, lambda change: True) == compare(new, new).content
    for view in ("inline", "side-by-side", "insertions", "deletions"):
        result = compare(old, new, page=True, view=view, **options)
        html = result.content
        assert html == reparsed(html)
        assert is_inert(html)
        assert parts_are_in_place(html)
        ids = re.findall(r' id="(diff-[0-9]+)"', html)
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", THINGS)
def test_what_went_is_named_where_it_was(kind: str) -> None:
    before, after = THINGS[kind]
    for place in PLACES:
        one, other, none = place % before, place % after, place % ""
        assert notes(one, one) == [kind]
        assert notes(one, other) == [f"{kind} changed"]
        if kind != "picture":  # without its source it is still a picture
            assert notes(none, one) == [f"{kind} added"]
            assert notes(one, none) == [f"{kind} removed"]
        for old, new in ((one, other), (none, one), (one, none)):
            check_promises(old, new)


def test_the_sentence_reads() -> None:
    old, new = (f"<p>Let {THINGS['formula'][0]} be {word}.</p>" for word in ("one", "two"))
    assert compare(old, new, placeholders=True).content == (
        '<p>Let <span class="diff_placeholder diff_formula">[formula]</span> be <del>one</del> <ins>two</ins>.</p>'
    )
    assert compare(old, new).content == "<p>Let  be <del>one</del> <ins>two</ins>.</p>"


def test_what_nobody_sees_has_no_note() -> None:
    html = "<p>a</p><script>1</script><style>p{}</style><input type=hidden><template>b</template><p onclick=x>c</p>"
    assert notes("<p>a</p>", html) == []


def test_a_video_is_its_sources() -> None:
    old = "<video><source src='/a'><track src='/t'>text</video>"
    assert notes(old, old.replace("/a", "/b")) == ["video changed"]
    assert compare(old, old.replace("/t", "/u")).counts == {"removed_active": 1}


def test_notes_change_no_number() -> None:
    old, new = f"a {THINGS['video'][0]} b", f"a {THINGS['video'][1]} c"
    accept = [change.id for change in compare(old, new, page=True).changes if change.kind == "replaced"]
    assert apply(old, new, accept=accept) == "a  c"


def test_each_side_has_its_own_notes() -> None:
    old, new = THINGS["video"][0] + "a", "a" + THINGS["audio"][0]
    assert notes(old, new, view="deletions") == ["video removed"]
    assert notes(old, new, view="insertions") == ["audio added"]
    assert notes(old, new, view="side-by-side") == ["video removed", "audio added"]
    assert notes(old, new, sanitize="none") == []


def test_a_page_stops_at_notes_and_lists_what_it_left_out() -> None:
    old, new = (
        "<p>a</p><script>1</script><style>b</style>",
        f"<p>a{THINGS['video'][0]}</p><script>2</script><style>b</style>",
    )
    result = compare(old, new, page=True)
    assert [change.kind for change in result.changes] == ["removed_active"] * 2
    video, script = (f"diff-{change.id}" for change in result.changes)
    assert f'id="{video}">[video added]' in result.html
    assert f'href="#{video}"' in result.html
    assert "1 change " in result.html
    assert script not in result.html
    left_out = result.html[result.html.index("diff_left_out") :]
    assert "&lt;script&gt;1&lt;/script&gt;</del> <ins>&lt;script&gt;2" in left_out
    assert "unchanged: style (1)" in left_out
    assert "<script" not in result.html


def test_a_page_without_visible_changes_says_so() -> None:
    for old, new in [
        ("a", "a"),
        ("", ""),
        ("a<script>1</script>", "a<script>2</script>"),
        ("<b>a b</b>", "<b>a</b> <b>b</b>"),
    ]:
        assert "no visible changes" in compare(old, new, page=True).html
    assert "no visible changes" not in compare("a", "b", page=True).html


@pytest.mark.long
@pytest.mark.parametrize("options", [{}, {"granularity": "character"}, {"granularity": "block"}, {"moved": True}])
def test_random_documents_keep_the_promises_with_notes(options: dict[str, object]) -> None:
    for old, new in many_pairs(100, seed=7_000_000):
        check_promises(old, new, **options)


def test_what_nobody_sees_any_more_is_named_as_it_was_seen() -> None:
    assert notes("<input type=checkbox>", "<input type=hidden>") == ["checkbox removed"]
    assert notes("<input type=hidden>", "<input type=checkbox>") == ["checkbox added"]

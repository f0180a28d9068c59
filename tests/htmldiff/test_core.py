import doctest

import pytest

from mergepoint import htmldiff
from mergepoint.htmldiff import HtmldiffError, accept_changes, apply, compare, core, render_html_diff


def content(old, new, **options):
    return compare(old, new, **options).content


def kinds(old, new, **options):
    return [change.kind for change in compare(old, new, **options).changes]


def test_the_contract_of_the_well_known_library_holds():
    assert doctest.testmod(core).failed == 0
    assert render_html_diff("Foo <b>bar</b> baz", "Foo <i>bar</i> baz") == (
        '<div class="diff">Foo <i class="tagdiff_replaced">bar</i> baz</div>'
    )
    assert render_html_diff("Foo bar baz", "Foo baz") == '<div class="diff">Foo <del>bar</del> baz</div>'
    assert render_html_diff("Foo baz", "Foo blah baz") == '<div class="diff">Foo <ins>blah</ins> baz</div>'


@pytest.mark.parametrize(
    ("old", "new", "html"),
    [
        ("a b", "a c", "a <del>b</del> <ins>c</ins>"),
        ("foo bar", "foo <b>bar</b>", 'foo <b class="tagdiff_added">bar</b>'),
        ("foo <b>bar</b>", "foo bar", 'foo <b class="tagdiff_deleted">bar</b>'),
        ('<a href="/x">t</a>', '<a href="/y">t</a>', '<a href="/y" class="tagdiff_replaced">t</a>'),
        ('<p class="x">t</p>', '<p class="y">t</p>', '<p class="y tagdiff_replaced">t</p>'),
        ("<p>t</p>", "<h2>t</h2>", '<h2 class="tagdiff_replaced">t</h2>'),
        ("<ul><li>t</li></ul>", "<ol><li>t</li></ol>", '<ol class="tagdiff_replaced"><li>t</li></ol>'),
        ("<img src=a.png>", "<img src=b.png>", '<del><img src="a.png"></del><ins><img src="b.png"></ins>'),
        ("a", "a<br>", "a<ins><br></ins>"),
        ("<p>a</p>", "<p>a</p><hr>", '<p>a</p><hr class="tagdiff_added">'),
        ("<title>a</title>", "<title>b</title>", "<del><title>a</title></del><ins><title>b</title></ins>"),
    ],
)
def test_changes_show(old, new, html):
    assert content(old, new) == html


def test_a_link_in_a_link_has_a_stand_in():
    html = content('<a href="/1">x</a> y', '<a href="/2">x y</a>', markup="full")
    assert html == (
        '<a href="/2" class="tagdiff_added" data-diff-id="1" data-diff-scope="tag"><span class="tagdiff_deleted" '
        'data-diff-id="2" data-diff-scope="tag" data-diff-tag="a" data-diff-old-href="/1">x</span> y</a>'
    )


def test_items_and_cells_are_marked_inside():
    assert content("<ul><li>a</ul>", "<ul><li>a<li>b</ul>") == (
        '<ul><li>a</li><li class="tagdiff_added"><ins>b</ins></li></ul>'
    )
    assert content("<table><tr><td>a<td>b</table>", "<table><tr><td>a</table>") == (
        '<table><tbody><tr><td>a</td><td class="tagdiff_deleted"><del>b</del></td></tr></tbody></table>'
    )


def test_an_option_is_repeated_with_its_list():
    html = content("<select><option>a</select>", "<select><option>b</select>", sanitize="none")
    assert html == ("<del><select><option>a</option></select></del><ins><select><option>b</option></select></ins>")


def test_no_stop_word_is_left_between_two_changes():
    html = content("the cat of spain sat", "the dog of france sat")
    assert html == "the <del>cat of spain</del> <ins>dog of france</ins> sat"


def test_changes_are_told():
    result = compare("<p>a</p><ul><li>x</ul>", "<p>b</p><ul><li>x<li>y</ul>")
    assert [(change.id, change.kind, change.path, change.old, change.new) for change in result.changes] == [
        (1, "replaced", "/p[1]", "a", "b"),
        (2, "inserted", "/ul[1]/li[2]", "", "<li>y</li>"),
    ]
    assert result.counts == {"replaced": 1, "inserted": 1}
    assert result.degraded is None


def test_every_kind_of_change_has_its_name():
    assert kinds("a", "a b") == ["inserted"]
    assert kinds("a b", "a") == ["deleted"]
    assert kinds("a", "<b>a</b>") == ["tag_added"]
    assert kinds("<b>a</b>", "a") == ["tag_deleted"]
    assert kinds("<b>a</b>", "<i>a</i>") == ["tag_replaced"]
    assert kinds("<b>a</b>", "<b class=x>a</b>") == ["attributes"]
    assert kinds("<p>a</p>\n<p>b</p>", "<p>a</p><p>b</p>") == ["whitespace"]
    assert kinds("a<!-- x -->", "a") == ["comment"]
    assert kinds("a<script>1</script>", "a<script>2</script>") == ["removed_active"]
    assert kinds("<p>a b c</p><p>x y z</p>", "<p>x y z</p><p>a b c</p>", moved=True) == ["moved"]


def test_what_only_moved_is_one_change_with_two_marks():
    html = content("<p>a b c</p><p>x</p><p>y</p>", "<p>x</p><p>y</p><p>a b c</p>", moved=True, markup="full")
    assert html == (
        '<p class="tagdiff_deleted tagdiff_moved" data-diff-id="1" id="diff-1-from">'
        '<a class="tagdiff_link" data-diff-link="1" href="#diff-1-to"></a><del data-diff-id="1">a b c</del></p>'
        "<p>x</p><p>y</p>"
        '<p class="tagdiff_added tagdiff_moved" data-diff-id="1" id="diff-1-to">'
        '<a class="tagdiff_link" data-diff-link="1" href="#diff-1-from"></a><ins data-diff-id="1">a b c</ins></p>'
    )
    assert accept_changes(html, lambda change: True) == "<p>x</p><p>y</p><p>a b c</p>"
    assert accept_changes(html, lambda change: False) == "<p>a b c</p><p>x</p><p>y</p>"


def test_only_the_chosen_changes_are_applied():
    old, new = "one two three four", "one 2 three 4"
    assert apply(old, new) == old
    assert apply(old, new, accept=[1]) == "one 2 three four"
    assert apply(old, new, accept=[2]) == "one two three 4"
    assert apply(old, new, reject=[1]) == "one two three 4"
    assert apply(old, new, accept=[1, 2]) == new


def test_choosing_what_is_not_there_is_an_error():
    with pytest.raises(HtmldiffError, match="no change 7") as caught:
        apply("a", "b", accept=[7])
    assert (caught.value.code, caught.value.field) == ("invalid_option", "accept")
    with pytest.raises(HtmldiffError, match="both"):
        apply("a", "b", accept=[1], reject=[1])


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"view": "upside-down"}, "view"),
        ({"granularity": "byte"}, "granularity"),
        ({"markup": "fancy"}, "markup"),
        ({"ignore": ["colour"]}, "ignore"),
        ({"sanitize": "maybe"}, "sanitize"),
        ({"wrapper_element": "p"}, "wrapper_element"),
        ({"wrapper_element": "script"}, "wrapper_element"),
        ({"base_url": "javascript:alert(1)"}, "base_url"),
        ({"base_url": "http://["}, "base_url"),
        ({"base_url": "http://?"}, "base_url"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_options_are_named(options, field):
    with pytest.raises(HtmldiffError) as caught:
        compare("a", "b", **options)
    assert caught.value.field == field


def test_the_wrapper_is_the_callers():
    assert render_html_diff("a", "a", "section", 'x"y') == '<section class="x&quot;y">a</section>'
    assert render_html_diff("a", "a", wrapper_class="") == "<div>a</div>"


def test_what_is_ignored_is_no_change():
    assert kinds("a  b", "a b", ignore=["whitespace"]) == []
    assert kinds("<p>a</p>\n\n<p>b</p>", "<p> a</p><p>b</p>", ignore=["whitespace"]) == []
    assert kinds("a b", "ab", ignore=["whitespace"]) == ["replaced"]
    assert kinds("Foo", "foo", ignore=["case"]) == []
    assert kinds("<p class=x>a</p>", "<p>a</p>", ignore=["attributes"]) == []
    assert kinds("a<!-- x -->b", "ab", ignore=["comments"]) == []
    assert kinds("a<!-- x -->b", "ab", ignore=["comments"], sanitize="none") == []
    assert kinds("<p>A  b</p>", "<p class=x>a b c</p>", ignore=["case", "attributes", "whitespace"]) == ["inserted"]


def test_relative_links_are_resolved():
    html = content('<a href="b?x=1&y">t</a>', '<a href="b?x=1&y">t</a>', base_url="https://example.com/a/")
    assert html == '<a href="https://example.com/a/b?x=1&amp;y">t</a>'


@pytest.mark.parametrize("href", ["//[", "http://[x]/", "http://ex\u2100mple/", "http://a b/", "\t//", "http:", "?"])
def test_what_is_no_url_is_left_as_it_is_or_goes(href):
    result = compare(f'<a href="{href}">x</a>', "", base_url="https://example.com/a/")
    assert result.degraded is None
    assert result.content.endswith("x</a></del>")


def test_granularity():
    assert content("kitten", "kittens", granularity="character") == "kitten<ins>s</ins>"
    assert content("e\u0301x", "ex", granularity="character") == "<del>e\u0301</del><ins>e</ins>x"
    assert content("One two. Three.", "One 2. Three.", granularity="sentence") == (
        "<del>One two.</del><ins>One 2.</ins> Three."
    )
    assert content("<p>a b</p><p>c</p>", "<p>a d</p><p>c</p>", granularity="block") == (
        '<p class="tagdiff_deleted"><del>a b</del></p><p class="tagdiff_added"><ins>a d</ins></p><p>c</p>'
    )


@pytest.mark.parametrize(
    ("old", "new", "html"),
    [
        ("我喜欢吃苹果", "我喜欢吃香蕉", "我喜欢吃<del>苹果</del><ins>香蕉</ins>"),
        ("私は東京に住んでいます", "私は京都に住んでいます", "私は<del>東京</del><ins>京都</ins>に住んでいます"),
        ("ฉันชอบกินข้าวผัด", "ฉันชอบกินก๋วยเตี๋ยว", "ฉันชอบกิน<del>ข้าวผัด</del><ins>ก๋วยเตี๋ยว</ins>"),
    ],
)
def test_words_are_right_where_no_spaces_are_written(old, new, html):
    assert content(old, new) == html


def test_views():
    old, new = "a b", "a c"
    assert content(old, new, view="insertions") == "a <ins>c</ins>"
    assert content(old, new, view="deletions") == "a <del>b</del>"
    assert content(old, new, view="side-by-side") == (
        '<div class="diff_old">a <del>b</del></div><div class="diff_new">a <ins>c</ins></div>'
    )


def test_a_page_leads_from_change_to_change():
    html = render_html_diff("<p>a</p><p>b c</p>", "<p>x</p><p>b d</p>", page=True, title="<me>")
    assert html.startswith("<!doctype html>")
    assert "<title>&lt;me&gt;</title>" in html
    assert '<del id="diff-1">' in html
    assert '<a href="#diff-2" rel="next">next</a>' in html
    assert "<script" not in html


def test_marks_of_the_input_stay_its_own():
    html = content('<ins data-diff-id="9">a</ins> b', '<ins data-diff-id="9">a</ins> c', markup="full")
    assert html == ('<ins data-input-diff-id="9">a</ins><del data-diff-id="1"> b</del><ins data-diff-id="1"> c</ins>')


def test_pages_leave_the_inputs_own_ids_alone():
    result = compare('<p id="x">a</p><p id="y" class="z">c</p>', '<p id="y">c</p>', page=True)
    assert result.degraded is None
    assert '<p id="x" class="tagdiff_deleted"><del>' in result.html


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<p id="diff-1">x</p>', ""),
        ("", '<p id="diff-1-to">x</p>'),
        (' <p class="tagdiff_replaced">x</p>', '<p class="tagdiff_replaced">x</p>'),
        ('<ins class="tagdiff_added" data-diff-id="1">a</ins>', '<ins class="tagdiff_added" data-diff-id="1">b</ins>'),
        ("<ins>a</ins>", "<del>a</del>"),
    ],
)
def test_a_difference_of_differences_can_be_undone(old, new):
    result = compare(old, new, markup="full", page=True)
    assert result.degraded is None
    again = compare(result.content, "x", markup="full")
    assert again.degraded is None
    assert accept_changes(again.content, lambda change: False) == compare(result.content, result.content).content


def test_ids_like_ours_are_renamed():
    assert content('<p id="diff-1">x</p>', '<p id="diff-1">x</p>') == '<p data-input-diff-id="diff-1">x</p>'
    assert content('<p id="diff-x">x</p>', '<p id="diff-x">x</p>') == '<p id="diff-x">x</p>'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a", "<b>a</b>"),
        ("<b>a</b>", "a"),
        ('<a href="/1">a</a>', '<a href="/2">a</a>'),
        ('<a href="/1">x</a> y', '<a href="/2">x y</a>'),
        ("<p>a</p>", "<h2>a</h2>"),
        ("<table><tr><td>a</table>", "<table><tr><td>a<td>b</table>"),
        ("<img src=a>", "<img src=b>"),
        ("a b c", "a c"),
        ("<p>a</p><p>b</p>", "<p>b</p>"),
    ],
)
@pytest.mark.parametrize("markup", ["classic", "full"])
@pytest.mark.parametrize("view", ["inline", "side-by-side"])
def test_a_page_leads_to_every_change(old, new, markup, view):
    result = compare(old, new, page=True, markup=markup, view=view)
    for change in result.changes:
        assert result.content.count(f' id="diff-{change.id}"') == 1
        assert f'href="#diff-{change.id}"' in result.html


def test_the_former_name_of_accept_changes_still_works():
    assert htmldiff.resolve is htmldiff.accept_changes

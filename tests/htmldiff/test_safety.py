"""Nothing active survives from either side, and what was taken is told."""

import pytest

from mergepoint.htmldiff import compare
from mergepoint.htmldiff.reading import policy
from tests.htmldiff.checks import is_inert, reparsed

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<body onload=alert(1)>x",
    "<svg onload=alert(1)><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=alert(1)&gt;'></table></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)></style></mglyph></form>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=vbscript:x>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img srcset='data:image/png;base64,x 1x'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)>x</object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
    "<base href=//x.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//x.example/x.css>",
    "<style>@import '//x.example/x.css'; * { background: url(//x.example) }</style>",
    "<p style='background:url(//x.example/x.png)'>x</p>",
    "<p style='position:fixed;top:0;width:100%;color:red'>x</p>",
    "<p style='color:expression(alert(1))'>x</p>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<?xml version='1.0'?><?php echo 1 ?>x",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<select><template><img src=x onerror=alert(1)></template></select>",
    "<video><source onerror=alert(1)></video>",
    "<details ontoggle=alert(1) open>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<div data-diff-old-href='javascript:alert(1)' data-diff-id=1 class=tagdiff_deleted>x</div>",
    "<a href='https://x.example/' target=_blank ping=//x.example>x</a>",
    "<p data-hx-on:click=alert(1) data-method=delete>x</p>",
    "<p id='x\"onclick=alert(1)'>x</p>",
    "<table background=javascript:alert(1)><tr><td background=x>x</table>",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("markup", ["classic", "full"])
def test_nothing_active_survives(attack, markup):
    before, after = f"<p>a b c</p>{attack}<p>d</p>", f"<p>a c</p><div>{attack}{attack}</div>"
    for old, new in [
        (attack, ""),
        ("", attack),
        (attack, "x"),
        (before, after),
        (after, before),
        (attack, f"<b>{attack}</b>"),
    ]:
        for view in ("inline", "side-by-side", "insertions", "deletions"):
            html = compare(old, new, markup=markup, view=view).content
            assert is_inert(html), html
            assert policy.cleaner().clean(html) == html == reparsed(html)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<script>1</script>", "<script>2</script>", ("<script>1</script>", "<script>2</script>")),
        ("<b>x</b>", "<b onclick=x>x</b>", ("", 'b onclick="x"')),
        ("<a href='//x.example'>x</a>", "<a href=javascript:1>x</a>", ("", 'a href="javascript:1"')),
        ("<form>x</form>", "x", ("<form>", "")),
        ("<p style='color:red'>x</p>", "<p style='color:red;top:0'>x</p>", ("", 'p style="color:red;top:0"')),
    ],
)
def test_a_change_that_sanitising_removes_is_told(old, new, told):
    result = compare(old, new)
    assert told in [(change.old, change.new) for change in result.changes if change.kind == "removed_active"]
    assert result.counts["removed_active"] == 1


def test_what_is_harmless_stays():
    html = '<p class="x" style="color:red" title="t"><a href="/x">l</a> <img alt="i" src="i.png"></p>'
    assert compare(html, html).content == html


def test_text_goes_only_with_an_element_that_goes():
    assert (
        compare("", "a<form>b<button>c</button></form><x-y>d</x-y><noscript>e</noscript>").content == "<ins>abcde</ins>"
    )


def test_unsanitised_is_what_was_sent():
    html = '<script>1 < 2</script><p onclick="x">a</p>'
    assert compare(html, html, sanitize="none").content == html

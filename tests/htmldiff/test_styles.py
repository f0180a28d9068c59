"""Styles: what stays of them, and which of them say the same."""

import random
import time

import pytest

from mergepoint.htmldiff import compare
from mergepoint.htmldiff.reading import policy
from mergepoint.htmldiff.reading.markup import escape
from mergepoint.htmldiff.reading.style import declarations, meaning, parts
from tests.htmldiff.checks import reparsed

# Properties of CSS's modules and of CSS 2, by their own names; the tests' list, not the service's.
ENDS = ("", "-start", "-end")
SIDES = ("top", "right", "bottom", "left")
PROPERTIES = {
    *(f"border-{side}{what}" for side in SIDES for what in ("", "-color", "-style", "-width")),
    *(f"{box}-{side}" for box in ("margin", "padding") for side in SIDES),
    *(f"{box}-{axis}{end}" for box in ("margin", "padding") for axis in ("block", "inline") for end in ENDS),
    *(f"border{what}" for what in ("", "-collapse", "-color", "-radius", "-spacing", "-style", "-width")),
    *(f"font{what}" for what in ("", "-family", "-size", "-style", "-variant", "-weight")),
    *(f"text-{what}" for what in ("align", "indent", "transform", "decoration")),
    *(f"text-decoration-{what}" for what in ("color", "line", "style")),
    *(f"page-break-{what}" for what in ("after", "before", "inside")),
    *(f"{limit}-{size}" for limit in ("max", "min") for size in ("height", "width")),
    *(f"word-{what}" for what in ("break", "spacing", "wrap")),
    *("margin", "padding", "background-color", "caption-side", "clear", "color", "direction", "display", "empty-cells"),
    *("float", "height", "letter-spacing", "line-height", "list-style-type", "opacity", "table-layout", "unicode-bidi"),
    *("vertical-align", "visibility", "white-space", "width"),
}  # fmt: skip
SAME = [
    ("color:red", "color: red;"),
    ("color:red", "COLOR : RED"),
    ("color:red", "/*x*/color:red/**/;;"),
    ("color:red;margin:0", "margin:0px; color:red"),
    ("font-family:'a b',c", 'font-family: "a b" , c'),
    ("color:#FFF", "color:#ffffff"),
    ("width:.50em", "width:+0.5em"),
    ("margin-left:1px;margin-right:2px", "margin-right:2px;margin-left:1px"),
    ("border-radius:1px;border:0", "border:0;border-radius:1px"),
    ("border-left:0;border-right:1px", "border-right:1px;border-left:0"),
    ("border-color:red;border-style:solid", "border-style:solid;border-color:red"),
    ("color:rgb(1,2,3)", "color:RGB( 1, 2 ,3 )"),
    ("color:red!important", "color:red ! IMPORTANT"),
    ("font-size:1px;font-weight:bold", "font-weight:700;font-size:1px"),
]
OTHER = [
    ("color:red", "color:blue"),
    ("color:red", "color:red!important"),
    ("color:red;color:blue", "color:blue;color:red"),
    ("color:red!important;color:blue", "color:blue;color:red!important"),
    ("margin:0;margin-left:1px", "margin-left:1px;margin:0"),
    ("margin-left:1px;margin-inline-start:2px", "margin-inline-start:2px;margin-left:1px"),
    ("font:12px a;line-height:2", "line-height:2;font:12px a"),
    ("border-left:1px;border-color:red", "border-color:red;border-left:1px"),
    ("border:0;border-left-color:red", "border-left-color:red;border:0"),
    ("font-family:'A'", "font-family:'a'"),
    ("width:1px", "width:1%"),
]
URLS = [
    "url(x)",
    "URL( 'x' )",
    "image-set('x' 1x)",
    "-webkit-image-set(url(x) 1x)",
    "u\\72l(x)",
    "\\75 rl(x)",
    "src('x')",
]


def kept(style: str) -> str | None:
    return policy.clean_style(escape(style)).kept


@pytest.mark.parametrize("name", sorted(policy.STYLES))
def test_every_name_is_that_of_a_property(name: str) -> None:
    assert name in PROPERTIES
    assert kept(f"{name}: 0.5") == f"{name}:0.5"


def test_every_property_of_the_list_is_there() -> None:
    assert PROPERTIES == policy.STYLES


@pytest.mark.parametrize(
    ("given", "stays"),
    [
        ("background: red", "background-color:red"),
        ("BACKGROUND: #fff url(x.png) no-repeat", "background-color:#fff"),
        ("background: url(x)", None),
        ("background: none", "background-color:transparent"),
        ("background: url(x), rgb(1, 2, 3)", "background-color:rgb(1, 2, 3)"),
        ("background: red !important", "background-color:red ! important"),
        ("list-style: square inside url(x)", "list-style-type:square"),
        ("list-style: none", "list-style-type:none"),
        ("opacity: .3", "opacity:0.3"),
        ("opacity: 30%", "opacity:30%"),
        ("opacity: .29", None),
        ("opacity: calc(0)", None),
        ("opacity: inherit", None),
        ("top: 0; font-family: Arial", "font-family:Arial"),
    ],
)
def test_what_stays_of_a_style(given: str, stays: str | None) -> None:
    assert kept(given) == stays


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "name", ["background", "background-image", "list-style", "border", "color", "content", "cursor"]
)
def test_nothing_that_loads_stays(name: str, url: str) -> None:
    for value in (url, f"red {url}", f"{url} red", f"red,{url}", f"'a' {url}", f"rgb({url})", f"a({url}"):
        assert not policy.LOADS.search(kept(f"{name}:{value};color:red") or "")


@pytest.mark.parametrize(("one", "other"), SAME)
def test_another_spelling_is_no_change(one: str, other: str) -> None:
    assert meaning(one) == meaning(other)
    old, new = (f'<p style="{escape(style)}">a</p>' for style in (one, other))
    assert "removed_active" not in compare(old, new).counts


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_meaning_is_a_change(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)


def test_only_what_was_removed_is_told_as_removed() -> None:
    def kinds(old: str, new: str) -> list[str]:
        return [change.kind for change in compare(f"<p{old}>a</p>", f"<p{new}>a</p>").changes]

    assert kinds(' style="color:red"', ' style="color: red;"') == []
    assert kinds("", ' style="text-align: center;"') == ["attributes"]
    assert kinds(' style="color:red;top:0"', ' style="top: 0;color:blue"') == ["attributes"]
    assert kinds(' style="color:red;top:0"', ' style="color:red;top:1px"') == ["removed_active"]
    assert kinds("", ' style="background: red"') == ["attributes"]


def test_any_style_is_read_in_time_and_the_same_twice() -> None:
    chance = random.Random(0)
    pieces = ["(", ")", '"', "'", "\\", ";", ":", "a", "color", "red", "/*", "*/", ",", "!important", "url(", "{", "}"]
    styles = ["".join(chance.choices([*pieces, " "], k=chance.randrange(30))) for _ in range(1_000)]
    styles += [piece * 20_000 for piece in (*pieces, "(a", "(()", "a:(", "\\(", "'\\")]
    began = time.process_time()
    for style in styles:
        assert "".join(map(str, declarations(style))).count("color") <= style.lower().count("color")
        parts(style)
        stays = kept(style)
        html = f'<p style="{stays}">a</p>' if stays else "<p>a</p>"
        assert policy.cleaner().clean(html) == reparsed(html)
        meaning(style)
    assert time.process_time() - began < 5

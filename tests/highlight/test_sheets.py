"""Style sheets for pages that have more on them than code, and pages that say themselves that they are dark."""

import re
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from pygments.formatters.html import HtmlFormatter
from pygments.styles import get_all_styles

from tests.highlight.test_dark import CODE, COLOURS, DARK, LIGHT, expected
from tests.highlight.test_dark import ask as highlighted


def sheet(client: FlaskClient, style: str = LIGHT, **options: object) -> str:
    reply = client.get(f"/highlight/styles/{style}.css", query_string=options)
    assert (reply.status_code, reply.content_type) == (200, "text/css; charset=utf-8")
    return reply.text


def selectors(css: str) -> list[str]:
    flat = re.sub(r"@media [^{]*\{\n(.*?)\n\}\n", r"\1\n", css, flags=re.DOTALL)
    return [line.partition("{")[0].strip() for line in flat.splitlines()]


@pytest.mark.parametrize("style", sorted(get_all_styles()))
def test_the_plain_sheet_is_pygments_own(client: FlaskClient, style: str) -> None:
    assert sheet(client, style) == HtmlFormatter(style=style).get_style_defs(".highlight") + "\n"


def test_it_knows_the_classes_of_the_html(client: FlaskClient) -> None:
    ours = sheet(client, cssclass="my-code", classprefix="p_")
    assert ours == HtmlFormatter(style=LIGHT, classprefix="p_").get_style_defs(".my-code") + "\n"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"marks": 1},
        {"dark": DARK},
        {"dark": DARK, "dark_selector": ".dark", "marks": 1},
        {"dark": DARK, "dark_selector": "[data-theme=dark]", "cssclass": "code", "classprefix": "c-"},
        {"cssclass": "post"},
    ],
    ids=lambda options: "-".join(options) or "alone",
)
@pytest.mark.parametrize("style", [LIGHT, DARK, "bw", "algol_nu"])
def test_with_a_scope_nothing_is_outside_of_it(client: FlaskClient, style: str, options: dict[str, Any]) -> None:
    found = selectors(sheet(client, style, scope="post", **options))
    assert len(found) > 5
    assert all(re.match(r"\.post(?![\w-])", selector) for selector in found)


STYLES = """selector => [...document.querySelectorAll(selector)].map(element => {
    const style = getComputedStyle(element);
    return [style.color, style.backgroundColor, style.lineHeight, style.paddingLeft, style.fontWeight];
})"""


def test_a_browser_shows_it_within_its_scope_only(client: FlaskClient, browser: Any) -> None:
    html = highlighted(client, linenos="table", cssclass="code")
    css = sheet(client, scope="post", cssclass="code", dark=DARK, dark_selector="#night")
    page = browser.new_page(color_scheme="light")
    body = f"<!doctype html><div class=post>{html}</div><section>{html}</section>"
    found = []
    for head in (f"<style>{css}</style>", ""):
        page.set_content(head + body)
        found.append([page.evaluate(STYLES, f"{place} :is(span, pre, .code)") for place in (".post", "section")])
    (inside, outside), (bare, bare_outside) = found
    assert outside == bare_outside
    assert inside != bare
    page.set_content(f"<style>{css}</style><div class=post>{highlighted(client, cssclass='code')}</div>")
    assert is_shown(page) == LIGHT
    page.close()


PLACES = {
    ".dark": ("class=dark", "class='a dark b'", "class=darker", "class=light"),
    "#night": ("id=night", "id=night class=x", "id=day", ""),
    "[data-dark]": ("data-dark", "data-dark=0", "data-light", ""),
    "[data-theme=dark]": ("data-theme=dark", "data-theme='dark'", "", "data-dark"),
    "[data-level=9]": ("data-level=9", "data-level='9' class=x", "", "class=dark"),
}


EACH_ONCE = {("sheet", ".dark"), ("scope", "[data-dark]"), ("own", "#night"), ("page", "[data-theme=dark]")}
CASES = [
    pytest.param(*case, marks=[] if case in EACH_ONCE else [pytest.mark.long])
    for case in product(("sheet", "scope", "own", "page"), PLACES)
]


@pytest.mark.parametrize(("way", "selector"), CASES)
def test_it_is_dark_by_what_is_around_it_or_by_preference(
    client: FlaskClient, browser: Any, way: str, selector: str
) -> None:
    answer = shown(client, way, selector)
    *dark, other, none = PLACES[selector]
    page = browser.new_page()
    for attributes in (*dark, other, none):
        for where in ("html", "body", "div"):
            page.set_content(put(answer, where, attributes))
            for preference in ("light", "dark"):
                page.emulate_media(color_scheme=preference)
                wanted = DARK if attributes in dark or preference == "dark" else LIGHT
                assert is_shown(page, whole=way == "page" and where != "div") == wanted, (attributes, where, preference)
    page.close()


@pytest.mark.parametrize("way", ["sheet", "own", "page"])
def test_an_attribute_with_another_value_says_that_it_is_light(client: FlaskClient, browser: Any, way: str) -> None:
    answer = put(shown(client, way, "[data-theme=dark]"), "html", "data-theme=light")
    page = browser.new_page()
    for preference in ("light", "dark"):
        page.emulate_media(color_scheme=preference)
        page.set_content(answer)
        assert is_shown(page, whole=way == "page") == LIGHT
        page.set_content(put(answer, "div", "data-theme=dark"))
        assert is_shown(page) == DARK
    page.close()


def is_shown(page: Any, *, whole: bool = False) -> str | None:
    """Return the style that the code on *page* is shown in, and with *whole* the page itself."""
    found = page.evaluate(COLOURS)
    for style in (LIGHT, DARK):
        wanted = expected(style) | ({"page": expected(style)["background"]} if whole else {})
        if {key: found[key] for key in wanted} == wanted:
            return style
    return None


def shown(client: FlaskClient, way: str, selector: str) -> str:
    options = {"dark_style": DARK, "dark_selector": selector}
    if way == "page":
        return highlighted(client, page=1, **options)
    if way == "own":
        return f"<!doctype html><html><body>{highlighted(client, **options)}"
    scope = {"scope": "post"} if way == "scope" else {}
    css = sheet(client, dark=DARK, dark_selector=selector, **scope)
    return f"<!doctype html><html><style>{css}</style><body><section class=post>{highlighted(client)}"


def put(html: str, where: str, attributes: str) -> str:
    """Return *html* with *attributes* on its html or body, or on a div around the code."""
    if where == "div":
        return html.replace("<body>", f"<body><div {attributes}>")
    return re.sub(f"<{where}(?=[ >])", f"<{where} {attributes}", html, count=1)


COPY = """html => {
    document.body.innerHTML = html + "<textarea></textarea>";
    getSelection().selectAllChildren(document.querySelector("div"));
}"""


@pytest.mark.parametrize(
    ("linenos", "anchors", "css"),
    [("inline", "", "classes"), ("table", "", "classes"), ("inline", "L", "inline"), ("table", "L", "inline")],
)
def test_numbers_that_cannot_be_selected_are_not_copied(
    client: FlaskClient, browser: Any, linenos: str, anchors: str, css: str
) -> None:
    options = {"linenos": linenos, "css": css, "anchors": anchors, "anchorlinenos": int(bool(anchors))}
    plain = highlighted(client, **options)
    html = highlighted(client, **options, unselectable=1, marks="add:1")
    page = browser.new_page()
    page.goto("about:blank")
    copied = []
    for shown in (plain, html):
        page.evaluate(COPY, shown)
        page.keyboard.press("Control+c")
        page.focus("textarea")
        page.keyboard.press("Control+v")
        copied.append(page.evaluate("document.querySelector('textarea').value"))
    page.close()
    assert re.search(r"\d", copied[0])
    assert copied[1].strip() == CODE.strip()


def test_nothing_else_of_them_changes(client: FlaskClient) -> None:
    for css in ("classes", "inline"):
        for linenos in ("inline", "table"):
            plain = highlighted(client, css=css, linenos=linenos)
            html = highlighted(client, css=css, linenos=linenos, unselectable=1)
            none = "-webkit-user-select: none; user-select: none"
            assert html.replace(f' style="{none}"', "").replace(none, "") == plain
            assert html.count(none) == (2 if linenos == "inline" else 1)

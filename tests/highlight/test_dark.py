"""One answer for readers who prefer light and for those who prefer dark, seen with a real browser."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from pygments.styles import get_style_by_name
from pygments.token import Keyword, String

from tests.long import some

CODE = "def f():\n    return 'x'\n"
LIGHT, DARK = "default", "monokai"
COLOURS = """() => {
    const of = (element, what) => getComputedStyle(element)[what];
    const find = text => [...document.querySelectorAll("pre span")].find(
        span => span.textContent === text && !span.querySelector("span"));
    const shown = element => {
        for (; element; element = element.parentElement) {
            const colour = of(element, "backgroundColor");
            if (colour !== "rgba(0, 0, 0, 0)") return colour;
        }
    };
    return {
        weight: of(find("def"), "fontWeight"),
        keyword: of(find("def"), "color"),
        string: of(find("'x'"), "color"),
        background: shown(find("def")),
        page: shown(document.body),
    };
}"""


def rgb(colour: str) -> str:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    return "rgb({}, {}, {})".format(*(int(digits[i : i + 2], 16) for i in (0, 2, 4)))


def expected(name: str, css: str = "classes") -> dict[str, str]:
    """What *name* gives; inline, where both are in one rule, the weight is that of the light style."""
    style = get_style_by_name(name)
    bold = get_style_by_name(LIGHT if css == "inline" else name).style_for_token(Keyword)["bold"]
    return {
        "weight": "700" if bold else "400",
        "keyword": rgb(style.style_for_token(Keyword)["color"]),
        "string": rgb(style.style_for_token(String.Single)["color"]),
        "background": rgb(style.background_color),
    }


def seen(browser: Any, html: str, preference: str) -> dict[str, str]:
    page = browser.new_page(color_scheme=preference)
    page.set_content(html)
    colours: dict[str, str] = page.evaluate(COLOURS)
    page.close()
    return colours


def ask(client: FlaskClient, **options: object) -> str:
    query = {"language": "python", "style": LIGHT} | options
    for _ in range(3):  # on a busy machine an answer may be degraded, which is another rule's
        reply = client.post("/highlight", query_string=query, data=CODE)
        assert reply.status_code == 200
        if "Mergepoint-Degraded" not in reply.headers:
            break
    return reply.text


@pytest.mark.parametrize("linenos", some(["none", "inline", "table"], always=["table"]))
@pytest.mark.parametrize("page", [0, 1])
@pytest.mark.parametrize("css", ["classes", "inline"])
def test_the_answer_follows_the_reader(client: FlaskClient, browser: Any, css: str, page: int, linenos: str) -> None:
    html = ask(client, dark_style=DARK, css=css, page=page, linenos=linenos)
    light, dark = (seen(browser, html, preference) for preference in ("light", "dark"))
    assert {key: light[key] for key in expected(LIGHT)} == expected(LIGHT, css)
    assert {key: dark[key] for key in expected(DARK)} == expected(DARK, css)
    if page:
        assert (light["page"], dark["page"]) == (expected(LIGHT)["background"], expected(DARK)["background"])


@pytest.mark.parametrize("css", ["classes", "inline"])
def test_without_a_dark_style_it_is_the_same_for_all(client: FlaskClient, browser: Any, css: str) -> None:
    html = ask(client, css=css, page=1)
    assert seen(browser, html, "light") == seen(browser, html, "dark")


def test_the_style_sheet_follows_the_reader(client: FlaskClient, browser: Any) -> None:
    css = client.get(f"/highlight/styles/{LIGHT}.css?dark={DARK}").text
    html = f"<!doctype html><style>{css}</style>{ask(client)}"
    light, dark = (seen(browser, html, preference) for preference in ("light", "dark"))
    assert {key: light[key] for key in expected(LIGHT)} == expected(LIGHT)
    assert {key: dark[key] for key in expected(DARK)} == expected(DARK)


def test_its_own_style_sheet_touches_nothing_else_on_a_page(client: FlaskClient, browser: Any) -> None:
    other = '<div class="highlight"><pre style="color: red"><span class="k">other</span></pre></div>'
    html = f"<!doctype html><body>{ask(client, dark_style=DARK)}{other}"
    page = browser.new_page(color_scheme="dark")
    page.set_content(html)
    last = "[...document.querySelectorAll('span.k')].at(-1)"
    assert page.evaluate(f"getComputedStyle({last}).color") == "rgb(255, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    page.close()


def test_inline_needs_no_class_and_no_style_sheet(client: FlaskClient) -> None:
    html = ask(client, dark_style=DARK, css="inline")
    assert "light-dark(" in html
    assert "<style" not in html
    assert not re.search(r'<span class="[a-z]', html)


def test_every_pair_of_styles_works(client: FlaskClient) -> None:
    from pygments.styles import get_all_styles

    for name in get_all_styles():
        for css in ("classes", "inline"):
            assert ask(client, style=name, dark_style=DARK, css=css)
            assert ask(client, dark_style=name, css=css)

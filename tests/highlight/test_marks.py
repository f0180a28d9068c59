"""Lines with a meaning: in every format that has them, in every spelling, readable on light and dark."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from mergepoint.highlight import highlight
from mergepoint.highlight.formats import FORMATS, MARKED, Layout, NoMarks
from tests.highlight.test_dark import rgb
from tests.highlight.test_pages import Elements

CODE = "".join(f"x{number} = {number}\n" for number in range(1, 13))
MARKS = "add:3,del:5,error:7,focus:9-12"
LINES = {3: "add", 5: "del", 7: "error", 9: "focus", 10: "focus", 11: "focus", 12: "focus"}


def ask(client: FlaskClient, code: str = CODE, **options: object) -> str:
    reply = client.post("/highlight", query_string={"language": "python", "marks": MARKS} | options, data=code)
    assert reply.status_code == 200, reply.text
    return reply.text


def marked(html: str) -> dict[int, str]:
    """Return the kinds of the marks of each line in *html*, by its number."""
    lines = html.partition("<pre>")[2].splitlines()
    found = {
        number: re.match(r'(?:<span></span>|</span>|<span class="hll">)*<span class="(hl-[^"]*)"', line)
        for number, line in enumerate(lines, 1)
    }
    return {number: match[1].replace("hl-", "") for number, match in found.items() if match}


def test_the_lines_have_a_class_each(client: FlaskClient) -> None:
    assert marked(ask(client)) == LINES


def test_nothing_else_changes(client: FlaskClient) -> None:
    for options in (
        {},
        {"linenos": "inline"},
        {"linenos": "table"},
        {"linespans": "L", "hl_lines": "3,4"},
        {"nowrap": 1},
    ):
        bare = ask(client, marks="", **options)
        with_marks = re.sub(r'<span class="hl-[a-z]+">(.*)</span>$', r"\1", ask(client, **options), flags=re.MULTILINE)
        assert with_marks == bare


@pytest.mark.parametrize(
    "marks",
    [
        "add: 3, del: 5, error: 7, focus: 9-12",
        "add:3 del:5 error:7 focus:9-12",
        "focus:9,10-12,add:3,del:5,error:7",
        "[add:3, del:5, error:7, focus:9-12]",
        "add:3,del:5,error:7,focus:9-999999999",
        "add:3,add:3,del:5,error:7,focus:9-12,focus:10-11",
    ],
)
def test_the_spelling_of_marks(client: FlaskClient, marks: str) -> None:
    assert marked(ask(client, marks=marks)) == LINES


@pytest.mark.parametrize(
    "marks",
    [
        MARKS,
        {"add": 3, "del": [5], "error": "7", "focus": "9-12"},
        {"add": [3], "del": 5, "error": [7], "focus": [9, "10-12"]},
        {"add": 3, "del": 5, "error": 7, "focus": [9, 10, 11, 12]},
        ["add:3", "del:5", "error:7", "focus:9-12"],
    ],
)
def test_marks_in_json(client: FlaskClient, marks: object) -> None:
    body = {"code": CODE, "language": "python", "marks": marks}
    assert client.post("/highlight", json=body).text == ask(client)
    batch = client.post("/highlight/batch", json={"snippets": [body]}).json
    assert batch["results"][0]["body"] == ask(client)


@pytest.mark.parametrize("marks", [{}, [], "", {"add": []}])
def test_no_marks(client: FlaskClient, marks: object) -> None:
    reply = client.post("/highlight", json={"code": CODE, "language": "python", "marks": marks})
    assert reply.text == ask(client, marks="")


@pytest.mark.parametrize(
    "marks", [3, True, {"add": None}, {"add": {"a": 1}}, {"plus": 3}, [["add:3"]], {"add": "x"}, {"": 1}]
)
def test_bad_marks_in_json_are_named(client: FlaskClient, marks: object) -> None:
    reply = client.post("/highlight", json={"code": CODE, "language": "python", "marks": marks})
    if marks == {"add": None}:  # not given
        assert reply.status_code == 200
        return
    assert (reply.status_code, reply.json["code"]) == (422, "invalid_option")
    assert reply.json["errors"][0]["field"].startswith("marks")


def test_a_line_may_have_several(client: FlaskClient) -> None:
    html = ask(client, marks="add:1,focus:1-2,del:1", hl_lines="1")
    assert marked(html) == {1: "add focus del", 2: "focus"}
    assert '<span class="hll"><span class="hl-add hl-focus hl-del">' in html


def test_they_end_with_the_text(client: FlaskClient) -> None:
    assert marked(ask(client, "a\n", marks="add:1-9,del:7")) == {1: "add"}


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize("accepted", [False, True])
def test_a_format_shows_them_or_says_that_it_cannot(client: FlaskClient, form: str, accepted: bool) -> None:
    by_type = {"Accept": FORMATS[form].type.partition(";")[0]}
    if accepted and form in ("terminal", "terminal16m"):
        pytest.skip("no type of its own")
    query = {"language": "python", "marks": MARKS} | ({} if accepted else {"format": form})
    reply = client.post("/highlight", query_string=query, data=CODE, headers=by_type if accepted else {})
    if form in MARKED:
        assert reply.status_code == 200
        assert reply.data != client.post(f"/highlight?language=python&format={form}", data=CODE).data
        return
    name = "terminal256" if accepted and form.startswith("terminal") else form
    assert (reply.status_code, reply.json["code"]) == (422, "invalid_option")
    assert reply.json["errors"] == [{"field": "marks", "message": f"{name} has no marks; html, svg, png have"}]


def test_so_says_the_library() -> None:
    with pytest.raises(NoMarks, match="latex has no marks"):
        highlight("x", "text", format="latex", layout=Layout(marks=((1, ("add",)),)))


def test_an_svg_stays_one(client: FlaskClient) -> None:
    elements = Elements(ask(client, format="svg"))
    assert elements.found.count("rect") == 1 + 2 * len(LINES)


@pytest.mark.parametrize("linenos", ["none", "inline"])
def test_a_picture_is_tinted_where_the_marks_are(client: FlaskClient, linenos: str) -> None:
    def picture(**options: Any) -> Image.Image:
        query = {"language": "python", "format": "png", "linenos": linenos} | options
        return Image.open(BytesIO(client.post("/highlight", query_string=query, data=CODE).data))

    bare, shown = picture(), picture(marks=MARKS)
    assert bare.size == shown.size
    height = (bare.height - 20) // 12
    for line in range(1, 13):
        at = bare.width - 3, 10 + (line - 1) * height + height // 2
        assert (bare.getpixel(at) != shown.getpixel(at)) == (line in LINES)


READ = """() => [...document.querySelectorAll("pre span")]
    .filter(span => span.textContent.trim() && !span.querySelector("span"))
    .map(span => {
        const layers = [];
        for (let at = span; at; at = at.parentElement) layers.push(getComputedStyle(at).backgroundColor);
        const line = span.closest("[class^=hl-], [style*=box-shadow]");
        return {text: getComputedStyle(span).color, layers, marked: !!line,
                wide: line ? line.offsetWidth / line.closest("pre").offsetWidth : 1};
    })"""


def channels(colour: str) -> list[float]:
    return [float(part) for part in re.findall(r"[\d.]+", colour)]


def luminance(colour: list[float]) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [part / 255 for part in colour[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(text: str, layers: list[str]) -> float:
    below = [255.0, 255.0, 255.0]
    for layer in map(channels, reversed(layers)):
        alpha = layer[3] if len(layer) > 3 else 1.0
        below = [low + (high - low) * alpha for low, high in zip(below, layer[:3], strict=True)]
    light, dark = sorted((luminance(channels(text)), luminance(below)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("preference", ["light", "dark"])
@pytest.mark.parametrize("css", ["classes", "inline"])
def test_marked_lines_are_as_wide_as_the_code_and_can_be_read(
    client: FlaskClient, browser: Any, css: str, preference: str
) -> None:
    code = "def f(x):\n    return 'a'  # b\n" * 6
    options = {"dark_style": "github-dark", "css": css, "page": 1}
    tokens = {}
    for marks in ("", MARKS):
        page = browser.new_page(color_scheme=preference)
        page.set_content(ask(client, code, marks=marks, **options))
        tokens[marks] = page.evaluate(READ)
        page.close()
    assert sum(token["marked"] for token in tokens[MARKS]) > 10
    for bare, token in zip(tokens[""], tokens[MARKS], strict=True):
        assert token["text"] == bare["text"]
        assert token["wide"] > 0.99
        assert contrast(token["text"], token["layers"]) > 0.75 * contrast(bare["text"], bare["layers"])
        assert contrast(token["text"], token["layers"]) > 3.5


def test_what_is_copied_of_marked_lines_is_the_code(client: FlaskClient, browser: Any) -> None:
    page = browser.new_page()
    page.set_content(ask(client, page=1))
    assert page.evaluate("document.querySelector('pre').innerText") == CODE
    page.close()


def test_the_style_sheet_has_rules_for_them_where_asked(client: FlaskClient) -> None:
    bare = client.get("/highlight/styles/default.css").text
    with_marks = client.get("/highlight/styles/default.css?marks=1").text
    assert with_marks.startswith(bare)
    for kind in ("add", "del", "error", "focus"):
        assert f".highlight .hl-{kind} {{" in with_marks
    assert rgb("#2ea043").removeprefix("rgb(").removesuffix(")") in with_marks

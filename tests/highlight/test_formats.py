"""Every format: its type, how it is chosen, and that it is what it says."""

import io
import json
import re
import time
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from PIL import Image

from mergepoint.highlight import FORMATS, Layout, fonts, highlight

CODE = "def f(x):\n    return 'é' + \"<&>\"  # why\n"
SVG = "{http://www.w3.org/2000/svg}"
TYPES = {
    "html": "text/html; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "latex": "application/x-latex",
    "rtf": "application/rtf",
    "bbcode": "text/x-bbcode; charset=utf-8",
    "terminal": "text/x-ansi; charset=utf-8",
    "terminal256": "text/x-ansi; charset=utf-8",
    "terminal16m": "text/x-ansi; charset=utf-8",
    "json": "application/json",
}


def test_the_formats_are_these() -> None:
    assert {name: form.type for name, form in FORMATS.items()} == TYPES


def ask(client: FlaskClient, form: str, code: str = CODE, **options: object) -> bytes:
    reply = client.post("/highlight", query_string={"language": "python", "format": form} | options, data=code.encode())
    assert reply.status_code == 200, reply.text
    assert reply.content_type == TYPES[form]
    assert "Mergepoint-Degraded" not in reply.headers
    return reply.data


BEGINNINGS = {
    "html": b'<div class="highlight"><pre>',
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="',
    "png": b"\x89PNG\r\n\x1a\n",
    "latex": b"\\begin{Verbatim}[commandchars=\\\\\\{\\}",
    "rtf": b"{\\rtf1",
    "bbcode": b"[color=#008000][b]def[/b][/color]",
    "terminal": b"\x1b[34mdef",
    "terminal256": b"\x1b[38;5;28;01mdef",
    "terminal16m": b"\x1b[38;2;0;128;0;01mdef",
    "json": b'{"language": "python", "tokens": [{"type": "Keyword", "text": "def", "start": 0}',
}


@pytest.mark.parametrize("form", TYPES)
def test_every_format_is_what_it_says(client: FlaskClient, form: str) -> None:
    assert ask(client, form).startswith(BEGINNINGS[form])


OPTIONS: list[dict[str, object]] = [
    {"style": "monokai"},
    {"style": "monokai", "dark_style": "vim"},
    {"linenos": "inline", "linenostart": 99, "linenostep": 5},
    {"linenos": "table"},
    {"hl_lines": "1,2,9"},
    {"nowrap": 1},
    {"page": 1, "title": "x"},
    {"anchors": "L", "css": "inline"},
    {"tabsize": 4, "strip": 1, "strict": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(options))
@pytest.mark.parametrize("form", TYPES)
def test_every_format_takes_every_option(client: FlaskClient, form: str, options: dict[str, object]) -> None:
    assert ask(client, form, **options)


@pytest.mark.parametrize("form", sorted(TYPES.keys() - {"html"}))
@pytest.mark.parametrize("option", ["dark_style", "css", "anchors", "nowrap"])
def test_options_of_html_change_no_other_format(client: FlaskClient, form: str, option: str) -> None:
    value = {"dark_style": "monokai", "css": "inline", "anchors": "L", "nowrap": 1}[option]
    assert ask(client, form, **{option: value}) == ask(client, form)


@pytest.mark.parametrize("form", ["svg", "png", "latex", "terminal", "terminal256", "terminal16m"])
def test_line_numbers_are_drawn(client: FlaskClient, form: str) -> None:
    assert ask(client, form, linenos="inline") == ask(client, form, linenos="table") != ask(client, form)


@pytest.mark.parametrize("form", ["html", "svg", "png", "latex"])
def test_line_numbers_start_and_step_where_they_are_told(client: FlaskClient, form: str) -> None:
    code = "x\n" * 12
    numbered = ask(client, form, code, linenos="inline")
    assert ask(client, form, code, linenos="inline", linenostart=95) != numbered
    assert ask(client, form, code, linenos="inline", linenostep=5) != numbered


def test_marked_lines_show(client: FlaskClient) -> None:
    assert b'<span class="hll">' in ask(client, "html", hl_lines="2")
    assert ask(client, "png", hl_lines="2") != ask(client, "png")


class TestAccept:
    @pytest.mark.parametrize(
        ("accept", "form"),
        [
            (None, "html"),
            ("", "html"),
            ("*/*", "html"),
            ("text/html", "html"),
            ("image/svg+xml", "svg"),
            ("image/png", "png"),
            ("application/x-latex", "latex"),
            ("application/rtf", "rtf"),
            ("text/x-bbcode", "bbcode"),
            ("text/x-ansi", "terminal256"),
            ("application/json", "json"),
            ("application/json;q=0.5, image/svg+xml;q=0.9", "svg"),
            ("text/html;q=0, application/json", "json"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "html"),
            ("IMAGE/PNG", "png"),
            ("video/mp4", "html"),
            ("text/*", "html"),
            ("nonsense", "html"),
            (";;;,,,q=", "html"),
            ("application/json;q=nan", "html"),
            ("image/svg+xml;" * 500, "svg"),
        ],
    )
    def test_it_chooses_the_format(self, client: FlaskClient, accept: str | None, form: str) -> None:
        headers = {} if accept is None else {"Accept": accept}
        reply = client.post("/highlight?language=python", data="x", headers=headers)
        assert (reply.status_code, reply.content_type) == (200, TYPES[form])
        assert reply.headers["Vary"] == "Accept"

    def test_the_option_goes_first(self, client: FlaskClient) -> None:
        reply = client.post("/highlight?language=python&format=rtf", data="x", headers={"Accept": "image/png"})
        assert reply.content_type == TYPES["rtf"]

    def test_a_link_has_its_format_in_its_name(self, client: FlaskClient) -> None:
        reply = client.get("/highlight/python/eA.svg", headers={"Accept": "image/png"})
        assert reply.content_type == TYPES["svg"]


class TestPng:
    @pytest.mark.parametrize("style", ["default", "monokai"])
    def test_it_is_a_picture_as_large_as_its_text(self, client: FlaskClient, style: str) -> None:
        def size(code: str, **options: object) -> tuple[int, int]:
            with Image.open(io.BytesIO(ask(client, "png", code, style=style, **options))) as picture:
                picture.load()
                return picture.size

        width, height = size("x" * 40 + "\ny\n")
        assert 250 < width < 500
        assert 30 < height < 60
        assert size("x" * 80 + "\ny\n")[0] > 1.8 * width
        assert size("x" * 40 + "\ny\n" * 4)[1] > 1.8 * height
        assert size("x" * 40 + "\ny\n", linenos="inline")[0] > width

    def test_it_shows_the_style(self, client: FlaskClient) -> None:
        with Image.open(io.BytesIO(ask(client, "png", style="monokai"))) as picture:
            assert picture.convert("RGB").getpixel((1, 1)) == (0x27, 0x28, 0x22)

    @pytest.mark.parametrize("code", ["x" * 500_000, "\n" * 500_000, "x" * 5000 + "\n" * 500])
    def test_a_picture_larger_than_any_screen_is_refused(self, client: FlaskClient, code: str) -> None:
        reply = client.post("/highlight?language=text&format=png", data=code)
        assert (reply.status_code, reply.json["code"]) == (422, "output_too_large")

    def test_without_pillow_or_font_it_alone_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fonts, "FOLDERS", ("/nowhere",))
        fonts.folder.cache_clear()
        with pytest.raises(fonts.PngUnavailable, match="fonts-dejavu"):
            highlight("x", "python", format="png")
        assert highlight("x", "python", format="svg").text
        monkeypatch.undo()
        fonts.folder.cache_clear()

    @pytest.mark.parametrize("text", ["中文", "かな", "カナ", "한글", "，（）", "😀😃", "🥰🫠", "🇩🇪🇫🇷", "❤️☕"])
    @pytest.mark.parametrize("language", ["text", "python"])
    def test_every_character_is_drawn_as_itself(self, text: str, language: str) -> None:
        """Not as a box: what two characters look like differs, and so does what no font has."""
        *shown, box = (drawn(f"# {part}\n", language) for part in (text, text[::-1], text[0] * 2, "\U000e0fff" * 2))
        assert len({picture.tobytes() for picture in (*shown, box)}) == 4

    @pytest.mark.parametrize("text", ["😀", "🥰", "🇩🇪"])
    def test_emoji_have_their_colours(self, text: str) -> None:
        pixels = drawn(f"{text}\n", "text").getcolors(1 << 16)
        assert any(max(colour) - min(colour) > 60 for _, colour in pixels)

    @pytest.mark.parametrize("code", ["# ❤ ✔ é", "x = 'é'", "**é**"])
    def test_a_character_that_is_not_slanted_or_bold_is_drawn_upright(self, code: str) -> None:
        assert drawn(f"{code}\n", "python").tobytes() != drawn(f"{code[:-1]}\U000e0fff\n", "python").tobytes()

    def test_wide_characters_take_two_cells(self) -> None:
        wide, narrow = (drawn(f"{text}\n", "text").width for text in ("中文" * 20, "abcd" * 20))
        assert abs(wide - narrow) < 10

    def test_without_fonts_for_them_a_picture_has_boxes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("CJK", "EMOJI"):
            monkeypatch.setattr(fonts, name, ())
        for found in (fonts._kind, fonts.emoji):
            found.cache_clear()
        assert drawn("中文😀\n", "text").tobytes() == drawn("文中🥰\n", "text").tobytes()
        monkeypatch.undo()
        fonts._kind.cache_clear()

    def test_they_cost_no_more_than_other_text_of_their_size(self) -> None:
        def seconds(line: str) -> float:
            drawn(line, "text")  # the fonts know it
            began = time.process_time()
            drawn(line * 50, "text")
            return time.process_time() - began

        wide, narrow = min((seconds("中文😀" * 60 + "\n"), seconds("abcdefghij" * 60 + "\n")) for _ in range(3))
        assert wide < 4 * narrow

    def test_no_program_is_asked_for_fonts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Slim images have no fc-list, which Pygments would ask."""
        monkeypatch.setattr("subprocess.Popen", None)
        monkeypatch.setenv("PATH", "")
        assert highlight("x", "python", format="png").content


def drawn(code: str, language: str) -> Image.Image:
    content = highlight(code, language, format="png").content
    assert isinstance(content, bytes)
    return Image.open(io.BytesIO(content)).convert("RGB")


class TestSvg:
    HARD = "\x00\x01\x08\t\x0b\x0c\x1f\x7f\x85\ufffe\uffff\U0001f600]]>&<>\"'é\u0301\u2028"

    @pytest.mark.parametrize("linenos", ["none", "inline"])
    @pytest.mark.parametrize("code", [HARD, "", "\n", "a\n\n\nb", "\t\tx"])
    def test_it_is_well_formed_and_sized(self, client: FlaskClient, code: str, linenos: str) -> None:
        root = ElementTree.fromstring(ask(client, "svg", code, linenos=linenos))
        assert root.tag == f"{SVG}svg"
        assert int(root.attrib["width"]) > 0
        assert int(root.attrib["height"]) > 0
        assert root.attrib["viewBox"] == f"0 0 {root.attrib['width']} {root.attrib['height']}"

    def test_the_size_grows_with_the_text(self, client: FlaskClient) -> None:
        def size(code: str) -> tuple[int, int]:
            root = ElementTree.fromstring(ask(client, "svg", code))
            return int(root.attrib["width"]), int(root.attrib["height"])

        assert size("x" * 100)[0] > 5 * size("x" * 10)[0]
        assert size("日" * 40)[0] > 1.7 * size("x" * 40)[0]
        assert size("\n" * 40)[1] > 5 * size("\n" * 4)[1]

    @pytest.mark.parametrize("style", ["default", "monokai"])
    def test_it_has_the_background_of_its_style(self, client: FlaskClient, style: str) -> None:
        root = ElementTree.fromstring(ask(client, "svg", style=style))
        (background,) = root.findall(f"{SVG}rect")
        assert background.attrib["fill"] == {"default": "#f8f8f8", "monokai": "#272822"}[style]

    def test_it_has_no_script_and_no_reference(self, client: FlaskClient) -> None:
        text = ask(client, "svg", '<script href="http://x/">alert(1)</script>').decode()
        assert "<script" not in text
        assert not re.search("<[^>]* (href|src|on[a-z]+)=", text)


class TestJson:
    def test_tokens_have_type_text_and_start(self, client: FlaskClient) -> None:
        answer: dict[str, Any] = json.loads(ask(client, "json"))
        assert answer["language"] == "python"
        assert "".join(token["text"] for token in answer["tokens"]) == CODE
        for token in answer["tokens"]:
            assert CODE[token["start"] :].startswith(token["text"])
            assert re.fullmatch(r"[A-Z]\w*(\.[A-Z]\w*)*", token["type"])


class TestLatex:
    def test_a_page_is_a_document_with_its_style(self, client: FlaskClient) -> None:
        page = ask(client, "latex", page=1, title=r"50% \input{/etc/passwd}").decode()
        assert page.lstrip().startswith(r"\documentclass{article}")
        assert page.rstrip().endswith(r"\end{document}")
        assert r"\input{/etc" not in page

    def test_the_text_runs_no_command(self, client: FlaskClient) -> None:
        assert b"\\input{" not in ask(client, "latex", "\\input{x} $x$ % \\end{Verbatim}")
        assert ask(client, "latex", "\\end{Verbatim}\\input{x}").count(b"\\end{Verbatim}") == 1


def test_rtf_is_ascii(client: FlaskClient) -> None:
    assert ask(client, "rtf", "é = '日😀{}\\'\n").isascii()


def test_the_library_and_the_service_write_the_same(client: FlaskClient) -> None:
    for form in TYPES:
        content = highlight(CODE, "python", format=form, layout=Layout(linenos="inline")).content
        body = content if isinstance(content, bytes) else content.encode()
        assert ask(client, form, linenos="inline") == body

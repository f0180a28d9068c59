"""The core is a plain library: text in, highlighted text out; its parts can be passed in."""

import subprocess
import sys

import pytest
from pygments.lexers import CppLexer, PythonLexer, RubyLexer, TextLexer

from mergepoint.highlight import (
    FORMATS,
    Layout,
    UnknownLanguage,
    UnknownStyle,
    guess,
    highlight,
    languages,
    names,
    stylesheet,
)
from mergepoint.highlight import lexers as finding
from mergepoint.highlight import styles as all_styles
from mergepoint.highlight.stylesheets import is_dark


def test_highlight_returns_html_and_what_it_was_taken_for() -> None:
    done = highlight("x = 1", language="python")
    assert done.text.startswith('<div class="highlight"><pre><span></span><span class="n">x</span>')
    assert (done.format, done.language, done.plaintext) == ("html", "python", False)
    assert done.type == "text/html; charset=utf-8"


def test_a_picture_is_bytes_and_no_text() -> None:
    picture = highlight("x", language="python", format="png")
    assert isinstance(picture.content, bytes)
    with pytest.raises(TypeError, match="png is not text"):
        _ = picture.text


@pytest.mark.parametrize(
    ("chosen", "lexer"),
    [
        ({"language": "python"}, PythonLexer),
        ({"language": "PyThOn"}, PythonLexer),
        ({"language": "Python"}, PythonLexer),
        ({"language": "C++"}, CppLexer),
        ({"filename": "app.rb"}, RubyLexer),
        ({"filename": "lib/deep/app.rb"}, RubyLexer),
        ({"mimetype": "text/x-ruby"}, RubyLexer),
        ({"mimetype": "Text/X-Ruby"}, RubyLexer),
        ({"language": "python", "filename": "a.rb", "mimetype": "text/x-ruby"}, PythonLexer),
        ({"filename": "a.rb", "mimetype": "text/x-python"}, RubyLexer),
    ],
)
def test_language_goes_before_filename_before_mimetype(chosen: dict[str, str], lexer: type) -> None:
    assert finding.find(chosen.get("language"), chosen.get("filename"), chosen.get("mimetype"), "") is lexer


def test_without_any_of_them_the_text_is_judged() -> None:
    assert highlight("#!/usr/bin/env python\n").language == "python"
    assert highlight("nothing in particular").plaintext


def test_an_editors_mode_line_decides() -> None:
    assert guess("-- vim: ft=lua\nx")[0] == {"language": "lua", "name": "Lua", "score": 1.0}


def test_an_unknown_language_names_its_field() -> None:
    with pytest.raises(UnknownLanguage) as refused:
        highlight("x", "klingon")
    assert refused.value.field == "language"
    assert highlight("x", "klingon", fallback="plain").plaintext


@pytest.mark.parametrize("hint", [{"filename": "x.klingon"}, {"mimetype": "x/y"}])
def test_a_hint_that_says_nothing_is_passed_over(hint: dict[str, str]) -> None:
    assert highlight("x", **hint).plaintext
    assert highlight("#!/bin/sh\n", **hint).language == "bash"


def test_an_unknown_language_names_the_nearest() -> None:
    with pytest.raises(UnknownLanguage, match=r"no language is called 'pythom'; did you mean 'python'\?"):
        highlight("x", language="pythom")


@pytest.mark.parametrize(
    ("layout", "field"), [(Layout(style="monokay"), "style"), (Layout(dark_style="monokay"), "dark_style")]
)
def test_an_unknown_style_names_its_field_and_the_nearest(layout: Layout, field: str) -> None:
    with pytest.raises(UnknownStyle, match="did you mean 'monokai'") as refused:
        highlight("x", language="python", layout=layout)
    assert refused.value.field == field


def test_the_lexer_may_be_passed_in() -> None:
    asked = []

    def find_lexer(*arguments: str | None) -> type:
        asked.append(arguments)
        return TextLexer

    assert highlight("x", "mine", filename="f", mimetype="m", find_lexer=find_lexer).text.count("x")
    assert asked == [("mine", "f", "m", "x")]


def test_the_writer_may_be_passed_in() -> None:
    assert highlight("x", "python", render=lambda code, lexer, _: f"{lexer.name}:{code}").text == "Python:x"


def test_leading_blank_lines_stay_unless_stripped() -> None:
    assert highlight("\n\nx\n\n", "text", layout=Layout(nowrap=True)).text == "\n\nx\n\n"
    assert highlight("\n\n x\n\n", "text", strip=True, layout=Layout(nowrap=True)).text == "x\n"


def test_tabs_are_kept_unless_a_size_is_given() -> None:
    assert highlight("a\tb", "text", layout=Layout(nowrap=True)).text == "a\tb\n"
    assert highlight("a\tb", "text", tabsize=4, layout=Layout(nowrap=True)).text == "a   b\n"


def test_marked_lines_below_the_end_do_not_matter() -> None:
    marked = highlight("a\nb", "text", layout=Layout(hl_lines=(2, 10**9)))
    assert marked.text == highlight("a\nb", "text", layout=Layout(hl_lines=(2,))).text


def test_every_lexer_is_found_by_alias_and_by_name() -> None:
    """First come, first served: a name of two lexers means the one that Pygments means by it."""
    for language in languages():
        for word in (*language["aliases"], language["name"]):
            assert finding.find(word, None, None, "")
        assert names.word(finding.find(language["name"], None, None, ""))


def test_candidates_are_ranked_and_limited() -> None:
    candidates = guess("<?php echo 1; ?>\n<html></html>", limit=3)
    scores = [candidate["score"] for candidate in candidates]
    assert 1 <= len(candidates) <= 3
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_a_filename_helps_to_guess() -> None:
    assert guess("x", filename="a.rs")[0]["language"] == "rust"


def test_only_the_first_4_kb_are_judged() -> None:
    late = " " * 4096 + "<?php echo 1;"
    assert guess(late) == guess(" " * 4096) != guess(late[10:])


def test_styles_know_whether_they_are_dark() -> None:
    dark = {style["name"]: style["dark"] for style in all_styles()}
    assert dark["monokai"]
    assert dark["github-dark"]
    assert not dark["default"]
    assert not dark["bw"]
    for style in all_styles():
        assert style["background"].startswith("#")


@pytest.mark.parametrize(
    ("background", "dark"), [("#000", True), ("#fff", False), ("#7f7f7f", True), ("#808080", False), ("#00f", True)]
)
def test_dark_is_nearer_to_black(background: str, dark: bool) -> None:
    assert is_dark(type("Style", (), {"background_color": background})) is dark


def test_a_style_sheet_is_pygments_own() -> None:
    from pygments.formatters import HtmlFormatter

    assert stylesheet("monokai") == HtmlFormatter(style="monokai").get_style_defs(".highlight") + "\n"


def test_a_style_sheet_for_both_has_each_for_its_readers() -> None:
    css = stylesheet("default", dark="monokai")
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    assert light.startswith("@media not (prefers-color-scheme: dark)")
    assert "#f8f8f8" in light
    assert "#272822" in dark


def test_the_scope_bounds_every_rule() -> None:
    rules = [line for line in stylesheet("monokai", scope=".mine").splitlines() if "{" in line]
    assert rules
    assert all(line.startswith(".mine ") for line in rules)


FIRST_CALLS = r"""
import sys, time
from mergepoint.highlight import FORMATS, Layout, guess, highlight
from mergepoint.highlight.service import prepare

prepare()
ways = {
    "language": lambda: highlight("x = 1", "python"),
    "filename": lambda: highlight("x = 1", filename="app.py"),
    "mimetype": lambda: highlight("x = 1", mimetype="text/x-python"),
    "none": lambda: highlight("x = 1"),
    "guess": lambda: guess("x = 1", filename="app.py"),
    "dark": lambda: highlight("x = 1", "python", layout=Layout(css="inline", dark_style="monokai", page=True)),
    "fence": lambda: highlight("```haskell\nx\n```", "markdown"),
    **{name: lambda name=name: highlight("x = 1", "python", format=name) for name in FORMATS},
}
for name, call in ways.items():
    began = time.process_time()
    call()
    took = time.process_time() - began
    if took > 0.005:
        print(name, took)
"""


@pytest.mark.long
def test_a_first_call_is_not_a_slow_call() -> None:
    """Whatever can be loaded and compiled before is: each child is forked from there."""
    done = subprocess.run([sys.executable, "-c", FIRST_CALLS], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")


def test_every_format_writes_something() -> None:
    for name in FORMATS:
        assert highlight("def f(): pass", "python", format=name).content

"""Code within diffs: each side is read as it would be alone, signs are kept, nothing is lost."""

import difflib
import json

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import find_lexer_class_by_name

from mergepoint.highlight import UnknownLanguage, highlight
from tests.highlight.examples import example

OLD = 'def f(x):\n    """Old\n    text."""\n    return -x\n\n\nprint(f(1))\n'
NEW = 'def f(x, y):\n    """New\n    text."""\n    -- x\n    return x\n\n\nprint(f(1))\n'
SIGNS = {"+": "Generic.Inserted", "-": "Generic.Deleted", " ": "Text.Whitespace"}
Tokens = list[tuple[str, str]]


def unified(old: str, new: str, context: int = 3) -> str:
    lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), "a/x", "b/x", n=context)
    return "diff --git a/x b/x\nindex 123abc..456def 100644\n" + "".join(lines)


def tokens(code: str, language: str) -> Tokens:
    found = json.loads(highlight(code, language, format="json").text)["tokens"]
    return [(token["type"], token["text"]) for token in found]


def characters(found: Tokens) -> list[tuple[str, str]]:
    return [(kind, character) for kind, text in found for character in text]


def sides(found: Tokens) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what a diff's tokens say of each character of the old and of the new text, from its first hunk on."""
    old: list[tuple[str, str]] = []
    new: list[tuple[str, str]] = []
    line: list[tuple[str, str]] = []
    for kind, character in characters(found):
        line.append((kind, character))
        if character == "\n":
            (kind, sign), *rest = line
            if line[0][0] not in ("Generic.Subheading", "Generic.Heading"):
                assert SIGNS[sign] == kind
                old += rest if sign == "-" else []
                new += rest if sign in "+ " else []
            line = []
    return old, new


def test_each_side_is_read_as_it_would_be_alone() -> None:
    diff = unified(OLD, NEW, 99)
    found = tokens(diff, "diff-python")
    body = found[next(at for at, token in enumerate(found) if token[1].startswith("@@")) :]
    old, new = sides(body)
    assert new == characters(tokens(NEW, "python"))
    alone = characters(tokens(OLD, "python"))
    assert [pair for pair in alone if pair in old] == alone or len(old) < len(alone)
    text = "".join(character for _, character in old)
    assert text == 'def f(x):\n    """Old\n    return -x\n'
    assert ("Literal.String.Doc", "O") in old
    assert ("Operator", "-") in old


def test_the_headings_are_those_of_a_diff() -> None:
    diff = unified(OLD, NEW)
    ours, plain = tokens(diff, "diff-python"), tokens(diff, "diff")
    heads = ours[: next(at for at, token in enumerate(ours) if token[1].startswith("@@")) + 1]
    assert heads == plain[: len(heads)]


def test_what_looks_like_a_heading_within_a_hunk_is_code() -> None:
    diff = "@@ -1,2 +1,2 @@\n--- x\n+++ y\n  z\n@@ -1 +1 @@\n w\n"
    found = tokens(diff, "diff-python")
    assert found[2:5] == [("Generic.Deleted", "-"), ("Operator", "-"), ("Operator", "-")]
    assert ("Generic.Inserted", "+") in found
    assert ("Generic.Subheading", "@@ -1 +1 @@") in found


def test_without_hunks_all_lines_are_code() -> None:
    found = tokens("def f():\n-    return 1\n+    return 'x'\n z = 2\n--- not a heading\n", "diff-python")
    assert found[0] == ("Keyword", "def")
    assert ("Generic.Deleted", "-") in found
    assert ("Literal.String.Single", "x") in found
    assert ("Operator", "-") in found


def test_with_headings_and_no_hunks_too() -> None:
    found = tokens("--- a/x.py\n+++ b/x.py\n-x = 1\n+x = 'y'\n", "diff-python")
    assert found[0] == ("Generic.Deleted", "--- a/x.py")
    assert ("Literal.String.Single", "y") in found


@pytest.mark.parametrize(
    "diff",
    ["", "\n", "+", "-", " ", "\\ No newline at end of file\n", "@@ -1 +1 @@\n", "@@ -1,9 +1,9 @@\n+x",
     "@@ -0,0 +1 @@\n+x\n", "@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n",
     "@@@ -1 -1 +1 @@@\n++x\n", "@@ -1 +1 @@\nx\n", "@@ -99999999999 +1 @@\n-'''\n", "+'''\n-'''\n '\n",
     "a\u2028b\n+c\x0bd\n", "Binary files differ\n"],
)  # fmt: skip
@pytest.mark.parametrize("language", ["python", "html", "json", "text", "console", "diff"])
def test_nothing_is_lost(diff: str, language: str) -> None:
    text = "".join(text for _, text in tokens(diff, f"diff-{language}"))
    assert text == (diff if diff.endswith("\n") else f"{diff}\n")


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(st.text(st.sampled_from("+- \\@'\"#(\tx1{é"), max_size=12), max_size=12),
    language=st.sampled_from(["python", "javascript", "html", "yaml", "json"]),
)
def test_nothing_is_lost_of_anything(lines: list[str], language: str) -> None:
    for diff in ("\n".join(lines), "@@ -1,3 +1,4 @@\n" + "\n".join(lines), unified(OLD, "\n".join(lines))):
        text = "".join(text for _, text in tokens(diff, f"diff-{language}"))
        assert text == (diff if diff.endswith("\n") else f"{diff}\n")


@pytest.mark.parametrize(
    "language", ["python", "javascript", "c++", "html", "css", "go", "ruby", "yaml", "sql", "bash"]
)
def test_added_code_has_the_tokens_that_it_has_alone(language: str) -> None:
    code = example(find_lexer_class_by_name(language))
    new = sides(
        tokens(f"@@ -0,0 +1,{len(code)} @@\n" + "".join(f"+{line}\n" for line in code.split("\n")), f"diff-{language}")
    )[1]
    alone = characters(tokens(f"{code}\n", language))
    assert new == alone


def test_it_goes_by_every_name_of_the_language(client: FlaskClient) -> None:
    code = "+int x;\n"
    replies = [
        client.get(f"/highlight?code=%2Bint+x;&language=diff-{name}") for name in ("c++", "cpp", "CPP", "C%2B%2B")
    ]
    assert {reply.headers["Mergepoint-Language"] for reply in replies} == {"diff-cpp"}
    assert {reply.text for reply in replies} == {highlight(code, "diff-cpp").text}
    svg = client.post("/highlight?language=diff-cpp&format=svg", data=code)
    assert svg.status_code == 200


@pytest.mark.parametrize("name", ["diff-klingon", "diff-", "diff-diff-python"])
def test_a_diff_of_an_unknown_language_is_unknown(name: str) -> None:
    with pytest.raises(UnknownLanguage):
        highlight("+x", name)


def test_many_headings_take_no_longer_than_other_text() -> None:
    found = tokens("@@\n" * 20_000, "diff-python")
    assert len(found) == 40_000

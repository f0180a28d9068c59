"""The calls of highlight.json. What an answer must be is recorded, unless it is said here."""

from typing import Any

PYTHON = 'def greet(name):\n    """Say <hello> & more."""\n    return f"Hello, {name}!"  # 1 < 2\n'
UNICODE = 'x = "naïve e\u0301 日本 😀"\n'
HTML = "<p class=x>1 &lt; 2</p><script>alert('x')</script>\n"


def highlight(name: str, code: str = PYTHON, **options: Any) -> dict[str, Any]:
    return {"name": name, "call": "highlight", "options": {"code": code, **options}}


HIGHLIGHT = [
    highlight("python to html", language="python"),
    highlight("a language by its full name", "SELECT 1;\n", language="Transact-SQL"),
    highlight("a language by an alias in capitals", language="PY"),
    highlight("a language with signs in its name", "int x;\n", language="c++"),
    highlight("by file name", "puts 1\n", filename="lib/app.rb"),
    highlight("by MIME type", "[1, null]\n", mimetype="application/json"),
    highlight("by a name of other highlighters", "val x = 1\n", language="KT"),
    highlight("by MIME type with parameters", "x = 1\n", mimetype="text/x-python;charset=utf-8"),
    highlight("a hint that says nothing is passed over", "#!/usr/bin/env node\n1\n", filename="blob", mimetype="x/y"),
    highlight("guessed as Pygments does", "<?php echo 1;\n", guess="pygments"),
    highlight("guessed", "#!/usr/bin/env python\nprint(1)\n"),
    highlight("language goes before file name", "x\n", language="text", filename="a.py"),
    highlight("markup in the text is escaped", HTML, language="html"),
    highlight("astral and combining characters", UNICODE, language="python"),
    highlight("leading and trailing blank lines stay", "\n\n  x = 1\n\n\n", language="python"),
    highlight("carriage returns become line feeds", "a\r\nb\rc", language="text"),
    highlight("a missing last newline is added", "x", language="python"),
    highlight("an empty text", "", language="python"),
    highlight("NUL and tabs are kept", "a\x00b\tc\n", language="text"),
    highlight("plain text says so", "1 < 2\n", language="text"),
    highlight("inline styles", language="python", css="inline", style="monokai"),
    highlight("line numbers inline", language="python", linenos="inline", linenostart=9),
    highlight("line numbers in a table", language="python", linenos="table", linenostep=2),
    highlight("marked lines", language="python", hl_lines="1,3-99"),
    highlight("anchors", language="python", anchors="L"),
    highlight("without a wrapper", language="python", nowrap=True),
    highlight("tabs expanded", "a\tb\n", language="text", tabsize=4),
    highlight("stripped", "\n\n x \n\n", language="text", strip=True),
    highlight("a page with a title", language="python", page=True, title="<b>&\"'"),
    highlight("light and dark with classes", "x\n", language="python", style="default", dark_style="monokai"),
    highlight("light and dark inline", "x = 1\n", language="python", dark_style="monokai", css="inline"),
    highlight("svg", UNICODE, language="python", format="svg", linenos="inline"),
    highlight("png", "x = 1\n", language="python", format="png"),
    highlight("code within a diff", "@@ -1,2 +1,2 @@\n-x = 1\n+x = 'y'\n z\n", language="diff-python"),
    highlight("code within a diff of nothing known", "+x\n", language="diff-klingon"),
    highlight("latex", language="python", format="latex"),
    highlight("a latex document", "x\n", language="python", format="latex", page=True, title="100% {x}"),
    highlight("rtf", "é = 1\n", language="python", format="rtf"),
    highlight("bbcode", language="python", format="bbcode"),
    highlight("terminal", language="python", format="terminal"),
    highlight("terminal256", language="python", format="terminal256"),
    highlight("terminal16m", language="python", format="terminal16m"),
    highlight("tokens", "def é():\n", language="python", format="json"),
    highlight("an unknown language as plain text", "x\n", language="klingon", fallback="plain"),
    highlight("an unknown language is named", "x\n", language="klingon"),
    highlight("an unknown file name", "x\n", filename="x.klingon"),
    highlight("an unknown MIME type", "x\n", mimetype="text/x-klingon"),
    highlight("an unknown style", "x\n", language="text", style="klingon"),
    highlight("an unknown dark style", "x\n", language="text", dark_style="klingon"),
    highlight("an unknown format", "x\n", language="text", format="pdf"),
    highlight("an unknown option", "x\n", languag="text"),
    highlight("an option that Pygments has and we have not", "x\n", language="text", cssfile="x.css"),
    highlight("tabs that are too wide", "x\n", language="text", tabsize=1_000_000_000),
    highlight("a step of zero", "x\n", language="text", linenostep=0),
    highlight("a line zero", "x\n", language="text", hl_lines="0"),
    highlight("an anchor with markup", "x\n", language="text", anchors='x">'),
    highlight("spans around lines", language="python", linespans="line", anchors="L"),
    highlight("numbers that are links", language="python", linenos="table", anchors="L", anchorlinenos=True),
    highlight("numbers that cannot be selected", language="python", linenos="inline", unselectable=True),
    highlight(
        "numbers beside the code that cannot be selected", "x\n", language="text", linenos="table", unselectable=True
    ),
    highlight(
        "a code element and classes of its own", language="python", wrapcode=True, cssclass="c", classprefix="p-"
    ),
    highlight("marks", language="python", marks="add:1,del:2,error:3,focus:2-9"),
    highlight("marks inline", language="python", marks="add:1,focus:1", css="inline", hl_lines="1"),
    highlight("marks in svg", "a\nb\n", language="text", format="svg", marks="add:2"),
    highlight("marks in png", "a\nb\n", language="text", format="png", marks="del:2"),
    highlight("marks where there are none", "x\n", language="text", format="latex", marks="add:1"),
    highlight("marks of an unknown kind", "x\n", language="text", marks="new:1"),
    highlight("lines in another spelling", language="python", hl_lines="[1, 3]"),
    highlight("dark by a class", "x\n", language="python", dark_style="monokai", dark_selector=".dark"),
    highlight(
        "a page that is dark by an attribute",
        "x\n",
        language="python",
        dark_style="monokai",
        page=True,
        dark_selector="[data-theme=dark]",
    ),
    highlight("a selector that is none", "x\n", language="text", dark_style="vim", dark_selector=".a .b"),
    highlight("a selector without a style", "x\n", language="text", dark_selector=".dark"),
    highlight("numbers and nowrap exclude each other", "x\n", language="text", linenos="inline", nowrap=True),
    highlight("page and nowrap exclude each other", "x\n", language="text", page=True, nowrap=True),
]
SNIPPETS = [
    {"code": "puts 1\n", "language": "ruby"},
    {"code": "x = 1\n", "language": "python", "format": "json"},
    {"code": "x", "language": "klingon"},
    {"code": "x", "language": "text", "format": "png"},
]
OTHERS: list[dict[str, Any]] = [
    {
        "name": "a batch has a status for each",
        "call": "batch",
        "options": {"snippets": SNIPPETS},
        "expect": {
            "results": [
                {"language": "ruby", "plaintext": False, "type": "text/html; charset=utf-8"},
                {"language": "python", "type": "application/json"},
                {"error": "unknown_language", "status": 422},
                {"language": "text", "plaintext": True, "type": "image/png"},
            ]
        },
    },
    {
        "name": "an empty batch",
        "call": "batch",
        "options": {"snippets": []},
        "expect": {"error": "invalid_option", "status": 422},
    },
    {
        "name": "a batch of too many",
        "call": "batch",
        "options": {"snippets": [{"code": "x", "language": "text"}] * 101},
        "expect": {"error": "invalid_option", "status": 422},
    },
    {
        "name": "a guess",
        "call": "guess",
        "options": {"code": "#!/usr/bin/env python\nimport os\n"},
        "expect": {"includes": {"candidates": [{"language": "python", "name": "Python", "score": 1.0}]}},
    },
    {
        "name": "a guess by the text itself",
        "call": "guess",
        "options": {"code": "def greet(name):\n    return f'Hello, {name}!'\n", "limit": 1},
        "expect": {"includes": {"candidates": [{"language": "python"}]}},
    },
    {
        "name": "a guess that a file name helps",
        "call": "guess",
        "options": {"code": "x\n", "filename": "a.rs", "limit": 1},
        "expect": {"includes": {"candidates": [{"language": "rust"}]}},
    },
    {
        "name": "languages",
        "call": "languages",
        "expect": {
            "includes": {
                "languages": [
                    {"name": "Python", "aliases": ["python", "py"], "filenames": ["*.py"]},
                    {"name": "C++", "mimetypes": ["text/x-c++src"]},
                ]
            }
        },
    },
    {
        "name": "styles",
        "call": "styles",
        "expect": {
            "includes": {
                "styles": [
                    {"name": "monokai", "background": "#272822", "dark": True},
                    {"name": "default", "dark": False},
                ]
            }
        },
    },
    {
        "name": "formats",
        "call": "formats",
        "expect": {"includes": {"formats": [{"name": "svg", "type": "image/svg+xml", "extension": "svg"}]}},
    },
    {"name": "a style sheet", "call": "stylesheet", "options": {"name": "monokai"}},
    {"name": "a style sheet for both", "call": "stylesheet", "options": {"name": "default", "dark": "monokai"}},
    {"name": "a style sheet within a class", "call": "stylesheet", "options": {"name": "default", "scope": "post"}},
    {
        "name": "a style sheet for other classes, with marks",
        "call": "stylesheet",
        "options": {"name": "default", "cssclass": "c", "classprefix": "p-", "marks": True},
    },
    {
        "name": "a style sheet that a class makes dark",
        "call": "stylesheet",
        "options": {"name": "default", "dark": "monokai", "dark_selector": ".dark", "scope": "post"},
    },
    {
        "name": "a style sheet for no selector",
        "call": "stylesheet",
        "options": {"name": "default", "dark": "monokai", "dark_selector": "a"},
    },
    {
        "name": "an unknown style sheet",
        "call": "stylesheet",
        "options": {"name": "klingon"},
        "expect": {"error": "not_found", "status": 404},
    },
    {
        "name": "a style sheet for an unknown dark style",
        "call": "stylesheet",
        "options": {"name": "default", "dark": "klingon"},
        "expect": {"error": "unknown_style", "status": 422},
    },
]
CASES = [*HIGHLIGHT, *OTHERS]

"""A sample of what the engine must agree with Pygments on: a new Pygments cannot break it unseen."""

import pygments
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from mergepoint.highlight.engine import highlight, lexers, tables
from mergepoint.highlight.engine.budget import Unlimited

TEXT = """\
#!/usr/bin/env x
<?php $a = "b$c{$d}"; // e ?><p class='q'>&amp;<script>var x = /y/g, z = `${x}`;</script><style>a { b: #fff }</style>
def f(x: int = 0x1f) -> str: # g
    return f"{x!r:>{2}}" + 'h\\n' if x else \"\"\"i
j\"\"\"
#include <k.h>
static const char *l(std::vector<m> &n) { return "o\\t" /* p
*/ + R"(q)"; }
- r: &s [1, 2.5e3, ~, "t"]
{"u": [true, null, -1e9, "\\u00e9"]}
v = <<~W
  #{x} é ſ \u212a
W
SELECT y FROM "z" WHERE a IN ('b''c', :d) -- e
"""
LANGUAGES = "python c cpp html php ruby yaml json javascript css xml bash sql java markdown html+php"


def disagreement() -> str:
    """Return where the engine and Pygments disagree over a text that is a bit of everything, or an empty string."""
    before, tables.budget = tables.budget, Unlimited()
    try:
        for language in LANGUAGES.split():
            lexer = get_lexer_by_name(language)
            ours, theirs = (render(TEXT, lexer, HtmlFormatter()) for render in (highlight, pygments.highlight))
            if ours != theirs:
                return f"the engine does not give the bytes of Pygments {pygments.__version__}: {language}"
        return ""
    finally:
        tables.budget = before
        lexers._tables.clear()

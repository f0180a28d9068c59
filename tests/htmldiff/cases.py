"""The calls of htmldiff.json. What an answer must be is recorded, unless it is said here."""

from typing import Any

LIST = "<h1>Fruit</h1><ul><li>apples</li><li>pears</li></ul>"
NEW_LIST = '<h1>Fruit</h1><ul class="x"><li>apples</li><li>plums</li><li>pears</li></ul>'
TABLE = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
NEW_TABLE = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></table>"
COLUMNS = "<table><colgroup><col></colgroup><tr><td>1</td></tr><tr><td>2</td></tr></table>"
NEW_COLUMNS = "<table><colgroup><col><col></colgroup><tr><td>0</td><td>1</td></tr><tr><td>0</td><td>2</td></tr></table>"
SCRIPT = '<p>text</p><script>alert(1)</script><a href="javascript:x">l</a>'
VERSIONS = [
    {"label": "2024", "html": "<p>one two</p>"},
    {"label": "2025", "html": "<p>one two three</p>"},
    {"label": '"><b>', "html": "<p>zero one two three é</p>"},
]


def htmldiff(name: str, old: str, new: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "call": "htmldiff", "options": {"old": old, "new": new, **options}}


def apply(name: str, old: str, new: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "call": "apply", "options": {"old": old, "new": new, **options}}


def annotate(name: str, versions: list[dict[str, str]], **options: Any) -> dict[str, Any]:
    return {"name": name, "call": "annotate", "options": {"versions": versions, **options}}


CASES = [
    htmldiff("a tag replaced", "Foo <b>bar</b> baz", "Foo <i>bar</i> baz"),
    htmldiff("a word deleted", "Foo bar baz", "Foo baz"),
    htmldiff("a word inserted", "Foo baz", "Foo blah baz"),
    htmldiff("nothing changed", LIST, LIST),
    htmldiff("two empty documents", "", ""),
    htmldiff("all of it is new", "", NEW_LIST),
    htmldiff("formatting added", "plain text", "plain <b>text</b>"),
    htmldiff("a link that leads elsewhere", '<a href="/1">l</a>', '<a href="/2">l</a>'),
    htmldiff("a picture with another text", '<img src="a.png" alt="a">', '<img src="a.png" alt="b">'),
    htmldiff("a list with one more item", LIST, NEW_LIST),
    htmldiff("a table with another cell and row", TABLE, NEW_TABLE),
    htmldiff("Chinese, Japanese, Thai", "我喜欢吃苹果 私は東京 ฉันชอบข้าว", "我喜欢吃香蕉 私は京都 ฉันชอบน้ำ"),
    htmldiff("astral and combining characters, quotes", 'e\u0301 😀 "a" \\', "é 😁 'a' \\"),
    htmldiff("full markup", LIST, NEW_LIST, markup="full"),
    htmldiff("side by side", "a b", "a c", view="side-by-side"),
    htmldiff("insertions", "a b", "a c", view="insertions"),
    htmldiff("deletions", "a b", "a c", view="deletions"),
    htmldiff("by characters", "kitten", "kittens", granularity="character"),
    htmldiff("by sentences", "One. Two.", "One. 2.", granularity="sentence"),
    htmldiff("by blocks", "<p>a b</p><p>c</p>", "<p>a d</p><p>c</p>", granularity="block"),
    htmldiff("as a whole", "<p>a</p>", "<p>b</p>", granularity="document"),
    htmldiff("what is ignored", "<p class=x>A  b</p>", "<p>a b</p>", ignore=["case", "whitespace", "attributes"]),
    htmldiff("what is ignored, in one word", "Foo", "foo", ignore="case,comments"),
    htmldiff("a block that moved", "<p>a b c</p><p>x</p><p>y</p>", "<p>x</p><p>y</p><p>a b c</p>", moved=True),
    htmldiff("another wrapper", "a", "b", wrapper_element="section", wrapper_class='x"y'),
    htmldiff("no class", "a", "b", wrapper_class=""),
    htmldiff("a page with a title", LIST, NEW_LIST, page=True, title="<b>&\"'"),
    htmldiff("links made absolute", "<a href='b'>l</a>", "<a href='c?x&y'>l</a>", base_url="https://example.com/a/"),
    htmldiff("what is active goes, and is told", "<p>text</p>", SCRIPT),
    htmldiff("what is active stays when asked to", "<p>text</p>", SCRIPT, sanitize="none"),
    htmldiff("markup that nobody should write", "<b><p>a</b>b<table>c<td>d", "<p>a<b>b</p><li>c</table>d"),
    htmldiff("a formula that changed, by name", "Let <math>x</math> be", "Let <math>y</math> be", placeholders=True),
    htmldiff("a page without visible changes", "a<script>1</script>", "a<script>2</script>", page=True),
    htmldiff("a table with another column", COLUMNS, NEW_COLUMNS),
    htmldiff("too deep", "", "<div>" * 513),
    htmldiff("too many attributes", f"<p {' '.join(f'a{n}' for n in range(257))}>", ""),
    htmldiff("an unknown view", "a", "b", view="upside-down"),
    htmldiff("an unknown option", "a", "b", vieww="inline"),
    htmldiff("what is invisible, ignored", "co\u00adoperate e\u0301", "cooperate \u200bé", ignore=["invisible"]),
    htmldiff("a number is a word", "it fell by -5 % to 1,234.50", "it fell by -6 % to 1,234.60"),
    htmldiff("what nobody sees is no change", "<b>x y</b>", "<b>x </b><b>y</b>", markup="full"),
    htmldiff("a script that escapes its end", "<script><!--<script </script>", "a", sanitize="none"),
    htmldiff("nothing like that to ignore", "a", "b", ignore="case,colour"),
    htmldiff("a wrapper that is none", "a", "b", wrapper_element="script"),
    htmldiff("a base that is no web address", "a", "b", base_url="javascript:alert(1)"),
    {"name": "a URL that is not allowed", "call": "htmldiff", "options": {"old": "a", "new_url": "http://127.0.0.1/"}},
    {"name": "a document twice", "call": "htmldiff", "options": {"old": "a", "new": "b", "new_url": "http://x/"}},
    {"name": "a document missing", "call": "apply", "options": {"old": "a"}},
    apply("no change", "one two three four", "one 2 three 4"),
    apply("one change", "one two three four", "one 2 three 4", accept=[1]),
    apply("all but one change", "one two three four", "one 2 three 4", reject=[1]),
    apply("every change, in one word", "one two three four", "one 2 three 4", accept="1,2"),
    apply("a change that is not there", "a", "b", accept=[7]),
    apply("a change that is accepted and rejected", "a", "b", accept=[1], reject=[1]),
    apply("a change zero", "a", "b", accept=[0]),
    annotate("three versions", VERSIONS),
    annotate("one version", VERSIONS[:1]),
    annotate("no versions", []),
    annotate("too many versions", VERSIONS[:1] * 101),
]

"""Documents to compare: strategies for hypothesis, and a faster source of the same kind for great numbers."""

import random
import re

from hypothesis import strategies as st

WORDS = [
    "foo",
    "bar",
    "baz",
    "the",
    "of",
    "1",
    ",",
    ".",
    "é",
    "e\u0301",
    "我喜欢苹果",
    "ภาษาไทย",
    "👩‍👩‍👧",
    "&amp;",
    "&lt;b&gt;",
    "&nbsp;",
]
SPACES = ["", " ", "  ", "\n", "\n  "]
INLINE = [
    "a",
    "b",
    "i",
    "em",
    "strong",
    "span",
    "code",
    "sub",
    "ins",
    "del",
    "font",
    "nobr",
    "q",
    "small",
    "label",
    "ruby",
    "rt",
]
BLOCKS = ["p", "div", "ul", "ol", "li", "table", "tr", "td", "th", "tbody", "thead", "caption", "colgroup", "h1", "h2"]
BLOCKS += ["blockquote", "pre", "section", "dl", "dt", "dd", "details", "summary", "figure", "fieldset", "center"]
ODD = [
    "form",
    "button",
    "select",
    "option",
    "optgroup",
    "textarea",
    "title",
    "svg",
    "math",
    "template",
    "script",
    "style",
]
ODD += [
    "iframe",
    "noscript",
    "object",
    "video",
    "xmp",
    "plaintext",
    "listing",
    "body",
    "html",
    "head",
    "frameset",
    "x-y",
]
EMPTY = [
    "<br>",
    "<img src=a.png>",
    "<img src=b.png alt=x>",
    "<hr>",
    "<wbr>",
    "<!-- c -->",
    "<!---->",
    "<col>",
    "<input>",
]
ATTRIBUTES = [
    "class=x",
    'class=""',
    "class='x y'",
    "href=/a",
    "href='http://x.example/b?c=d&amp;e'",
    "id=q",
    "colspan=2",
]
ATTRIBUTES += [
    "style='color:red'",
    "style='color:blue;position:fixed'",
    "title='a>b \"q\"'",
    "data-diff-id=1",
    "src=x.png",
]
ATTRIBUTES += [
    "onclick=x()",
    "href=javascript:x",
    "data-diff-old-href=x",
    "data-input-diff-id=7",
    "lang=en",
    '"=',
    "x<y=1",
]
SCRAPS = [
    "<",
    ">",
    "&",
    "&#0;",
    "&#13;",
    "&notit;",
    "\0",
    "\r",
    "\r\n",
    "\f",
    "<!--",
    "-->",
    "--!>",
    "<!",
    "<?pi x?>",
    "</",
]
SCRAPS += [
    "<![CDATA[x]]>",
    "<!doctype html>",
    "<br/>",
    "<p/>",
    "</br>",
    "</p>",
    '<a href="',
    "'>",
    "<a <b>",
    "<tr><td>",
    "</table>",
]


class Source:
    """Makes documents of what *choose* picks: a Random's choice, or hypothesis' draws."""

    def __init__(self, choose, *, odd: bool = True) -> None:
        self.choose = choose
        self.names = INLINE + BLOCKS + (ODD if odd else [])

    def number(self, most: int) -> int:
        return self.choose(range(most + 1))

    def text(self) -> str:
        return "".join(self.choose(WORDS) + self.choose(SPACES) for _ in range(self.number(4)))

    def attributes(self) -> str:
        return "".join(f" {self.choose(ATTRIBUTES)}" for _ in range(self.choose([0, 0, 0, 1, 2])))

    def tree(self, depth: int) -> str:
        """Return what a person or a program may write."""
        return "".join(self._node(depth) for _ in range(self.number(4)))

    def _node(self, depth: int) -> str:
        kind = (
            self.choose(["text", "text", "text", "element", "element", "list", "table", "empty"]) if depth else "text"
        )
        if kind == "text":
            return self.text()
        if kind == "empty":
            return self.choose(EMPTY)
        if kind == "list":
            return "<ul>" + "".join(self._part("li", depth) for _ in range(self.number(3))) + "</ul>"
        if kind == "table":
            rows = ("".join(self._part("td", depth) for _ in range(self.number(3))) for _ in range(self.number(3)))
            return f"<table>{''.join(f'{self.choose(SPACES)}<tr>{row}</tr>' for row in rows)}</table>"
        name = self.choose(self.names)
        return f"<{name}{self.attributes()}>{self.tree(depth - 1)}</{name}>{self.choose(SPACES)}"

    def _part(self, name: str, depth: int) -> str:
        return f"{self.choose(SPACES)}<{name}{self.attributes()}>{self.tree(depth - 1)}</{name}>"

    def soup(self) -> str:
        """Return what nobody should write."""
        return "".join(self._scrap() for _ in range(self.number(12)))

    def _scrap(self) -> str:
        kind = self.choose(["start", "start", "end", "text", "text", "scrap"])
        if kind == "start":
            return f"<{self.choose(self.names)}{self.attributes()}>"
        if kind == "end":
            return f"</{self.choose(self.names)}>"
        return self.text() if kind == "text" else self.choose(SCRAPS)

    def document(self) -> str:
        return self.tree(self.number(4)) if self.choose([True, True, False]) else self.soup()

    def edited(self, html: str) -> str:
        """Return *html* after a few edits, clean or not."""
        parts = re.findall(r"<[^>]*>|[^<\s]+|\s+|<", html)
        for _ in range(1 + self.number(3)):
            place = self.number(len(parts))
            edit = self.choose(["delete", "insert", "move", "wrap", "replace"])
            if edit == "delete":
                del parts[place : place + 1 + self.number(2)]
            elif edit == "insert":
                parts.insert(place, self.choose([self.text, lambda: self.tree(1), self._scrap])())
            elif edit == "move":
                taken = parts[place : place + 1 + self.number(5)]
                del parts[place : place + len(taken)]
                target = self.number(len(parts))
                parts[target:target] = taken
            elif edit == "wrap":
                name = self.choose(self.names)
                parts.insert(place, f"<{name}{self.attributes()}>")
                parts.insert(min(len(parts), place + 1 + self.number(6)), f"</{name}>")
            else:
                parts[place : place + 1] = [self.choose(WORDS)]
        return "".join(parts)

    def pair(self) -> tuple[str, str]:
        old = self.document()
        return old, self.edited(old) if self.choose([True, True, True, False]) else self.document()


@st.composite
def pairs(draw, *, odd: bool = True) -> tuple[str, str]:
    """An old document and a new one."""
    return Source(lambda options: draw(st.sampled_from(options)), odd=odd).pair()


@st.composite
def documents(draw) -> str:
    return Source(lambda options: draw(st.sampled_from(options))).document()


def many_pairs(count: int, *, odd: bool = True, seed: int = 0):
    """Yield *count* pairs, always the same for the same *seed*."""
    for number in range(seed, seed + count):
        yield Source(random.Random(number).choice, odd=odd).pair()

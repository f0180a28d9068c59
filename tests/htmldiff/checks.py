"""What must be true of a result, told without the code under test: with a DOM, and with simple patterns."""

import re

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

OPTIONS = LexborDocumentOptions.WO_EVENTS.value
# May only hold these, whatever was changed in them.
PARTS = {
    "table": {"caption", "colgroup", "thead", "tbody", "tfoot"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tfoot": {"tr"},
    "tr": {"td", "th"},
}
ACTIVE = re.compile(
    r"<(script|style|svg|math|template|iframe|object|embed|form|input|button|select|textarea|link|meta|base)\b"
)
ACTIVE_ATTRIBUTE = re.compile(
    r"""<[^>]* (?:(?:on\w+|srcdoc|formaction|action|ping|srcset|background)="|"""
    r"""(?!data-)[\w-]+="\s*(?:javascript|vbscript|data):)"""
)


def parsed(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html, is_fragment=True, options=OPTIONS)


def reparsed(html: str) -> str:
    return parsed(html).html or ""


def text(html: str) -> str:
    """Return the text of *html* without white space."""
    return re.sub(r"\s+", "", parsed(f"<div>{html}</div>").css_first("div").text(deep=True)) if html else ""


def text_of_side(full: str, *, new: bool) -> str:
    """Return the text that one side of full markup has, found by the marks alone."""
    tree = parsed(f"<div>{full}</div>")
    gone = "del" if new else "ins"
    for node in tree.css(f"{gone}[data-diff-id]"):
        if not (node.attributes.get("class") or "").split()[-1:] or "tagdiff_" not in node.attributes["class"]:
            node.decompose()
    return re.sub(r"\s+", "", tree.css_first("div").text(deep=True))


def parts_are_in_place(html: str) -> bool:
    """Say whether tables hold only what tables hold."""
    tree = parsed(f"<div>{html}</div>")
    for name, allowed in PARTS.items():
        for node in tree.css(name):
            child = node.child
            while child:
                if child.is_element_node and child.tag not in allowed | {
                    "script",
                    "style",
                    "template",
                    "form",
                    "input",
                }:
                    return False
                child = child.next
    return True


def is_inert(html: str) -> bool:
    return not ACTIVE.search(html) and not ACTIVE_ATTRIBUTE.search(re.sub(r">[^<]*", ">", html))

"""The syntax of canonical markup: lexbor's serialisation with sorted attributes. Element names, tags, attributes.

In it every tag is closed, every attribute quoted, and ``<`` and ``>`` stand for nothing but markup, so that patterns
split it exactly. Use nothing of this on HTML as clients send it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# ASCII white space as HTML defines it; Python's \s has more.
SPACE = " \t\n\f\r"


def names(text: str) -> frozenset[str]:
    """Return the set of the words in *text*."""
    return frozenset(text.split())


VOID = names("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr")
# Raw text elements: their content is text without entities.
RAW = ("script", "style", "xmp", "iframe", "noembed", "noframes")
# Escapable raw text elements: their content is text with entities, so no mark can stand in it.
TEXT_ONLY = ("title", "textarea")
# A mark is not allowed in these, or means something else there: each changes as one.
ATOMS = frozenset(
    ("svg", "math", "template", "select", "datalist", "noscript", "object", "video", "audio", "picture", "canvas")
)
# Marks are put into these elements, never around them.
BLOCKS = names(
    """address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu nav ol
    optgroup option p pre search section summary table tbody td tfoot th thead tr ul"""
)
# These hold only their own parts, white space and invisible elements, so no mark can stand in them. Invisible elements
# belong to the white space before the next part.
TABLE_PARTS = frozenset(("table", "thead", "tbody", "tfoot", "tr", "colgroup"))
UNSEEN = ("<!--", "<script", "<style", "<template", "<input")
# These may not nest in an element of their own name: the parser would end the outer one.
NEVER_NESTED = frozenset(("a", "nobr", "button"))

# Prefix of the attributes that this service writes; attributes of the input that have it are renamed.
OURS = "data-diff-"
# Ids that this service writes, as targets of the links from change to change; equal ids of the input are renamed.
OUR_ID = re.compile(r"diff-[0-9]+(?:-from|-to)?\Z")

# A script's content as the tokenizer reads it (HTML 13.2.5.4 and 13.2.5.15 to 31): after <!-- a <script makes the next
# </script> text, until -->. If nothing ends it, the end of the document does.
_SCRIPT = r"(?i:script)[\t\n\f />]"
_DATA = rf"[^<]*+(?:<(?!!--|/{_SCRIPT})[^<]*+)*+"
_ESCAPED = rf"[^<-]*+(?:(?!-->|</?{_SCRIPT})[<-][^<-]*+)*+"
_TWICE = rf"<{_SCRIPT}[^<-]*+(?:(?!-->|</{_SCRIPT})[<-][^<-]*+)*+"
_COMMENT = rf"<!(?=--){_ESCAPED}(?:{_TWICE}</{_SCRIPT}{_ESCAPED})*+(?:-->|{_TWICE}(?:-->|\Z)|(?=</{_SCRIPT})|\Z)"
SCRIPT = rf"<script(?=[ >])[^>]*>{_DATA}(?:{_COMMENT}{_DATA})*+(?:</script>|\Z)"
_WHOLE = "|".join(rf"{name}(?=[ >])[^>]*>.*?</{name}" for name in (*RAW, *TEXT_ONLY) if name != "script")
# Comments, elements without markup in them, tags, processing instructions: in a group, so that split keeps them.
MARKUP = re.compile(rf"(<!--.*?-->|{SCRIPT}|<(?:{_WHOLE}|/?[a-zA-Z][^>]*|\?[^>]*)>)", re.DOTALL)
HOLDS_ATOMS = re.compile(rf"<(?:{'|'.join(sorted(ATOMS))})(?=[ >])")
NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
# Names may have quotes and < in them, and begin with =.
ATTRIBUTE = re.compile(r' (=?[^\s=]+)="([^"]*)"')
# White space and comments at the end of a text.
SPACE_AT_END = re.compile(rf"[{SPACE}]+\Z")


@lru_cache(maxsize=4096)
def name_of(tag: str) -> str:
    """Return the element's name in *tag*; nothing for comments."""
    found = NAME.match(tag)
    return found[1] if found else ""


def is_end(tag: str) -> bool:
    return tag.startswith("</")


def attributes(tag: str) -> dict[str, str]:
    """Return the attributes of *tag*, escaped as they are."""
    return dict(ATTRIBUTE.findall(tag))


def start_tag(name: str, given: dict[str, str]) -> str:
    """Return a tag with the attributes *given*, which are escaped already, in their order."""
    return f"<{name}" + "".join(f' {key}="{value}"' for key, value in given.items()) + ">"


def escape(text: str) -> str:
    """Return *text* as the value of an attribute, written as parsers write it."""
    return escape_text(text).replace('"', "&quot;")


def escape_text(text: str) -> str:
    """Return *text* as the content of an element, written as parsers write it."""
    return text.replace("&", "&amp;").replace("\xa0", "&nbsp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(value: str) -> str:
    """Return the text that *escape* was given."""
    return (
        value.replace("&gt;", ">")
        .replace("&lt;", "<")
        .replace("&quot;", '"')
        .replace("&nbsp;", "\xa0")
        .replace("&amp;", "&")
    )


def split(html: str) -> list[str]:
    """Return canonical *html* as a list of text and markup by turns; each element of ATOMS is one item."""
    pieces = MARKUP.split(html)
    return join_atoms(pieces) if HOLDS_ATOMS.search(html) else pieces


def join_atoms(pieces: Iterable[str]) -> list[str]:
    """Return *pieces* with each element of ATOMS joined into one item."""
    joined: list[str] = []
    name, depth = "", 0
    for piece in pieces:
        if depth:
            joined[-1] += piece
            if name_of(piece) == name and piece.startswith("<"):
                depth += -1 if is_end(piece) else 1
            continue
        joined.append(piece)
        if piece.startswith("<") and not is_end(piece) and name_of(piece) in ATOMS:
            name, depth = name_of(piece), 1
    return joined


def add_class(tag: str, word: str, more: str = "") -> str:
    """Return the start *tag* with the class *word* added last, and with the attributes *more* at its end."""
    if ' class="' in tag:  # perhaps in a value
        for found in ATTRIBUTE.finditer(tag):
            if found[1] == "class":
                return f"{tag[: found.end() - 1]} {word}{tag[found.end() - 1 : -1]}{more}>"
    return f'{tag[:-1]} class="{word}"{more}>'


def drop_class(classes: str, word: str) -> str | None:
    """Return the class attribute that *add_class* was given; None if there was none."""
    return None if classes == word else classes.removesuffix(" " + word)

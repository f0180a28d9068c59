"""Parses and cleans a document until nothing changes. The result is its canonical form.

HTML needs several rounds: ``<pre>`` loses a newline in each, an ``<a>`` moves through a table, and a removed element
may have kept others apart.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from .. import errors
from . import limits
from .clean import Removed, Rules, TooManyAttributesInTag, clean
from .markup import escape_text, is_end

ROUNDS = 4  # the first parses, each of the other three may change something
# Without events lexbor copies nothing into <selectedcontent>: the tree is the document as written.
OPTIONS = LexborDocumentOptions.WO_EVENTS.value
BOM = "\ufeff"  # not text at the start of a document: nh3 drops it there
# A parser drops the first newline in these, each time.
NEWLINES_AT_START = re.compile(r"(<(?:pre|listing|textarea)(?: [^>]*)?>)\n+")


class Gap(NamedTuple):
    """Where readers miss something that was removed: its *kind* (gaps.py), and its *offset* in the canonical HTML."""

    kind: str
    offset: int


@dataclass(frozen=True)
class Document:
    """A document in canonical form: *pieces* are text and markup by turns, *removed* the things that cleaning removed.

    *gaps* says where readers miss some of these, by index in *removed*; empty unless find_gaps filled it.
    """

    pieces: list[str]
    removed: tuple[Removed, ...] = ()
    gaps: Mapping[int, Gap] = field(default_factory=dict)

    @cached_property
    def html(self) -> str:
        return "".join(self.pieces)

    def has_more_nodes_than(self, most: int) -> bool:
        """Return whether it has more than *most* elements, texts and comments together."""
        if len(self.pieces) <= most:
            return False
        texts, tags = self.pieces[::2], self.pieces[1::2]
        return len(texts) - texts.count("") + len(tags) - sum(map(is_end, tags)) > most


def parse(html: str) -> str:
    """Return *html* as a parser reads it, as the content of an element; ``html``, ``head`` and ``body`` vanish.

    ``plaintext``, which nothing can end, becomes ``pre``.
    """
    tree = LexborHTMLParser(html, is_fragment=True, options=OPTIONS)
    written = tree.html or ""
    return _without_plaintext(written, tree) if "<plaintext" in written else written


def _without_plaintext(written: str, tree: LexborHTMLParser) -> str:
    """Return *written* with ``pre`` instead of ``plaintext``, whose content is text in the formatting around it."""
    before, _, rest = written.partition("<plaintext")
    attributes, _, rest = rest.partition(">")
    content, _, after = rest.rpartition("</plaintext>")
    node = tree.css_first("plaintext")
    in_formatting = node and node.child and node.child.is_element_node
    return f"{before}<pre{attributes}>{content if in_formatting else escape_text(content)}</pre>{after}"


def read(html: str, rules: Rules, field: str) -> Document:
    """Return *html* in canonical form.

    Raises an HtmldiffError with *field* as its field if *html* is over a limit or has no canonical form.
    """
    limits.check(html, field)
    document = canonicalize(html, rules, field)
    limits.check_depth(document.pieces[1::2], field)
    return document


def canonicalize(html: str, rules: Rules, field: str = "html") -> Document:
    """Return *html* cleaned by *rules*, in a form that parsing, cleaning and writing do not change.

    Raises TooComplex if there is none after ROUNDS.
    """
    removed: list[Removed] = []
    given, written = html, parse(html)
    try:
        for _ in range(ROUNDS):
            pieces, taken = clean(NEWLINES_AT_START.sub(r"\1", written).lstrip(BOM), rules, len(removed))
            removed += taken
            cleaned = "".join(pieces)
            if cleaned == written == given:  # a parser has just read this
                return Document(pieces, tuple(removed))
            given, written = cleaned, parse(cleaned)
            if written == cleaned:
                return Document(pieces, tuple(removed))
    except TooManyAttributesInTag:
        raise limits.too_many_attributes(field) from None
    raise errors.TooComplex(f"parsers read {field} differently each time; simplify its markup", field=field)

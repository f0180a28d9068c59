"""How to compare and what to write. Every value is checked here; the service's own options say the same to HTTP."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import BadOption

GRANULARITIES = ("character", "word", "sentence", "block", "document")
# Each takes less work than those before it; in it as in these, whatever differs at all is deleted and added.
COARSE = ("block", "document")
IGNORABLE = ("whitespace", "attributes", "case", "comments", "invisible")
VIEWS = ("inline", "side-by-side", "insertions", "deletions")
MARKUPS = ("classic", "full")
SANITIZE = ("safe", "none")
# They may hold what a page's body may.
WRAPPERS = ("div", "section", "article", "main", "aside", "blockquote", "figure", "span")


@dataclass(frozen=True, kw_only=True)
class DiffOptions:
    """The options of one comparison.

    *granularity* is what changes as one at most: a character, a word, a sentence, a block, the document.
    """

    view: str = "inline"
    granularity: str = "word"
    ignore: Collection[str] = ()
    markup: str = "classic"
    moved: bool = False
    wrapper_element: str = "div"
    wrapper_class: str = "diff"
    page: bool = False
    placeholders: bool = False
    title: str = ""
    sanitize: str = "safe"
    base_url: str | None = None

    @property
    def has_placeholders(self) -> bool:
        """Say whether something stands where sanitising left a gap that readers would see."""
        return (self.page or self.placeholders) and self.sanitize == "safe"

    def __post_init__(self) -> None:
        _among("view", self.view, VIEWS)
        _among("granularity", self.granularity, GRANULARITIES)
        _among("markup", self.markup, MARKUPS)
        _among("sanitize", self.sanitize, SANITIZE)
        _among("wrapper_element", self.wrapper_element, WRAPPERS)
        for value in self.ignore:
            _among("ignore", value, IGNORABLE)
        if self.base_url is not None and not is_web_url(self.base_url):
            raise BadOption(f"{self.base_url!r} is no http or https URL", field="base_url")


def parse_options(given: Mapping[str, Any]) -> DiffOptions:
    """Return *given* as a DiffOptions; an unknown name raises BadOption."""
    for name in given:
        if name not in DiffOptions.__dataclass_fields__:
            raise BadOption(f"there is no option {name!r}", field=name)
    return DiffOptions(**given)


def _among(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise BadOption(f"{name} cannot be {value!r}, only {', '.join(allowed)}", field=name)


def is_web_url(url: str) -> bool:
    """Say whether links can be relative to *url*."""
    try:
        return bool(re.match(r"https?://[^\s/?#]+", url, re.IGNORECASE)) and bool(urlsplit(url).hostname)
    except ValueError:
        return False

"""The options of one comparison. Every value is checked here; options.py describes the same options to HTTP."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import BadOption

GRANULARITIES = ("character", "word", "sentence", "block", "document")
# Granularities without finer changes: a block, or the document, that differs at all is deleted and added as a whole.
COARSE = ("block", "document")
IGNORABLE = ("whitespace", "attributes", "case", "comments", "invisible")
VIEWS = ("inline", "side-by-side", "insertions", "deletions")
MARKUPS = ("classic", "full")
SANITIZE = ("safe", "none")
# Elements that may hold everything that ``body`` may hold.
WRAPPERS = ("div", "section", "article", "main", "aside", "blockquote", "figure", "span")


@dataclass(frozen=True, kw_only=True)
class DiffOptions:
    """The options of one comparison.

    *granularity* is the largest unit that changes as one: character, word, sentence, block or document.
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
        """Return whether the answer has notes for gaps that sanitising left and readers would see."""
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
            raise BadOption(f"{self.base_url!r} is not an absolute http or https URL", field="base_url")


def parse_options(given: Mapping[str, Any]) -> DiffOptions:
    """Return *given* as a DiffOptions; an unknown name raises BadOption."""
    for name in given:
        if name not in DiffOptions.__dataclass_fields__:
            raise BadOption(
                f"there is no option {name!r}; there are {', '.join(DiffOptions.__dataclass_fields__)}", field=name
            )
    return DiffOptions(**given)


def _among(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise BadOption(f"{name} cannot be {value!r}, only {', '.join(allowed)}", field=name)


def is_web_url(url: str) -> bool:
    """Return whether *url* is an absolute http or https URL, so that relative links can be resolved against it."""
    try:
        return bool(re.match(r"https?://[^\s/?#]+", url, re.IGNORECASE)) and bool(urlsplit(url).hostname)
    except ValueError:
        return False

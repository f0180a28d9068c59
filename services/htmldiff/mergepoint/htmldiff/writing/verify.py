"""Verify the promises of an answer: it is safe, parsers read it unchanged, and its changes can be undone."""

from ..diff_options import DiffOptions
from ..matching.tokenizer import Tokenizer
from ..reading import policy
from ..reading.canonical import Document, parse
from .accept import accept_changes


def keeps_promises(html: str, old: Document, new: Document, options: DiffOptions, granularity: str) -> bool:
    """Return whether *html* is sanitised, parsers read it unchanged, and full markup gives both documents back."""
    if options.sanitize == "safe":
        if policy.cleaner().clean(html) != html:
            return False
    elif parse(html) != html:
        return False
    # One whole document deleted and one added gives both back by construction; checking would take longer than writing.
    is_whole = granularity == "document" and options.sanitize == "safe"
    if options.markup != "full" or options.view != "inline" or is_whole:
        return True
    return all(
        _same(accept_changes(html, lambda change, made=made: made), document.html, options)  # type: ignore[misc]
        for made, document in ((True, new), (False, old))
    )


def _same(html: str, other: str, options: DiffOptions) -> bool:
    key = Tokenizer(ignore=options.ignore).key
    ours, theirs = key(html), key(other)
    if "whitespace" in options.ignore:
        ours, theirs = "".join(ours.split()), "".join(theirs.split())
    return ours == theirs

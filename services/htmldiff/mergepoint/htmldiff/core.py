"""Compares two HTML documents, and applies some of the changes, by combining the rooms. Knows no HTTP and no kit."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .diff_options import DiffOptions, parse_options
from .errors import BadOption, TooComplex
from .matching.documents import coarser_granularities, edit_script, feasible_granularity
from .matching.removed import RemovedPair, pair_removed
from .matching.script import Script, find_moves, number_changes
from .matching.segmentation import Segment, icu_words
from .reading.canonical import Document, parse, read
from .reading.clean import Rules
from .reading.gaps import find_gaps
from .reading.markup import escape, name_of
from .writing.accept import accept_changes
from .writing.changes import Change, describe, describe_removed
from .writing.page import page
from .writing.placeholders import find_placeholders
from .writing.verify import keeps_promises
from .writing.views import ViewWriter


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison: the changes as *html* and as a list; *counts* has their number by kind.

    *granularity* is the largest unit that changes as one. *degraded* says why it is coarser than the caller asked for:
    ``nodes`` (a document has more than limits.MOST_NODES), ``unstable`` (parsers would read the finer HTML
    differently), or None if it is not. *content* is *html* without wrapper and page.
    """

    html: str
    changes: tuple[Change, ...]
    counts: dict[str, int]
    granularity: str
    degraded: str | None = None
    content: str = field(default="", repr=False)


class Result(NamedTuple):
    """An edit script and its HTML.

    *numbers* has the number of the change that each operation is part of; *moved* those of blocks that only moved.
    *granularity* and *degraded* are those of Comparison; *removed* pairs the things that sanitising removed.
    """

    script: Script
    numbers: Sequence[int]
    moved: frozenset[int]
    html: str
    granularity: str
    degraded: str | None = None
    removed: Sequence[RemovedPair] = ()


def render_html_diff(
    old: str, new: str, wrapper_element: str = "div", wrapper_class: str = "diff", **options: Any
) -> str:
    """Return one HTML text of *old* and *new* in which the changes are marked; *options* are the fields of DiffOptions.

    Raises an HtmldiffError if a document or an option is refused.

    >>> render_html_diff('Foo <b>bar</b> baz', 'Foo <i>bar</i> baz')
    '<div class="diff">Foo <i class="tagdiff_replaced">bar</i> baz</div>'
    >>> render_html_diff('Foo bar baz', 'Foo baz')
    '<div class="diff">Foo <del>bar</del> baz</div>'
    >>> render_html_diff('Foo baz', 'Foo blah baz')
    '<div class="diff">Foo <ins>blah</ins> baz</div>'
    """
    segment = options.pop("segment", icu_words)
    diff_options = parse_options({"wrapper_element": wrapper_element, "wrapper_class": wrapper_class, **options})
    if diff_options.page:
        return compare_documents(*read_both(old, new, diff_options), diff_options, segment).html
    return _wrap(find_finest(*read_both(old, new, diff_options), diff_options, segment).html, diff_options)


def compare(old: str, new: str, *, segment: Segment = icu_words, **options: Any) -> Comparison:
    """Return the changes from *old* to *new*, each HTML of at most limits.MOST_BYTES bytes in UTF-8.

    *options* are the fields of DiffOptions. *segment* splits text that is written without spaces into words. Raises an
    HtmldiffError whose ``field`` is ``old``, ``new`` or the option that is refused.
    """
    diff_options = parse_options(options)
    return compare_documents(*read_both(old, new, diff_options), diff_options, segment)


def read_both(old: str, new: str, diff_options: DiffOptions) -> tuple[Document, Document]:
    """Return *old* and *new* parsed and sanitised."""
    rules = Rules(sanitize=diff_options.sanitize == "safe", base_url=diff_options.base_url)
    before, after = read(old, rules, "old"), read(new, rules, "new")
    if diff_options.has_placeholders:
        before = replace(before, gaps=find_gaps(old, before, rules))
        after = replace(after, gaps=find_gaps(new, after, rules))
    return before, after


def compare_documents(
    before: Document, after: Document, diff_options: DiffOptions, segment: Segment = icu_words
) -> Comparison:
    """Return the changes from *before* to *after*, which read_both has read with the same *diff_options*."""
    result = find_finest(before, after, diff_options, segment)
    changes = describe(result.script, result.numbers, result.moved)
    left_out = describe_removed(before.removed, after.removed, result.removed)
    changes += left_out
    html = _wrap(result.html, diff_options)
    if diff_options.page:
        same = [
            name_of(after.removed[place].html)
            for _, place, number in result.removed
            if place is not None and not number
        ]
        html = page(html, diff_options.title, left_out, Counter(filter(None, same)))
    return Comparison(
        html,
        tuple(changes),
        dict(Counter(change.kind for change in changes)),
        result.granularity,
        result.degraded,
        result.html,
    )


def apply(old: str, new: str, *, accept: Collection[int] = (), reject: Collection[int] = (), **options: Any) -> str:
    """Return *old* with only the changes in *accept* made, or, if only *reject* is given, all changes except those.

    The numbers are the ids that compare gives for the same documents and options; an unknown one raises BadOption.
    """
    if both := set(accept) & set(reject):
        raise BadOption(f"change {min(both)} is both accepted and rejected", field="reject")
    result = compare(old, new, **{**options, "markup": "full", "view": "inline", "page": False, "placeholders": False})
    known = {change.id for change in result.changes}
    for name, numbers in (("accept", accept), ("reject", reject)):
        if unknown := set(numbers) - known:
            raise BadOption(
                f"there is no change {min(unknown)}; the numbers are those of a comparison with the same options",
                field=name,
            )
    chosen = set(accept) if accept or not reject else known - set(reject)
    if chosen and all(change.id in chosen or change.kind == "removed_active" for change in result.changes):
        chosen.add(0)  # number 0 is every invisible difference: it is made with all the visible ones
    return parse(accept_changes(result.content, chosen.__contains__))


def find_finest(old: Document, new: Document, diff_options: DiffOptions, segment: Segment) -> Result:
    """Return the finest result for *old* and *new* that keeps the promises; raise TooComplex if none does."""
    first = feasible_granularity(diff_options.granularity, old, new)
    for granularity in (first, *coarser_granularities(first)):
        result = _result(old, new, diff_options, segment, granularity)
        if keeps_promises(result.html, old, new, diff_options, granularity):
            reason = (
                None if granularity == diff_options.granularity else "unstable" if granularity != first else "nodes"
            )
            return result._replace(degraded=reason)
    raise TooComplex("the difference cannot be written as HTML that parsers read unchanged")


def _result(old: Document, new: Document, diff_options: DiffOptions, segment: Segment, granularity: str) -> Result:
    script = edit_script(old, new, diff_options, segment, granularity)
    pairs = find_moves(script) if diff_options.moved else []
    numbers = number_changes(script, pairs)
    moved = frozenset(numbers[place] for place, _ in pairs)
    removed: list[RemovedPair] = []
    if old.removed or new.removed:
        removed = pair_removed(old.removed, new.removed, max(numbers, default=0) + 1, diff_options.ignore)
    writer = ViewWriter(script, numbers, moved, find_placeholders(old, new, removed), diff_options)
    return Result(script, numbers, moved, writer.html(), granularity, removed=removed)


def _wrap(html: str, diff_options: DiffOptions) -> str:
    name = diff_options.wrapper_element
    classes = f' class="{escape(diff_options.wrapper_class)}"' if diff_options.wrapper_class else ""
    return f"<{name}{classes}>{html}</{name}>"

"""What is refused, and the scan that refuses it before a parser sees it.

Parsers take minutes for 50,000 open elements or 100,000 attributes, and gigabytes for formatting that is opened once
and opened again in every paragraph. The scan reads tags as they stand and errs on the generous side; the exact limits
are checked on what the parser made (clean.py, check_depth).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate

from ..errors import BadText, TooComplex, TooDeep, TooLarge, TooManyAttributes
from .markup import VOID, is_end, name_of, names

MOST_BYTES = 2 << 20
MOST_NESTING = 512
MOST_ATTRIBUTES = 256
MOST_NODES = 200_000
# What a parser still does in a tenth of a second.
SCAN_UNCLOSED = 5_000
SCAN_ATTRIBUTES = 5_000
SCAN_NODES = 1_000_000
# With fewer tags nothing can grow: a quarter of their square is too few nodes to hurt.
SCAN_FROM = 1_000

FORMATTING = names("a b big code em font i nobr s small strike strong tt u")
# Parsers close these by themselves.
CLOSED_BY_NEXT = names("p li td th tr dt dd option optgroup tbody thead tfoot rt rp rb rtc colgroup")
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
FORMATTING_TAG = re.compile(rf"<(/?)({'|'.join(sorted(FORMATTING))})(?=[\s/>])([^>]*)", re.IGNORECASE)
START = re.compile(r"<([a-zA-Z][^\s/>]*)")
LONG_TAG = re.compile(r"<[a-zA-Z](?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+")
SPACE_OR_QUOTED = re.compile(r"[\s/]+|\"[^\"]*\"|'[^']*'")


def check(html: str, field: str) -> None:
    """Raise the HtmldiffError that says why *html* is refused, if it is."""
    try:
        size = len(html) if html.isascii() else len(html.encode())
    except UnicodeEncodeError as error:
        raise BadText(f"{field} holds a lone surrogate at {error.start}", field=field) from error
    if size > MOST_BYTES:
        raise TooLarge(f"{field} has {size:,} bytes, {MOST_BYTES:,} are allowed", field=field, limit=MOST_BYTES)
    if max(map(len, LONG_TAG.findall(html)), default=0) > SCAN_ATTRIBUTES * 2:
        _check_attributes(html, field)
    if html.count("<") > SCAN_FROM:
        _check_growth(html, field)


def check_depth(tags: Sequence[str], field: str) -> None:
    """Raise TooDeep if canonical *tags* nest too deep."""
    if len(tags) > 2 * MOST_NESTING and max(accumulate(map(_Steps().__getitem__, tags))) > MOST_NESTING:
        raise too_deep(field)


class _Steps(dict[str, int]):
    """How much deeper it is after a tag, remembered."""

    def __missing__(self, tag: str) -> int:
        name = name_of(tag)
        leaf = not name or name in VOID or tag.endswith(f"</{name}>")
        step = self[tag] = -1 if is_end(tag) else 0 if leaf else 1
        return step


def too_deep(field: str) -> TooDeep:
    return TooDeep(f"{field} nests deeper than {MOST_NESTING} elements", field=field, limit=MOST_NESTING)


def too_many_attributes(field: str) -> TooManyAttributes:
    return TooManyAttributes(
        f"a tag in {field} has more than {MOST_ATTRIBUTES} attributes", field=field, limit=MOST_ATTRIBUTES
    )


def _check_attributes(html: str, field: str) -> None:
    for tag in LONG_TAG.findall(html):
        if len(tag) > SCAN_ATTRIBUTES * 2 and len(SPACE_OR_QUOTED.findall(tag)) > SCAN_ATTRIBUTES:
            raise too_many_attributes(field)


def _check_growth(html: str, field: str) -> None:
    """Count first; follow the tags only where there are enough for anything to grow."""
    starts: Counter[str] = Counter()
    for name, times in Counter(START.findall(html)).items():
        starts[name.lower()] += times
    if sum(times for name, times in starts.items() if name not in VOID | CLOSED_BY_NEXT) > SCAN_UNCLOSED:
        _check_depth(html, field)
    if sum(starts[name] for name in FORMATTING) * sum(starts.values()) > SCAN_NODES:
        _check_formatting(html, field)


def _check_depth(html: str, field: str) -> None:
    unclosed: Counter[str] = Counter()
    depth = 0
    for slash, name in TAG.findall(html):
        name = name.lower()
        if name in VOID or name in CLOSED_BY_NEXT:
            continue
        if not slash:
            unclosed[name] += 1
            depth += 1
        elif unclosed[name]:
            unclosed[name] -= 1
            depth -= 1
        if depth > SCAN_UNCLOSED:
            raise too_deep(field)


def _check_formatting(html: str, field: str) -> None:
    """Formatting that is still open is opened again in the next block: count how often that may be."""
    unclosed: defaultdict[str, list[str]] = defaultdict(list)
    same: Counter[str] = Counter()
    again = nodes = last = 0
    for found in FORMATTING_TAG.finditer(html):
        nodes += again * html.count("<", last, found.start())
        last = found.start()
        slash, name, rest = found.groups()
        name = name.lower()
        # No more than three that are the same are opened again (HTML: the Noah's Ark clause).
        if not slash and same[name + rest] < 3:
            same[name + rest] += 1
            unclosed[name].append(name + rest)
            again += 1
        elif slash and unclosed[name]:
            same[unclosed[name].pop()] -= 1
            again -= 1
    if nodes + again * html.count("<", last) > SCAN_NODES:
        raise TooComplex(f"unclosed formatting makes {field} grow without bound", field=field)

"""The limits of a document, and the scan that enforces them before a parser sees it.

Parsers take minutes for 50,000 open elements or 100,000 attributes, and gigabytes for formatting that every paragraph
opens again. The scan reads tags as they stand and lets doubtful cases pass; the exact limits are checked on the output
of the parser (clean.py, check_depth).
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
# A parser handles this many in a tenth of a second (measured with lexbor).
SCAN_UNCLOSED = 5_000
SCAN_ATTRIBUTES = 5_000
SCAN_NODES = 1_000_000
# A document with fewer tags cannot grow too large: it has at most a quarter of their square in nodes.
SCAN_FROM = 1_000

FORMATTING = names("a b big code em font i nobr s small strike strong tt u")
# Parsers close these when the next one begins (HTML 13.1.2.4, optional tags).
CLOSED_BY_NEXT = names("p li td th tr dt dd option optgroup tbody thead tfoot rt rp rb rtc colgroup")
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
FORMATTING_TAG = re.compile(rf"<(/?)({'|'.join(sorted(FORMATTING))})(?=[\s/>])([^>]*)", re.IGNORECASE)
START = re.compile(r"<([a-zA-Z][^\s/>]*)")
LONG_TAG = re.compile(r"<[a-zA-Z](?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+")
SPACE_OR_QUOTED = re.compile(r"[\s/]+|\"[^\"]*\"|'[^']*'")


def check(html: str, field: str) -> None:
    """Raise the HtmldiffError that says why *html* is refused, if it is; *field* is its name in the message."""
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
    """The change of depth at each tag, 1, 0 or -1; computed once for each tag."""

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
    """Count tags first; follow them only where there are enough to grow too large."""
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
    """Estimate how many nodes a parser makes of unclosed formatting, which it opens again in each block."""
    unclosed: defaultdict[str, list[str]] = defaultdict(list)
    same: Counter[str] = Counter()
    again = nodes = last = 0
    for found in FORMATTING_TAG.finditer(html):
        nodes += again * html.count("<", last, found.start())
        last = found.start()
        slash, name, rest = found.groups()
        name = name.lower()
        # At most three equal elements are opened again (HTML 13.2.4.3, the Noah's Ark clause).
        if not slash and same[name + rest] < 3:
            same[name + rest] += 1
            unclosed[name].append(name + rest)
            again += 1
        elif slash and unclosed[name]:
            same[unclosed[name].pop()] -= 1
            again -= 1
    if nodes + again * html.count("<", last) > SCAN_NODES:
        raise TooComplex(f"unclosed formatting makes {field} grow without bound", field=field)

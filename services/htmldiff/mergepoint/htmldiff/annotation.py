"""Finds the version that each part of a document came from, by a comparison of each version with the next.

Labels belong to stretches of the canonical form. Text that a version keeps has its old label; text that it adds gets
the version's own label.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .diff_options import DiffOptions, parse_options
from .errors import BadOption
from .matching.documents import edit_script, feasible_granularity
from .matching.script import BlockChange, ColumnGroup, InlineChange, Keep, Operation, markup_of
from .matching.segmentation import Segment, icu_words
from .reading import policy
from .reading.canonical import Document, read
from .reading.clean import Rules
from .reading.markup import escape, split

MOST_VERSIONS = 100
VERSION = "data-diff-version"
# The stretches of a document in order: length in characters, and index of the version that added the stretch.
Labels = list[tuple[int, int]]


@dataclass(frozen=True)
class Part:
    """*text* that the version called *label* added."""

    label: str
    text: str


@dataclass(frozen=True)
class Annotated:
    """The last version as *html*, with each text in a ``span`` that names its version, and the same as *parts*.

    *granularity* and *degraded* are as in Comparison.
    """

    html: str
    parts: tuple[Part, ...]
    granularity: str
    degraded: str | None = None


def annotate(versions: Sequence[Mapping[str, str]], *, segment: Segment = icu_words, **options: Any) -> Annotated:
    """Return the last of *versions*, oldest first, with the version that each of its parts came from.

    A version is ``{"label": …, "html": …}``. *options* are the fields of DiffOptions; only those for comparing and
    sanitising have an effect. Raises BadOption unless there are 1 to MOST_VERSIONS versions, and HtmldiffError for a
    document that is refused.
    """
    if not 1 <= len(versions) <= MOST_VERSIONS:
        raise BadOption(f"1 to {MOST_VERSIONS} versions can be annotated, not {len(versions)}", field="versions")
    diff_options = parse_options(options)
    documents = read_all([version["html"] for version in versions], diff_options)
    return annotate_documents(documents, [version["label"] for version in versions], diff_options, segment)


def read_all(versions: Sequence[str], diff_options: DiffOptions) -> list[Document]:
    """Return all *versions* parsed and sanitised."""
    rules = Rules(sanitize=diff_options.sanitize == "safe", base_url=diff_options.base_url)
    return [read(html, rules, f"versions.{place}.html") for place, html in enumerate(versions)]


def annotate_documents(
    documents: Sequence[Document], names: Sequence[str], diff_options: DiffOptions, segment: Segment = icu_words
) -> Annotated:
    """Return the result of annotate for *documents* from read_all; *names* are their labels."""
    diff_options = replace(diff_options, ignore=())  # ignored differences would shift the offsets that labels count
    asked = diff_options.granularity
    diff_options = replace(diff_options, granularity=feasible_granularity(asked, *documents))
    before: Document | None = None
    labels: Labels = []
    for place, document in enumerate(documents):
        labels = _label(before, document, labels, place, diff_options, segment)
        before = document
    assert before
    html, parts = _write(before.html, labels, names)
    html = policy.cleaner().clean(html) if diff_options.sanitize == "safe" else html
    return Annotated(
        html, tuple(parts), diff_options.granularity, None if diff_options.granularity == asked else "nodes"
    )


def _label(
    old: Document | None, new: Document, labels: Labels, place: int, diff_options: DiffOptions, segment: Segment
) -> Labels:
    if old is None:
        return [(len(new.html), place)]
    reader = _LabelReader(labels)
    labels_of_new: Labels = []
    for operation in edit_script(old, new, diff_options, segment, diff_options.granularity):
        labels_of_new += reader.labels(operation, place)
    return labels_of_new


class _LabelReader:
    """Reads the labels of the old document from the front, while the operations of a script go through it."""

    def __init__(self, labels: Labels) -> None:
        self._labels = iter(labels)
        self._left = (0, 0)

    def labels(self, operation: Operation, place: int) -> Labels:
        """Return the labels of the new side of *operation*, an operation that leads to the version of index *place*."""
        if isinstance(operation, Keep):
            return self._take(len(operation.html))
        if isinstance(operation, InlineChange):
            self._take(len(operation.old))
            return [(len(operation.new), place)]
        if isinstance(operation, BlockChange | ColumnGroup):
            length = len(operation.block.lead) + len(operation.block.html)
            return [(length, place)] if operation.is_new else self._take(length)[:0]
        old, new = (markup_of(tag, operation) if tag else "" for tag in (operation.old, operation.new))
        taken = self._take(len(old))
        return taken if old == new else [(len(new), place)]

    def _take(self, length: int) -> Labels:
        taken: Labels = []
        while length:
            if not self._left[0]:
                self._left = next(self._labels)
            part = min(length, self._left[0])
            taken.append((part, self._left[1]))
            self._left = (self._left[0] - part, self._left[1])
            length -= part
        return taken


def _write(html: str, labels: Labels, names: Sequence[str]) -> tuple[str, list[Part]]:
    out: list[str] = []
    parts: list[Part] = []
    stretches = _LabelReader(labels)
    for place, piece in enumerate(split(html)):
        taken = stretches.labels(Keep(piece), 0)
        if place & 1 or not piece.strip():
            out.append(piece)
            continue
        for text, version in _join(piece, taken):
            name = names[version]
            parts.append(Part(name, text))
            out.append(f'<span class="diff_version" {VERSION}="{escape(name)}">{text}</span>')
    return "".join(out), parts


def _join(text: str, labels: Labels) -> Iterator[tuple[str, int]]:
    """Yield stretches of *text* with their versions, neighbours of one version as one."""
    start = end = 0
    version = labels[0][1]
    for length, other in labels:
        if other != version:
            yield text[start:end], version
            start, version = end, other
        end += length
    yield text[start:end], version

"""Two Genshi streams in, one out that shows what changed: the core of htmldiff, and not a word of HTML.

Genshi's events are tuples that can be hashed and compared; that is all the core asks for. Run it with two files to see
their difference: ``python streamdiff.py old.html new.html``.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from genshi.core import END, START, TEXT, Attrs, QName, Stream
from genshi.input import HTML

from mergepoint.htmldiff import diff

Event = tuple[Any, Any]
WORDS = re.compile(r"\s*\S+|\s+")
NOWHERE = (None, -1, -1)


def diff_streams(old: Iterable[Any], new: Iterable[Any], *, diff: Callable[..., Iterable[Any]] = diff) -> Stream:
    """Return the stream *new* with what *old* had and has no more in ``del``, what is only in *new* in ``ins``.

    *diff* takes two sequences and gives opcodes like difflib's.
    """
    before, after = list(events(old)), list(events(new))
    marked = (
        event
        for tag, i, i_end, j, j_end in diff(before, after)
        for event in (after[j:j_end] if tag == "equal" else _changed(before[i:i_end], after[j:j_end]))
    )
    return Stream([(kind, data, NOWHERE) for kind, data in marked])


def events(stream: Iterable[Any]) -> Iterator[Event]:
    """Yield the events of *stream* without their places, each word by itself."""
    for kind, data, _ in stream:
        if kind is TEXT:
            yield from ((TEXT, word) for word in WORDS.findall(data))
        else:
            yield kind, data


def _changed(old: Sequence[Event], new: Sequence[Event]) -> Iterator[Event]:
    """Of old tags only what took their place is shown, so the result nests as *new* does."""
    yield from _marked("del", [event for event in old if event[0] is TEXT])
    started = (data for kind, data in old if kind is START)
    added: list[Event] = []
    for kind, data in new:
        if kind is TEXT:
            added.append((kind, data))
            continue
        yield from _marked("ins", added)
        added = []
        yield (kind, _classed(data, "replaced" if next(started, None) else "added")) if kind is START else (kind, data)
    yield from _marked("ins", added)


def _marked(mark: str, words: Sequence[Event]) -> Iterator[Event]:
    text = "".join(word for _, word in words)
    inner = text.lstrip()
    if text != inner:
        yield TEXT, text[: len(text) - len(inner)]
    if inner:
        yield START, (QName(mark), Attrs())
        yield TEXT, inner
        yield END, QName(mark)


def _classed(data: Any, word: str) -> Any:
    name, attributes = data
    classes = " ".join(filter(None, (attributes.get("class"), f"tagdiff_{word}")))
    return name, attributes | [(QName("class"), classes)]


def main(old: str, new: str) -> None:
    print(diff_streams(*(HTML(Path(name).read_text()) for name in (old, new))).render("html", encoding=None))


if __name__ == "__main__":
    main(*sys.argv[1:])

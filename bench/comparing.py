"""Measures htmldiff: its core beside its peers on the same documents, and the growth of its time."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

import documents
from differs import MOST, Milliseconds, differs, milliseconds
from report import Row

from mergepoint.htmldiff import compare, diff, render_html_diff
from mergepoint.htmldiff.matching.tokenizer import Tokenizer

ROUNDS = 5
GROWTH = (1_500, 150_000)  # words: 10 KB and 1 MB
EXACT = 2_000  # words for which a minimal script can be computed

Pairs = Sequence[tuple[str, str]]


def rows(folder: Path) -> list[Row]:
    large = documents.document(10_000)
    edited = [(large, documents.edited(large, 0.03))]
    few = [(large, documents.edited(large, 0.001))]
    found: list[Row] = []
    for name, peer in differs(folder):
        if isinstance(peer, str):
            found.append(Row(f"htmldiff, {name}", "skipped", source=peer))
            continue
        targets = (5, 15) if name == "lxml" else (None, None)
        found.append(_ratio(f"{name} ÷ htmldiff, 10,000 words, 3 % edited", name, peer, edited, targets[0]))
        found.append(_ratio(f"{name} ÷ htmldiff, 10,000 words, ten edits", name, peer, few, targets[1]))
        found += _real(folder / f"real of {name}", name, peer)
    return [*found, _small(), _different(), *_hostile(), _growth(), _length()]


def _ratio(what: str, name: str, peer: Milliseconds, pairs: Pairs, at_least: float | None = None) -> Row:
    """Measure both in turns, on the same documents."""
    pairs = [pair for pair in pairs if len(pair[1]) < MOST[name]]
    ratios, ours, theirs = [], [], []
    for _ in range(ROUNDS if at_least else 2):
        ours.append(sum(milliseconds(lambda pair=pair: render_html_diff(*pair)) for pair in pairs))
        theirs.append(sum(peer(*pair) for pair in pairs))
        ratios.append(theirs[-1] / ours[-1])
    ratio = statistics.median(ratios)
    source = (
        f"{statistics.median(theirs):.3g} ms ÷ {statistics.median(ours):.3g} ms; {min(ratios):.1f} to {max(ratios):.1f}"
    )
    if at_least is None:
        return Row(what, f"{ratio:.1f}", source=source)
    return Row(what, f"{ratio:.1f}", f"≥ {at_least}", ratio >= at_least, source)


def _real(folder: Path, name: str, peer: Milliseconds) -> list[Row]:
    what = f"{name} ÷ htmldiff, pages of two versions of {documents.PACKAGE}"
    folder.mkdir()
    try:
        pairs = list(documents.real_pairs(folder))
    except documents.Absent as reason:
        return [Row(what, "skipped", source=str(reason))]
    return [_ratio(f"{what} ({len(pairs)})", name, peer, pairs)]


def _small() -> Row:
    old = documents.document(200, paragraph=40)[:1000]
    new = documents.edited(old, 0.03)
    return _limit("htmldiff, 1 KB", milliseconds(lambda: render_html_diff(old, new), 50), 1)


def _different() -> Row:
    old, new = documents.document(6_000), documents.document(6_000, seed=9)
    return _limit("htmldiff, 40 KB all different", milliseconds(lambda: render_html_diff(old, new), ROUNDS), 500)


def _hostile() -> list[Row]:
    texts = {
        "20,000 words of a vocabulary of two": ("foo bar " * 10_000, "bar foo foo " * 6_666, 2000),
        "1 MB of <": ("<" * 1_000_000, "<" * 1_000_000 + "x", 5000),
        "1 MB of &": ("&" * 1_000_000, "&" * 1_000_000 + "x", 5000),
    }
    return [
        _limit(f"htmldiff, {name}", milliseconds(lambda pair=(old, new): render_html_diff(*pair), 3), most)
        for name, (old, new, most) in texts.items()
    ]


def _limit(what: str, taken: float, at_most: float) -> Row:
    return Row(what, f"{taken:.3g} ms", f"≤ {at_most} ms", taken <= at_most, "shortest of some")


def _growth() -> Row:
    measured = []
    for words in GROWTH:
        old = documents.document(words)
        new = documents.edited(old, 0.03)
        measured.append((len(old), milliseconds(lambda pair=(old, new): render_html_diff(*pair), ROUNDS)))
    (small, quick), (large, slow) = measured
    power = math.log(slow / quick) / math.log(large / small)
    source = f"{quick:.3g} ms for {small / 1000:.0f} KB, {slow:.0f} ms for {large / 1e6:.1f} MB, 3 % edited"
    return Row("htmldiff, time grows with n to the", f"{power:.2f}", "≤ 1.15", power <= 1.15, source)


def _length() -> Row:
    """Compare the length of a large pair's script, which is found in parts, with the minimal length."""
    old = documents.document(150_000)
    new = documents.edited(old, 0.03)
    ours, theirs = (Tokenizer().tokenize(html) for html in (old, new))
    script = diff(ours, theirs)
    kept = sum(step.old_end - step.old_start for step in script if step.tag == "equal")
    most = _longest(ours, theirs)
    longer = (len(ours) + len(theirs) - 2 * kept) / (len(ours) + len(theirs) - 2 * most) - 1
    source = f"{len(ours):,} words a side; {len(compare(old, new).changes):,} changes"
    return Row("htmldiff, a script longer than the minimal by", f"{longer:.2%}", "≤ 5 %", longer <= 0.05, source)


def _longest(old: Sequence[str], new: Sequence[str]) -> int:
    """Return the length of the longest common subsequence of words (Hyyrö's bit-parallel algorithm)."""
    everywhere = (1 << len(old)) - 1
    places: dict[str, int] = {}
    for place, word in enumerate(old):
        places[word] = places.get(word, 0) | 1 << place
    row = everywhere
    for word in new:
        matches = row & places.get(word, 0)
        row = (row + matches | row - matches) & everywhere
    return len(old) - row.bit_count()

"""The calls: each compares the documents in its options and returns an Answer. They know no limits and no sandbox."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.problems import Problem

from . import annotation, core
from .diff_options import DiffOptions
from .options import AnnotateOptions, ApplyOptions, HtmldiffOptions, PairOptions

HTML = "text/html; charset=utf-8"
COMPARING = ("granularity", "ignore", "moved", "sanitize", "base_url")
SHOWING = ("view", "markup", "wrapper_element", "wrapper_class", "page", "placeholders", "title")


def htmldiff(options: HtmldiffOptions) -> Answer:
    """Show what changed between two documents."""
    diff_options = diff_options_of(options, *COMPARING, *SHOWING)
    return answer_of(core.compare_documents(*core.read_both(*read_pair(options), diff_options), diff_options), options)


def apply(options: ApplyOptions) -> Answer:
    """Make only some of the changes."""
    chosen = {name: getattr(options, name) for name in ("accept", "reject", *COMPARING)}
    return Answer(core.apply(*read_pair(options), **chosen).encode(), HTML)


def annotate(options: AnnotateOptions) -> Answer:
    """Say which version each part of a document came from."""
    diff_options = diff_options_of(options, "granularity", "sanitize", "base_url")
    documents = annotation.read_all([version.html for version in options.versions], diff_options)
    return answer_of(annotation.annotate_documents(documents, labels_of(options), diff_options), options)


def answer_of(
    outcome: core.Comparison | annotation.Annotated,
    options: HtmldiffOptions | AnnotateOptions,
    because: str | None = None,
) -> Answer:
    """Return *outcome* in the format in *options*. *because* is the reason if it is coarser than requested, else None.

    Raises the Problem ``too_complex`` if it is coarser and *options* are strict.
    """
    degraded = because or outcome.degraded
    if degraded and options.strict:
        raise Problem(
            "too_complex",
            f"only whole {outcome.granularity}s can be compared here; leave out strict, or simplify the documents",
        )
    meta = {"Mergepoint-Degraded": degraded} if degraded else {}
    if options.format != "json":
        return Answer(outcome.html.encode(), HTML, meta)
    body: dict[str, Any] = {"html": outcome.html}
    if isinstance(outcome, core.Comparison):
        body |= {"changes": [asdict(change) for change in outcome.changes], "counts": outcome.counts}
    else:
        body["parts"] = [asdict(part) for part in outcome.parts]
    return Answer.json({**body, "granularity": outcome.granularity, "degraded": degraded}, **meta)


def read_pair(options: PairOptions) -> tuple[str, str]:
    """Return the two documents; refuse a URL, since sources.py has already replaced those that it may fetch."""
    for field in ("old_url", "new_url"):
        if getattr(options, field):
            raise Problem.field(field, "this source is not allowed", code="source_refused")
    return options.old, options.new


def diff_options_of(options: object, *names: str) -> DiffOptions:
    """Return the options of these *names* as DiffOptions."""
    return DiffOptions(**{name: getattr(options, name) for name in names})


def labels_of(options: AnnotateOptions) -> Sequence[str]:
    """Return the names of the versions, oldest first."""
    return [version.label for version in options.versions]

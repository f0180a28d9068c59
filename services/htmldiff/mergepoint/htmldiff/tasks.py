"""The calls of this service by name, for every face: TASKS do the work, ``bounded`` does it in the sandbox.

Past its deadline or its memory a comparison is made again, coarser: by blocks, then as one document deleted and another
added.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from mergepoint.kit.bounded import call
from mergepoint.kit.dispatch import Answer, Task
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded, Sandbox

from . import core, versions
from .options import AnnotateAttempt, AnnotateOptions, ApplyOptions, HtmldiffAttempt, HtmldiffOptions
from .words import COARSE, GRANULARITIES

# A page of 60 KB takes 10 ms, and of 1 MB 300: ten times less than this.
DEADLINE, DEADLINE_PER_BYTE, LONGEST_DEADLINE = 0.2, 10e-6, 5.0
# When each of them must be done, in parts of the deadline; those that are finer, when the first part is over.
FIRST_PART = 0.6
PARTS = {"block": 0.85, "document": 1.0}
LEAST_PART = 0.1  # if others took longer, and waited for a processor
# What a coarser answer may avoid, and what it then says of itself.
AVOIDABLE = {"memory_exceeded": "memory", "crashed": "crashed", "output_too_large": "size"}
HTML = "text/html; charset=utf-8"
COMPARING = ("granularity", "ignore", "moved", "sanitize", "base_url")
SHOWING = ("view", "markup", "wrapper_element", "wrapper_class", "page", "title")

Attempt = TypeVar("Attempt", HtmldiffAttempt, AnnotateAttempt)


def htmldiff(options: HtmldiffOptions, because: str | None = None) -> Answer:
    """Show what changed between two documents."""
    found = core.compare(options.old, options.new, **_chosen(options, *COMPARING, *SHOWING))
    degraded = because or found.degraded
    if degraded and options.strict:
        raise Problem("too_complex", f"only {found.granularity}s can be compared here")
    meta = {"Mergepoint-Degraded": degraded} if degraded else {}
    if options.format != "json":
        return Answer(found.html.encode(), HTML, meta)
    return Answer.json(
        {
            "html": found.html,
            "changes": [asdict(change) for change in found.changes],
            "counts": found.counts,
            "granularity": found.granularity,
            "degraded": degraded,
        },
        **meta,
    )


def apply(options: ApplyOptions) -> Answer:
    """Make just some of the changes."""
    made = core.apply(
        options.old, options.new, accept=options.accept, reject=options.reject, **_chosen(options, *COMPARING)
    )
    return Answer(made.encode(), HTML)


def annotate(options: AnnotateOptions, because: str | None = None) -> Answer:
    """Say which version each part of a document came from."""
    given = [version.model_dump() for version in options.versions]
    found = versions.annotate(given, **_chosen(options, "granularity", "sanitize", "base_url"))
    meta = {"Mergepoint-Degraded": because} if because else {}
    if options.format != "json":
        return Answer(found.html.encode(), HTML, meta)
    return Answer.json(
        {
            "html": found.html,
            "parts": [asdict(part) for part in found.parts],
            "granularity": options.granularity,
            "degraded": because,
        },
        **meta,
    )


def _chosen(options: object, *names: str) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names}


TASKS: Mapping[str, Task] = {"htmldiff": htmldiff, "apply": apply, "annotate": annotate}


def attempt_htmldiff(options: HtmldiffAttempt) -> Answer:
    return htmldiff(options, options.because)


def attempt_annotate(options: AnnotateAttempt) -> Answer:
    return annotate(options, options.because)


# What the sandbox runs.
SANDBOXED: Mapping[str, Task] = {"htmldiff": attempt_htmldiff, "apply": apply, "annotate": attempt_annotate}


def deadline(*documents: str) -> float:
    """Return how many seconds there are for *documents*, from their size."""
    size = sum(len(html.encode()) for html in documents)
    return min(DEADLINE + size * DEADLINE_PER_BYTE, LONGEST_DEADLINE)


def bounded(sandbox: Sandbox, clock: Callable[[], float] = time.monotonic) -> Mapping[str, Task]:
    """Return TASKS whose work is done by *sandbox*, each call within its deadline."""

    def bounded_htmldiff(options: HtmldiffOptions) -> Answer:
        return finest("htmldiff", options, HtmldiffAttempt, deadline(options.old, options.new))

    def bounded_annotate(options: AnnotateOptions) -> Answer:
        return finest("annotate", options, AnnotateAttempt, deadline(*(version.html for version in options.versions)))

    def bounded_apply(options: ApplyOptions) -> Answer:
        seconds = deadline(options.old, options.new)
        try:  # never coarser than asked for: numbers would mean other changes
            return call(sandbox, "htmldiff", "apply", options, deadline=seconds)
        except DeadlineExceeded:
            raise _too_slow(seconds) from None

    def finest(task: str, options: HtmldiffOptions | AnnotateOptions, kind: type[Attempt], seconds: float) -> Answer:
        began, because = clock(), None
        failure = Problem("too_complex", f"cannot be parsed and sanitised in {seconds:.2f} s")
        for granularity, part in _attempts(options.granularity):
            left = max(began + part * seconds - clock(), LEAST_PART * seconds)
            values = {**dict(options), "granularity": granularity, "because": because}
            attempt = kind.model_construct(options.model_fields_set | {"granularity", "because"}, **values)
            try:
                return call(sandbox, "htmldiff", task, attempt, deadline=left)
            except DeadlineExceeded:
                because = "deadline"
                if options.strict:
                    raise _too_slow(seconds) from None
            except Problem as problem:
                if problem.code not in AVOIDABLE or options.strict:
                    raise
                because = AVOIDABLE[problem.code]
                failure = problem if because == "size" else failure
        raise failure

    return {"htmldiff": bounded_htmldiff, "apply": bounded_apply, "annotate": bounded_annotate}


def _attempts(granularity: str) -> Iterator[tuple[str, float]]:
    """Yield *granularity* and those that are coarse, and in which part of the deadline each has to be done."""
    yield granularity, PARTS.get(granularity, FIRST_PART)
    for coarse in COARSE:
        if GRANULARITIES.index(coarse) > GRANULARITIES.index(granularity):
            yield coarse, PARTS[coarse]


def _too_slow(seconds: float) -> Problem:
    return Problem("deadline_exceeded", f"took longer than {seconds:.2f} s")

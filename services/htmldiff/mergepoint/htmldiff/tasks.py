"""The calls of this service by name, for every face: TASKS do the work, ``bounded`` has the sandbox do it.

In the sandbox a comparison that takes too long or too much memory is made again, coarser: by blocks, then as one
document deleted and one added. The documents are read once for all attempts.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

from mergepoint.kit.dispatch import Answer, Task
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded, Sandbox
from mergepoint.kit.sandbox.time_limit import TimeLimit, longest
from mergepoint.kit.sandbox.timer import TimeLimitExceeded, time_limit
from mergepoint.kit.sandboxed import run_in_sandbox

from . import annotation, core
from .diff_options import DiffOptions
from .matching.documents import coarser_granularities, feasible_granularity
from .options import AnnotateAttempt, AnnotateOptions, ApplyOptions, HtmldiffAttempt, HtmldiffOptions, PairOptions
from .reading.canonical import Document

# Seconds: the least, for each byte of both documents, and the most. A page of 60 KB takes 10 ms, one of 1 MB 300 ms.
DEADLINE, DEADLINE_PER_BYTE, LONGEST_DEADLINE = 0.2, 10e-6, 5.0
# The part of the deadline by which an attempt must be done, reading included: of processor time, and of the time that
# may pass (kit/time_limit.py). Granularities finer than blocks have the first.
FIRST_PART = 0.4
PARTS = {"block": 0.55}
# At this part of the deadline the sandbox ends the call and starts one for the last attempt alone: an attempt cannot be
# interrupted within a library's call.
LAST_PART = 0.85
SPARE = 0.05  # seconds for the work around the calls
LEAST_PART = 0.1  # of the deadline, for the last attempt, even if the others left less
# Problems that the last attempt may avoid too, and the reason for degrading that it then reports.
AVOIDABLE = {"memory_exceeded": "memory", "crashed": "crashed", "output_too_large": "size"}
HTML = "text/html; charset=utf-8"
COMPARING = ("granularity", "ignore", "moved", "sanitize", "base_url")
SHOWING = ("view", "markup", "wrapper_element", "wrapper_class", "page", "placeholders", "title")

Outcome = TypeVar("Outcome", core.Comparison, annotation.Annotated)


def htmldiff(options: HtmldiffOptions) -> Answer:
    """Show what changed between two documents."""
    diff_options = _diff_options(options, *COMPARING, *SHOWING)
    return _answer(core.compare_documents(*core.read_both(*_both(options), diff_options), diff_options), options)


def apply(options: ApplyOptions) -> Answer:
    """Make just some of the changes."""
    chosen = {name: getattr(options, name) for name in ("accept", "reject", *COMPARING)}
    return Answer(core.apply(*_both(options), **chosen).encode(), HTML)


def annotate(options: AnnotateOptions) -> Answer:
    """Say which version each part of a document came from."""
    diff_options = _diff_options(options, "granularity", "sanitize", "base_url")
    documents = annotation.read_all([version.html for version in options.versions], diff_options)
    return _answer(annotation.annotate_documents(documents, _labels(options), diff_options), options)


TASKS: Mapping[str, Task] = {"htmldiff": htmldiff, "apply": apply, "annotate": annotate}


def attempt_htmldiff(options: HtmldiffAttempt) -> Answer:
    """Do what htmldiff does within ``options.seconds``, coarser if it must be."""
    began = _now()
    diff_options = _diff_options(options, *COMPARING, *SHOWING)
    both = core.read_both(*_both(options), diff_options)
    return _finest_answer(
        lambda diff_options: core.compare_documents(*both, diff_options), diff_options, both, options, began
    )


def attempt_annotate(options: AnnotateAttempt) -> Answer:
    """Do what annotate does within ``options.seconds``, coarser if it must be."""
    began = _now()
    diff_options = _diff_options(options, "granularity", "sanitize", "base_url")
    documents = annotation.read_all([version.html for version in options.versions], diff_options)
    names = _labels(options)
    return _finest_answer(
        lambda diff_options: annotation.annotate_documents(documents, names, diff_options),
        diff_options,
        documents,
        options,
        began,
    )


# The tasks that the sandbox runs.
SANDBOXED: Mapping[str, Task] = {"htmldiff": attempt_htmldiff, "apply": apply, "annotate": attempt_annotate}


def deadline(*documents: str) -> float:
    """Return the seconds that a call with *documents* may take, from their size in bytes."""
    size = sum(len(html.encode()) for html in documents)
    return min(DEADLINE + size * DEADLINE_PER_BYTE, LONGEST_DEADLINE)


def bounded(sandbox: Sandbox, clock: Callable[[], float] = time.monotonic) -> Mapping[str, Task]:
    """Return TASKS whose work is done by *sandbox*, each call within its deadline."""

    def bounded_htmldiff(options: HtmldiffOptions) -> Answer:
        return in_time("htmldiff", options, HtmldiffAttempt, deadline(options.old, options.new))

    def bounded_annotate(options: AnnotateOptions) -> Answer:
        return in_time("annotate", options, AnnotateAttempt, deadline(*(version.html for version in options.versions)))

    def bounded_apply(options: ApplyOptions) -> Answer:
        seconds = deadline(options.old, options.new)
        try:  # never made coarser: the numbers would be those of other changes
            return run_in_sandbox(sandbox, "htmldiff", "apply", options, deadline=seconds)
        except DeadlineExceeded:
            raise _deadline_problem(seconds) from None

    def in_time(
        task: str,
        options: HtmldiffOptions | AnnotateOptions,
        kind: type[HtmldiffAttempt | AnnotateAttempt],
        seconds: float,
    ) -> Answer:
        limit = TimeLimit(seconds - SPARE, clock=clock)
        try:
            attempt = _attempt(options, kind, seconds)
            return run_in_sandbox(sandbox, "htmldiff", task, attempt, deadline=limit.part(LAST_PART * seconds))
        except DeadlineExceeded:
            because = "deadline"
            if options.strict:
                raise _deadline_problem(seconds) from None
        except Problem as problem:
            if problem.code not in AVOIDABLE or options.strict:
                raise
            because = AVOIDABLE[problem.code]
        last = _attempt(options, kind, seconds, granularity="document", because=because)
        try:
            return run_in_sandbox(sandbox, "htmldiff", task, last, deadline=limit.or_at_least(LEAST_PART * seconds))
        except DeadlineExceeded:
            raise Problem(
                "too_complex", f"the documents cannot be parsed and sanitised in {seconds:.2f} s; send smaller ones"
            ) from None
        except Problem as problem:
            if problem.code not in ("memory_exceeded", "crashed"):
                raise
            raise Problem(
                "too_complex",
                "the documents cannot be parsed and sanitised in the memory of one call; send smaller ones",
            ) from problem

    return {"htmldiff": bounded_htmldiff, "apply": bounded_apply, "annotate": bounded_annotate}


def _finest_answer(
    work: Callable[[DiffOptions], Outcome],
    diff_options: DiffOptions,
    documents: Sequence[Document],
    options: HtmldiffAttempt | AnnotateAttempt,
    began: tuple[float, float],
) -> Answer:
    """Return the answer of *work* at the finest granularity that is done in time.

    *began* are the processor time and the time, in seconds, at which the call began. With ``strict`` a coarser
    granularity is an error instead.
    """
    because = options.because
    attempts = [
        diff_options.granularity,
        *coarser_granularities(feasible_granularity(diff_options.granularity, *documents)),
    ]
    for granularity in attempts[:-1]:
        try:
            part = PARTS.get(granularity, FIRST_PART)
            ends = part * options.seconds, part * longest(options.seconds)
            with time_limit(*(end - (now - then) for end, now, then in zip(ends, _now(), began, strict=True))):
                return _answer(work(replace(diff_options, granularity=granularity)), options, because)
        except TimeLimitExceeded:
            because = "deadline"
            if options.strict:
                raise _deadline_problem(options.seconds) from None
        except MemoryError:
            because = "memory"
            if options.strict:
                raise
    return _answer(work(replace(diff_options, granularity=attempts[-1])), options, because)


def _answer(
    outcome: core.Comparison | annotation.Annotated,
    options: HtmldiffOptions | AnnotateOptions,
    because: str | None = None,
) -> Answer:
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


def _both(options: PairOptions) -> tuple[str, str]:
    """Return the two documents; a URL that is left here was not fetched (sources.py), so it is refused."""
    for field in ("old_url", "new_url"):
        if getattr(options, field):
            raise Problem.field(field, "this source is not allowed", code="source_refused")
    return options.old, options.new


def _diff_options(options: object, *names: str) -> DiffOptions:
    return DiffOptions(**{name: getattr(options, name) for name in names})


def _labels(options: AnnotateOptions) -> Sequence[str]:
    return [version.label for version in options.versions]


def _attempt(
    options: HtmldiffOptions | AnnotateOptions,
    kind: type[HtmldiffAttempt | AnnotateAttempt],
    seconds: float,
    **more: str,
) -> HtmldiffAttempt | AnnotateAttempt:
    given = {**more, "seconds": seconds}
    return kind.model_construct({*options.model_fields_set, *given}, **{**dict(options), **given})


def _now() -> tuple[float, float]:
    return time.process_time(), time.monotonic()


def _deadline_problem(seconds: float) -> Problem:
    return Problem(
        "deadline_exceeded", f"the comparison took longer than {seconds:.2f} s; ask for a coarser granularity"
    )

"""The comparison in a child of the sandbox. It keeps a time limit itself: if a granularity takes too long, it tries a
coarser one. The documents are read once for all attempts.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox.time_limit import longest
from mergepoint.kit.sandbox.timer import TimeLimitExceeded, time_limit

from . import annotation, core
from .diff_options import DiffOptions
from .matching.documents import coarser_granularities, feasible_granularity
from .options import AnnotateAttempt, HtmldiffAttempt
from .reading.canonical import Document
from .tasks import COMPARING, SHOWING, answer_of, diff_options_of, labels_of, read_pair

# The part of the deadline within which an attempt must end, reading included. It applies to processor time and to
# elapsed time (kit/sandbox/time_limit.py). FIRST_PART is for granularities finer than blocks.
FIRST_PART = 0.4
PARTS = {"block": 0.55}

Outcome = TypeVar("Outcome", core.Comparison, annotation.Annotated)


def htmldiff(options: HtmldiffAttempt) -> Answer:
    """Compare two documents within ``options.seconds``, with a coarser granularity if necessary."""
    began = _now()
    diff_options = diff_options_of(options, *COMPARING, *SHOWING)
    both = core.read_both(*read_pair(options), diff_options)
    return _finest_answer(
        lambda diff_options: core.compare_documents(*both, diff_options), diff_options, both, options, began
    )


def annotate(options: AnnotateAttempt) -> Answer:
    """Annotate the versions of a document within ``options.seconds``, with a coarser granularity if necessary."""
    began = _now()
    diff_options = diff_options_of(options, "granularity", "sanitize", "base_url")
    documents = annotation.read_all([version.html for version in options.versions], diff_options)
    names = labels_of(options)
    return _finest_answer(
        lambda diff_options: annotation.annotate_documents(documents, names, diff_options),
        diff_options,
        documents,
        options,
        began,
    )


def _finest_answer(
    work: Callable[[DiffOptions], Outcome],
    diff_options: DiffOptions,
    documents: Sequence[Document],
    options: HtmldiffAttempt | AnnotateAttempt,
    began: tuple[float, float],
) -> Answer:
    """Return the answer of *work* at the finest granularity that finishes in time.

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
                return answer_of(work(replace(diff_options, granularity=granularity)), options, because)
        except TimeLimitExceeded:
            because = "deadline"
            if options.strict:
                raise deadline_problem(options.seconds) from None
        except MemoryError:
            because = "memory"
            if options.strict:
                raise
    return answer_of(work(replace(diff_options, granularity=attempts[-1])), options, because)


def _now() -> tuple[float, float]:
    return time.process_time(), time.monotonic()


def deadline_problem(seconds: float) -> Problem:
    """Return the refusal of a comparison that took longer than *seconds*."""
    return Problem(
        "deadline_exceeded", f"the comparison took longer than {seconds:.2f} s; ask for a coarser granularity"
    )

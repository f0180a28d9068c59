"""Runs each call of a server in the sandbox, within a deadline, since the documents are untrusted.

A comparison that takes too much time or memory is repeated with a coarser granularity: by blocks, then as one document
deleted and one added. The child does that itself (attempts.py); if it cannot, the last attempt is another call.
"""

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded
from mergepoint.kit.sandboxed import TaskSandbox

from .attempts import deadline_problem
from .options import AnnotateAttempt, AnnotateOptions, ApplyOptions, HtmldiffAttempt, HtmldiffOptions

# Seconds: the least, the addition for each byte of both documents, and the most. A page of 60 KB takes 10 ms, one of
# 1 MB 300 ms.
DEADLINE, DEADLINE_PER_BYTE, LONGEST_DEADLINE = 0.2, 10e-6, 5.0
# At this part of the deadline the sandbox ends the call and starts one for the last attempt alone: an attempt cannot be
# interrupted within a library's call.
LAST_PART = 0.85
SPARE = 0.05  # seconds for the work around the calls
LEAST_PART = 0.1  # of the deadline, for the last attempt, even if the others left less
# Problems that the last attempt may avoid too, and the reason for degrading that it then reports.
AVOIDABLE = {"memory_exceeded": "memory", "crashed": "crashed", "output_too_large": "size"}


def deadline(*documents: str) -> float:
    """Return the seconds that a call with *documents* may take, from their size in bytes."""
    size = sum(len(html.encode()) for html in documents)
    return min(DEADLINE + size * DEADLINE_PER_BYTE, LONGEST_DEADLINE)


def htmldiff(sandbox: TaskSandbox, options: HtmldiffOptions) -> Answer:
    """Compare two documents."""
    return _finest_in_time(sandbox, "htmldiff", options, HtmldiffAttempt, deadline(options.old, options.new))


def annotate(sandbox: TaskSandbox, options: AnnotateOptions) -> Answer:
    """Compare the versions of a document."""
    seconds = deadline(*(version.html for version in options.versions))
    return _finest_in_time(sandbox, "annotate", options, AnnotateAttempt, seconds)


def apply(sandbox: TaskSandbox, options: ApplyOptions) -> Answer:
    """Make some of the changes. This call is never degraded: with a coarser granularity, numbers mean other changes."""
    seconds = deadline(options.old, options.new)
    try:
        return sandbox.run("apply", options, deadline=seconds)
    except DeadlineExceeded:
        raise deadline_problem(seconds) from None


def _finest_in_time(
    sandbox: TaskSandbox,
    task: str,
    options: HtmldiffOptions | AnnotateOptions,
    kind: type[HtmldiffAttempt | AnnotateAttempt],
    seconds: float,
) -> Answer:
    limit = sandbox.limit(seconds - SPARE)
    try:
        attempt = _attempt(options, kind, seconds)
        return sandbox.run(task, attempt, deadline=limit.part(LAST_PART * seconds))
    except DeadlineExceeded:
        because = "deadline"
        if options.strict:
            raise deadline_problem(seconds) from None
    except Problem as problem:
        if problem.code not in AVOIDABLE or options.strict:
            raise
        because = AVOIDABLE[problem.code]
    last = _attempt(options, kind, seconds, granularity="document", because=because)
    try:
        return sandbox.run(task, last, deadline=limit.or_at_least(LEAST_PART * seconds))
    except DeadlineExceeded:
        raise _too_complex(f"in {seconds:.2f} s") from None
    except Problem as problem:
        if problem.code not in ("memory_exceeded", "crashed"):
            raise
        raise _too_complex("in the memory of one call") from problem


def _attempt(
    options: HtmldiffOptions | AnnotateOptions,
    kind: type[HtmldiffAttempt | AnnotateAttempt],
    seconds: float,
    **more: str,
) -> HtmldiffAttempt | AnnotateAttempt:
    given = {**more, "seconds": seconds}
    return kind.model_construct({*options.model_fields_set, *given}, **{**dict(options), **given})


def _too_complex(within: str) -> Problem:
    return Problem("too_complex", f"the documents cannot be parsed and sanitised {within}; send smaller ones")

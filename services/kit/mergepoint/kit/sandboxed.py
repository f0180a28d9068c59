"""Calls tasks in the sandbox: every way to fail becomes a Problem, is logged and counted, except the deadline.

What to do past a deadline (a plainer answer, or none) is for the service to say.
"""

import structlog
from prometheus_client import Counter

from .dispatch import Answer, decode_answer, encode_call
from .options import Options
from .problems import Problem
from .sandbox.pool import Busy, Crashed, DeadlineExceeded, MemoryExceeded, Sandbox, SandboxError
from .sandbox.time_limit import TimeLimit

log = structlog.get_logger()
CALLS = Counter("mergepoint_sandbox", "Calls in the sandbox", ["service", "task", "outcome"])
PROBLEMS: dict[type[SandboxError], tuple[str, str]] = {
    Busy: ("overloaded", "too much to do; try again in a second"),
    MemoryExceeded: ("memory_exceeded", "this takes more memory than one call may have"),
    Crashed: ("crashed", "the parser does not survive this input"),
}


def run_in_sandbox(
    sandbox: Sandbox, service: str, task: str, options: Options, *, deadline: float | TimeLimit
) -> Answer:
    """Return the Answer of *task* from a child of *sandbox*; raise DeadlineExceeded past its *deadline*."""
    try:
        answer = sandbox.call(*encode_call(task, options), deadline=deadline)
    except SandboxError as error:
        outcome = type(error).__name__
        CALLS.labels(service, task, outcome).inc()
        log.warning("sandbox", service=service, task=task, outcome=outcome, detail=str(error))
        if isinstance(error, DeadlineExceeded):
            raise
        raise Problem(*PROBLEMS[type(error)]) from error
    CALLS.labels(service, task, "Done").inc()
    return decode_answer(answer)

"""Calls tasks in the sandbox: every way to fail becomes a Problem, is logged and counted, except the deadline.

What to do past a deadline (a plainer answer, or none) is for the service to say.
"""

import time
from collections.abc import Callable

import structlog
from prometheus_client import Counter

from .dispatch import Answer, decode_answer, encode_call
from .options import Options
from .problems import Problem
from .sandbox import Busy, Crashed, DeadlineExceeded, MemoryExceeded, Sandbox, SandboxError
from .sandbox.time_limit import TimeLimit

log = structlog.get_logger()
CALLS = Counter("mergepoint_sandbox", "Calls in the sandbox", ["service", "task", "outcome"])
PROBLEMS: dict[type[SandboxError], tuple[str, str]] = {
    Busy: ("overloaded", "too much to do; try again in a second"),
    MemoryExceeded: ("memory_exceeded", "this takes more memory than one call may have"),
    Crashed: ("crashed", "the parser does not survive this input"),
}


class TaskSandbox:
    """A *sandbox* that takes options and returns Answers, for the tasks of the *service* of that name."""

    def __init__(self, service: str, sandbox: Sandbox, clock: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._sandbox = sandbox
        self._clock = clock

    @property
    def prepared(self) -> bool:
        """Whether a call has been answered: a first one may wait for the preparation."""
        return self._sandbox.prepared

    def limit(self, seconds: float) -> TimeLimit:
        """Return a limit of *seconds* that several calls can share."""
        return TimeLimit(seconds, clock=self._clock)

    def run(self, task: str, options: Options, *, deadline: float | TimeLimit) -> Answer:
        """Return the Answer of *task*; raise DeadlineExceeded past its *deadline*, in seconds, and else a Problem."""
        try:
            answer = self._sandbox.call(*encode_call(task, options), deadline=deadline)
        except SandboxError as error:
            outcome = type(error).__name__
            CALLS.labels(self._service, task, outcome).inc()
            log.warning("sandbox", service=self._service, task=task, outcome=outcome, detail=str(error))
            if isinstance(error, DeadlineExceeded):
                raise
            raise Problem(*PROBLEMS[type(error)]) from error
        CALLS.labels(self._service, task, "Done").inc()
        return decode_answer(answer)

"""One attempt of a job: its request through the door, and what its answer means for the job."""

import time
from collections.abc import Callable, Mapping

import structlog

from ..engine import Engine
from ..errors import LeaseLost, StoreUnavailable
from ..queue.job import DONE, FAILED, Job
from ..queue.outcomes import Answer as Stored
from ..queue.outcomes import Outcome
from ..storage.contents import Content
from . import backoff
from .door import Answer, Call, ConnectionFailed, DeadlinePassed, DoorClosed, Stopped, UnusableAnswer

log = structlog.get_logger()
FIRST_ERROR = 400  # RFC 9110, 15: answers from here on are errors
AGAIN = 0.5  # seconds until a database that is away is asked again
IDENTITY_REFUSED = "identity_refused"


class Attempt:
    """Runs *job* in a thread of its caller's; other threads may end it. *found_closed*: nginx was away."""

    found_closed = False

    def __init__(self, engine: Engine, job: Job, door: str, *, most: int) -> None:
        self.job, self.token = job, str(job.lease_token)
        self._engine = engine
        self._call = Call(door, job.deadline, most=most)
        self._lost = self._given_back = False
        self._content: Content | None = None  # of the answer, once it is on disk

    def run(self) -> None:
        """Perform the request and write down how it ended; raise nothing."""
        try:
            self._until_written(self._perform())
        except LeaseLost:
            log.info("lease lost", job=self.job.id)
        except Exception:
            log.exception("attempt failed", job=self.job.id)  # its lease ends, and another worker takes the job

    def lose(self) -> None:
        """End it: the lease is no longer ours, and nothing is to be written."""
        self._lost = True
        self._call.stop()

    def give_back(self) -> None:
        """End it, and give the job back to the queue."""
        self._given_back = True
        self._call.stop()

    def _perform(self) -> Callable[[], None]:
        """Return what writes down how the attempt ended."""
        job = self.job
        try:
            body = self._read()
            answer = self._call.perform(job.method, job.target, headers_of(job), body)
        except Stopped:
            return lambda: self._engine.release(job)
        except DoorClosed:  # no fault of the request's, and nobody was asked: the attempt does not count
            self.found_closed = True
            return lambda: self._engine.release(job)
        except UnusableAnswer as error:
            return self._end(Outcome(FAILED, error.code, str(error)))
        except (ConnectionFailed, DeadlinePassed) as error:
            return self._again(error.code, str(error))
        return self._judge(answer)

    def _judge(self, answer: Answer) -> Callable[[], None]:
        why = f"the service answered {answer.status}"
        if answer.status in backoff.RETRIED and self.job.may_try_again:
            return self._again(f"status_{answer.status}", why, answer.headers.get("Retry-After"))
        if answer.status < FIRST_ERROR:
            return lambda: self._finish(answer, DONE)
        code = IDENTITY_REFUSED if answer.refusal == IDENTITY_REFUSED else f"status_{answer.status}"
        return lambda: self._finish(answer, FAILED, code, why)

    def _finish(self, answer: Answer, state: str, code: str | None = None, detail: str | None = None) -> None:
        if self._content is None:
            self._content = self._engine.contents.prepare(answer.body, self.job.id)
        stored = Stored(answer.status, answer.headers, self._content)
        self._engine.finish(self.job, Outcome(state, code, detail, stored))

    def _end(self, outcome: Outcome) -> Callable[[], None]:
        return lambda: self._engine.finish(self.job, outcome)

    def _again(self, code: str, detail: str, retry_after: str | None = None) -> Callable[[], None]:
        if not self.job.may_try_again:
            return self._end(Outcome(FAILED, code, detail))
        delay = backoff.delay(self.job.attempts, retry_after, time.time())
        return lambda: self._engine.retry(self.job, delay, code, detail)

    def _read(self) -> bytes:
        """Return the body of the request. A database that is away comes back, as long as an attempt may take."""
        ends = time.monotonic() + self.job.deadline
        while True:
            try:
                return self._engine.read_request(self.job)
            except StoreUnavailable:
                if self._lost or self._given_back:
                    raise Stopped from None
                if time.monotonic() > ends:
                    raise
                time.sleep(AGAIN)

    def _until_written(self, write: Callable[[], None]) -> None:
        """A database that is away comes back; until then heartbeats tell whether the lease is still ours."""
        while not self._lost:
            try:
                write()
            except StoreUnavailable:
                if self._given_back:
                    return
                time.sleep(AGAIN)
            else:
                return


def headers_of(job: Job) -> Mapping[str, str]:
    """Return the headers that the door is sent: the caller's few, and ours."""
    ours = {
        "Host": job.host,
        "X-Forwarded-Proto": job.scheme,
        "X-Real-IP": job.address,
        "X-Request-Id": job.request_id,
        "Idempotency-Key": job.id,
        "Mergepoint-Job": job.id,
        "Mergepoint-Attempt": str(job.attempts),
        "Mergepoint-Grant": job.grant or "",
    }
    return {**job.headers, **{name: value for name, value in ours.items() if value}}

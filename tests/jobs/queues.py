"""What tests of the queue share: a clock, owners, requests, outcomes."""

from sqlalchemy import Connection

from mergepoint.jobs import Engine, JobRequest, Jobs, Owner
from mergepoint.jobs.core import new_id
from mergepoint.jobs.queue.callbacks import Callback
from mergepoint.jobs.queue.job import Job
from mergepoint.jobs.queue.outcomes import Answer, Outcome

ADA = Owner("1", "ada", "10.0.0.1")
LIN = Owner("2", "lin", "10.0.0.2")
NOBODY = Owner(None, "", "10.0.0.3")


class Clock:
    """The clock of a database, as tests set it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self, _connection: Connection) -> float:
        return self.now

    def pass_by(self, engine: Engine, seconds: float) -> None:
        """Let time pass, in which somebody looks each second."""
        for _ in range(int(seconds)):
            self.now += 1
            engine.look()


def request(**fields: object) -> JobRequest:
    return JobRequest(**{"service": "highlight", "method": "POST", "target": "/highlight", "body": b"x", **fields})  # type: ignore[arg-type]


def put(jobs: Jobs, owner: Owner = ADA, **fields: object) -> Job:
    return jobs.accept(new_id(), owner, request(**fields))[0]


def done(engine: Engine, job: Job, body: bytes = b"answer") -> None:
    content = engine.contents.prepare(body, job.id)
    engine.finish(job, Outcome("done", answer=Answer(200, {"Content-Type": "text/plain"}, content)))


def finish(jobs: Jobs, engine: Engine, url: str, owner: Owner = ADA) -> Job:
    """Return a job that is done, whose callback is due."""
    put(jobs, owner, callback=url)
    [job] = engine.claim(1)
    done(engine, job, b"a secret result")
    return jobs.show(job.id, owner)


def told(jobs: Jobs, job: Job) -> Callback:
    """Return what ada's finished job says of its callback."""
    return jobs.callbacks([jobs.show(job.id, ADA)])[job.id]

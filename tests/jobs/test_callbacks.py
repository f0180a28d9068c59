"""Callbacks on both databases, with a clock that tests set: what arrives at a real receiver, what is tried again."""

import ipaddress
import json
import pathlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from mergepoint.jobs import Engine, Jobs, Owner, Store
from mergepoint.jobs.core import new_id
from mergepoint.jobs.metrics import metrics_of
from mergepoint.jobs.performing import backoff
from mergepoint.jobs.performing.callbacks import AT_ONCE, Callbacks
from mergepoint.jobs.queue.callback_secrets import MOST_REPLACED, OVERLAP
from mergepoint.jobs.queue.callbacks import LEASE, OF_ONE_OWNER, TRIES, Callback, Tried
from mergepoint.jobs.queue.job import Job
from mergepoint.jobs.queue.leases import LEASE as LEASE_OF_A_JOB
from mergepoint.jobs.queue.outcomes import FORGET_AFTER, Answer, Outcome
from mergepoint.kit.fetch.post import Poster
from tests.jobs.queues import ADA, LIN, Clock, done, put
from tests.jobs.receiver import Handler, Receiver, new_receiver
from tests.servers import ROOT, wait_for

LONGEST_PAUSE = 1080.0  # seconds, before the last try


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from new_receiver()


@pytest.fixture
def callbacks(engine: Engine, receiver: Receiver) -> Callbacks:
    return Callbacks(engine, Poster(receiver.origin), deadline=5.0)


def finish(jobs: Jobs, engine: Engine, url: str, owner: Owner = ADA) -> Job:
    """Return a job that is done, whose callback is due."""
    put(jobs, owner, callback=url)
    [job] = engine.claim(1)
    done(engine, job, b"a secret result")
    return jobs.show(job.id, owner)


def send(callbacks: Callbacks) -> int:
    """Send what is due; return how many tries that were."""
    number = callbacks.send_due()
    wait_for(lambda: callbacks.is_idle)
    return number


def told(jobs: Jobs, job: Job) -> Callback:
    return jobs.callbacks([jobs.show(job.id, ADA)])[job.id]


def fail(jobs: Jobs, engine: Engine, _clock: Clock) -> None:
    [job] = engine.claim(1)
    content = engine.contents.prepare(b"{}", job.id)
    engine.finish(job, Outcome("failed", "identity_refused", "no", Answer(403, {}, content)))


def lose(_jobs: Jobs, engine: Engine, clock: Clock) -> None:
    for _ in range(2):
        engine.claim(1)
        clock.pass_by(engine, LEASE_OF_A_JOB + 2)
    engine.promote()
    engine.claim_alone(engine.suspects()[0])
    clock.pass_by(engine, LEASE_OF_A_JOB + 2)
    engine.promote()


def cancel(jobs: Jobs, _engine: Engine, _clock: Clock) -> None:
    jobs.cancel(jobs.list(ADA, {})[0].id, ADA)


def succeed(_jobs: Jobs, engine: Engine, _clock: Clock) -> None:
    [job] = engine.claim(1)
    done(engine, job, b"a secret result")


@pytest.mark.parametrize(
    ("end", "state", "code", "status"),
    [
        (succeed, "done", None, 200),
        (fail, "failed", "identity_refused", 403),
        (lose, "failed", "worker_lost", None),
        (cancel, "cancelled", "cancelled", None),
    ],
)
def test_every_end_of_a_job_is_told_by_a_message_that_the_library_verifies(
    jobs: Jobs,
    engine: Engine,
    clock: Clock,
    callbacks: Callbacks,
    receiver: Receiver,
    end: Callable[[Jobs, Engine, Clock], None],
    state: str,
    code: str | None,
    status: int | None,
) -> None:
    id = put(jobs, callback=receiver.url).id
    assert send(callbacks) == 0
    end(jobs, engine, clock)
    assert send(callbacks) == 1
    [message] = receiver.messages
    assert (message.path, message.headers["content-type"]) == ("/told?by=jobs", "application/json")
    found = message.verify(jobs.secrets(ADA).secret)
    assert found["type"] == f"job.{state}"
    assert found["timestamp"].startswith("1970-01-12T13:4")
    expected = {"id": id, "state": state, "service": "highlight", "code": code, "status": status}
    assert {name: found["data"].get(name) for name in expected} == expected
    assert found["data"]["links"] == {"job": f"/jobs/{id}", "result": f"/jobs/{id}/result"}
    assert b"secret" not in message.body
    shown = told(jobs, jobs.show(id, ADA))
    assert (shown.state, shown.tries, shown.status, shown.delivered) == ("delivered", 1, 204, clock.now)
    assert send(callbacks) == 0


def test_a_job_without_a_callback_tells_nobody(jobs: Jobs, engine: Engine) -> None:
    put(jobs)
    succeed(jobs, engine, Clock())
    assert not engine.has_callbacks()


def test_a_message_that_is_altered_is_not_verified(
    jobs: Jobs, engine: Engine, callbacks: Callbacks, receiver: Receiver
) -> None:
    finish(jobs, engine, receiver.url)
    send(callbacks)
    [message] = receiver.messages
    for body, headers, secret in (
        (message.body.replace(b"done", b"lost"), message.headers, jobs.secrets(ADA).secret),
        (message.body, {**message.headers, "webhook-id": "msg_x"}, jobs.secrets(ADA).secret),
        (message.body, message.headers, jobs.secrets(LIN).secret),
    ):
        with pytest.raises(WebhookVerificationError):
            type(message)("", headers, body).verify(secret)


def test_five_tries_have_one_id_and_pauses_that_grow(
    jobs: Jobs, engine: Engine, clock: Clock, callbacks: Callbacks, receiver: Receiver
) -> None:
    receiver.answer = lambda handler: handler.reply(500)
    job = finish(jobs, engine, receiver.url)
    pauses = []
    for _ in range(TRIES - 1):
        assert send(callbacks) == 1
        shown = told(jobs, job)
        assert (shown.state, shown.code, shown.status) == ("pending", "status_500", 500)
        pauses.append(shown.at - clock.now)
        clock.now = shown.at - 0.1
        assert send(callbacks) == 0
        clock.now = shown.at
    assert send(callbacks) == 1
    shown = told(jobs, job)
    assert (shown.state, shown.tries) == ("failed", TRIES)
    clock.now += 10 * LONGEST_PAUSE
    assert send(callbacks) == 0
    assert len(receiver.messages) == TRIES
    assert len({message.id for message in receiver.messages}) == 1
    for message in receiver.messages:
        assert message.verify(jobs.secrets(ADA).secret)["data"]["id"] == job.id
    assert all(low / 2 <= pause <= low for low, pause in zip((5, 30, 180, LONGEST_PAUSE), pauses, strict=True))


def test_pauses_are_not_the_same_for_all() -> None:
    assert len({backoff.callback_delay(2, None, 0.0) for _ in range(20)}) > 10
    assert backoff.callback_delay(3, None, 0.0, random=lambda: 1.0) == 180


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [
        ("120", 120, 120),
        ("1", 2.5, 5),
        ("999999", 3600, 3600),
        ("never", 2.5, 5),
        ("-1", 2.5, 5),
        ("9" * 500, 3600, 3600),
    ],
)
def test_retry_after_is_honoured_up_to_an_hour(
    jobs: Jobs,
    engine: Engine,
    clock: Clock,
    callbacks: Callbacks,
    receiver: Receiver,
    asked: str,
    low: float,
    high: float,
) -> None:
    receiver.answer = lambda handler: handler.reply(429, Retry_After=asked)
    job = finish(jobs, engine, receiver.url)
    send(callbacks)
    assert low <= told(jobs, job).at - clock.now <= high
    receiver.answer = Handler.reply
    clock.now += high
    send(callbacks)
    assert told(jobs, job).state == "delivered"


def test_retry_after_may_be_a_date() -> None:
    assert backoff.callback_delay(1, "Thu, 01 Jan 1970 00:20:00 GMT", 900.0) == 300


def test_gone_ends_it(jobs: Jobs, engine: Engine, callbacks: Callbacks, receiver: Receiver, clock: Clock) -> None:
    receiver.answer = lambda handler: handler.reply(410)
    job = finish(jobs, engine, receiver.url)
    send(callbacks)
    assert (told(jobs, job).state, told(jobs, job).tries, told(jobs, job).status) == ("failed", 1, 410)
    clock.now += 2 * LONGEST_PAUSE
    assert send(callbacks) == 0


def test_no_redirect_is_followed(jobs: Jobs, engine: Engine, receiver: Receiver) -> None:
    canary = Receiver()
    try:
        receiver.answer = lambda handler: handler.reply(307, Location=canary.url)
        callbacks = Callbacks(engine, Poster([receiver.origin, canary.origin]))
        job = finish(jobs, engine, receiver.url)
        send(callbacks)
        assert (told(jobs, job).state, told(jobs, job).code) == ("pending", "status_307")
        assert canary.messages == []
    finally:
        canary.stop()


OK = b"HTTP/1.1 200 OK\r\n"


def endless(handler: Handler, head: bytes, piece: bytes) -> None:
    handler.write(head)
    while True:
        handler.write(piece)
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        (lambda handler: endless(handler, OK + b"\r\n", b"x" * 10_000), "delivered", None),
        (lambda handler: endless(handler, OK, b"X: y\r\n" * 100), "pending", "no_http"),
        (lambda handler: endless(handler, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "pending", "no_http"),
        (lambda handler: handler.write(OK + b"Content-Length: 99999999999\r\n\r\n"), "delivered", None),
        (lambda handler: handler.write(b"\0" * 500_000), "pending", "no_http"),
        (lambda handler: handler.write(b"SSH-2.0-OpenSSH_9\r\n"), "pending", "no_http"),
        (lambda handler: handler.write(b"HTTP/1.1 2000 OK\r\n\r\n"), "pending", "no_http"),
        (lambda handler: handler.write(b""), "pending", "unreachable"),
        (lambda handler: handler.write(b"HTTP/1.1 101 Up\r\n\r\n"), "pending", "status_101"),
        (lambda handler: (time.sleep(3), handler.reply()), "pending", "too_slow"),
        (lambda handler: endless(handler, OK, b"X"), "pending", "too_slow"),
    ],
)
def test_no_answer_costs_more_than_its_deadline(
    jobs: Jobs,
    engine: Engine,
    receiver: Receiver,
    answer: Callable[[Handler], object],
    state: str,
    code: str | None,
) -> None:
    receiver.answer = answer
    slow = code == "too_slow"
    job = finish(jobs, engine, receiver.url)
    send(Callbacks(engine, Poster(receiver.origin), deadline=0.5 if slow else 8.0))
    assert (told(jobs, job).state, told(jobs, job).code) == (state, code)


def test_a_receiver_that_is_down_is_tried_again(jobs: Jobs, engine: Engine, clock: Clock, receiver: Receiver) -> None:
    down = Receiver()
    down.stop()
    job = finish(jobs, engine, down.url)
    callbacks = Callbacks(engine, Poster(down.origin))
    send(callbacks)
    assert (told(jobs, job).code, told(jobs, job).status) == ("unreachable", None)


def test_every_address_is_checked_for_every_try(jobs: Jobs, engine: Engine, clock: Clock, receiver: Receiver) -> None:
    """A name that leads elsewhere after its job was accepted leads nowhere; the next try asks again."""
    leads = ["10.0.0.1", "127.0.0.1"]
    origin = f"http://told.test:{receiver.port}"
    poster = Poster(f"{origin}=127.0.0.1", resolve=lambda *_: [ipaddress.ip_address(leads[0])])
    poster.check(f"{origin}/")
    callbacks = Callbacks(engine, poster)
    job = finish(jobs, engine, f"{origin}/")
    send(callbacks)
    assert (told(jobs, job).state, told(jobs, job).code) == ("pending", "refused")
    assert receiver.messages == []
    leads.pop(0)
    clock.now += 60
    send(callbacks)
    assert (told(jobs, job).state, len(receiver.messages)) == ("delivered", 1)


def test_an_origin_that_is_listed_no_longer_is_not_asked(jobs: Jobs, engine: Engine, receiver: Receiver) -> None:
    job = finish(jobs, engine, receiver.url)
    send(Callbacks(engine, Poster("https://example.com")))
    assert (told(jobs, job).code, receiver.messages) == ("refused", [])


def test_two_workers_never_send_one_callback_at_a_time(jobs: Jobs, engine: Engine, other: Engine) -> None:
    for number in range(40):
        finish(jobs, engine, "https://example.com/", Owner(str(number), "x", ""))
    claimed: list[str] = []

    def claim(engine: Engine) -> None:
        while found := engine.claim_callbacks(3):
            claimed.extend(delivery.job.id for delivery in found)

    threads = [threading.Thread(target=claim, args=(one,)) for one in (engine, other, engine, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 40


def test_a_lost_worker_loses_no_callback_and_no_try(jobs: Jobs, engine: Engine, other: Engine, clock: Clock) -> None:
    job = finish(jobs, engine, "https://example.com/")
    [stale] = engine.claim_callbacks(1)
    clock.pass_by(other, LEASE - 1)
    assert other.claim_callbacks(1) == []
    clock.pass_by(other, 2)
    [taken] = other.claim_callbacks(1)
    assert (taken.message, taken.tries) == (stale.message, 0)
    assert engine.settle_callback(stale, Tried(True, 200)) is False
    assert told(jobs, job).state == "pending"
    assert other.settle_callback(taken, Tried(True, 201)) is True
    assert engine.settle_callback(stale, Tried(False, 500, "status_500", 1.0)) is False
    assert (told(jobs, job).state, told(jobs, job).status, told(jobs, job).tries) == ("delivered", 201, 1)


def test_the_dead_process_of_a_worker_need_not_be_waited_for(jobs: Jobs, engine: Engine, other: Engine) -> None:
    finish(jobs, engine, "https://example.com/")
    engine.claim_callbacks(1)
    other.end_leases("one")
    assert len(other.claim_callbacks(1)) == 1


def test_time_in_which_the_database_was_away_ends_no_lease(
    jobs: Jobs, engine: Engine, other: Engine, clock: Clock
) -> None:
    finish(jobs, engine, "https://example.com/")
    engine.look()
    [delivery] = engine.claim_callbacks(1)
    clock.now += 600
    other.look()
    assert other.claim_callbacks(1) == []
    assert engine.settle_callback(delivery, Tried(True, 200)) is True


def test_what_was_claimed_too_long_ago_is_not_sent(jobs: Jobs, engine: Engine, receiver: Receiver) -> None:
    """A process that was stopped after its claim wakes up when another one has the callback."""
    finish(jobs, engine, receiver.url)
    now = [0.0]
    callbacks = Callbacks(engine, Poster(receiver.origin, clock=lambda: now[0]))
    claim = engine.claim_callbacks

    def slow(count: int) -> object:
        found = claim(count)
        now[0] += LEASE
        return found

    engine.claim_callbacks = slow  # type: ignore[method-assign,assignment]
    send(callbacks)
    assert receiver.messages == []


def test_slow_receivers_of_one_owner_hold_up_nobody_else(
    jobs: Jobs, engine: Engine, other: Engine, clock: Clock
) -> None:
    for _ in range(3 * AT_ONCE):
        finish(jobs, engine, "https://slow.example/")
    clock.now += 1
    finish(jobs, engine, "https://quick.example/", LIN)
    claimed = [delivery.job.owner for delivery in engine.claim_callbacks(AT_ONCE)]
    assert claimed == [ADA.key] * OF_ONE_OWNER + [LIN.key]
    assert other.claim_callbacks(AT_ONCE) == []


def test_owners_take_turns_however_many_callbacks_they_have(jobs: Jobs, engine: Engine) -> None:
    owners = [Owner(str(number), "x", "") for number in range(5)]
    for owner in owners:
        for _ in range(3):
            finish(jobs, engine, "https://example.com/", owner)
    turns: list[str] = []
    while found := engine.claim_callbacks(3):
        turns += [delivery.job.owner for delivery in found]
        for delivery in found:
            engine.settle_callback(delivery, Tried(True, 200))
    assert turns == [owner.key for owner in owners for _ in range(3)]
    for owner in owners[:2]:
        finish(jobs, engine, "https://example.com/", owner)
    assert [delivery.job.owner for delivery in engine.claim_callbacks(3)] == [owner.key for owner in owners[:2]]


def test_a_rotated_secret_signs_beside_its_successor_for_a_day(
    jobs: Jobs, engine: Engine, clock: Clock, callbacks: Callbacks, receiver: Receiver
) -> None:
    old = jobs.secrets(ADA)
    assert jobs.secrets(ADA) == old
    assert old.secret.startswith("whsec_")
    new = jobs.rotate_secret(ADA)
    assert new.secret != old.secret
    assert (new.replaced, new.ends) == ((old.secret,), clock.now + OVERLAP)
    finish(jobs, engine, receiver.url)
    send(callbacks)
    clock.now += OVERLAP + 1
    engine.sweep()
    finish(jobs, engine, receiver.url)
    send(callbacks)
    during, after = receiver.messages
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    for secret in (old.secret, new.secret):
        during.verify(secret)
    after.verify(new.secret)
    with pytest.raises(WebhookVerificationError):
        after.verify(old.secret)


def test_however_often_a_secret_is_rotated_few_sign(jobs: Jobs, clock: Clock) -> None:
    secrets = []
    for _ in range(10):
        secrets.append(jobs.rotate_secret(ADA).secret)
        clock.now += 1
    assert jobs.secrets(ADA).all == tuple(secrets[: -MOST_REPLACED - 2 : -1])
    assert len(jobs.secrets(LIN).all) == 1


def test_a_callback_is_forgotten_with_its_job(jobs: Jobs, engine: Engine, store: Store, clock: Clock) -> None:
    job = finish(jobs, engine, "https://example.com/")
    clock.now += 86_400 + FORGET_AFTER + 1
    engine.sweep()
    assert jobs.callbacks([job]) == {}
    assert not engine.has_callbacks()


def test_metrics_count_callbacks_that_wait(jobs: Jobs, engine: Engine) -> None:
    def pending() -> float:
        [metric] = [one for one in metrics_of(jobs, ["highlight"])() if one.name == "mergepoint_jobs_callbacks"]
        return metric.samples[0].value

    assert pending() == 0
    finish(jobs, engine, "https://example.com/")
    assert pending() == 1


def test_the_receiver_of_the_readme_takes_a_message_and_no_forged_one(
    jobs: Jobs, engine: Engine, callbacks: Callbacks, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "services/jobs/README.md").read_text()
    [program] = [block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "Webhook(" in block]
    job = finish(jobs, engine, receiver.url)
    send(callbacks)
    [message] = receiver.messages
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(program.replace("whsec_…", jobs.secrets(ADA).secret), names)
    client = names["app"].test_client()
    assert client.post("/finished", data=message.body, headers=dict(message.headers)).status_code == 204
    assert f"{job.id} done" in capsys.readouterr().out
    assert client.post("/finished", data=b"{}", headers=dict(message.headers)).status_code == 500


def test_a_replay_tells_the_same_address(
    jobs: Jobs, engine: Engine, callbacks: Callbacks, receiver: Receiver, tmp_path: pathlib.Path
) -> None:
    job = finish(jobs, engine, receiver.url)
    again = jobs.replay(job.id, new_id(), ADA, request_id="r")
    succeed(jobs, engine, Clock())
    send(callbacks)
    found = {json.loads(message.body)["data"]["id"]: message.id for message in receiver.messages}
    assert set(found) == {job.id, again.id}
    assert len(set(found.values())) == 2

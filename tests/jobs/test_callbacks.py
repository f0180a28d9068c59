"""Callbacks with a clock that tests set: what arrives at a real receiver, and what is tried again."""

import ipaddress
import json
import pathlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from mergepoint.jobs import Engine, Jobs
from mergepoint.jobs.core import new_id
from mergepoint.jobs.performing import backoff
from mergepoint.jobs.performing.callbacks import Callbacks
from mergepoint.jobs.queue.callback_secrets import OVERLAP
from mergepoint.jobs.queue.callbacks import LEASE, TRIES
from mergepoint.jobs.queue.leases import LEASE as LEASE_OF_A_JOB
from mergepoint.jobs.queue.outcomes import Answer, Outcome
from mergepoint.kit.fetch.post import Poster
from tests.jobs.queues import ADA, LIN, Clock, done, finish, put, told
from tests.jobs.receiver import Handler, Receiver, new_receiver
from tests.long import some
from tests.servers import ROOT, wait_for

LONGEST_PAUSE = 1080.0  # seconds, before the last try


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from new_receiver()


@pytest.fixture
def callbacks(engine: Engine, receiver: Receiver) -> Callbacks:
    return Callbacks(engine, Poster(receiver.origin), deadline=5.0)


def send(callbacks: Callbacks) -> int:
    """Send what is due; return how many tries that were."""
    number = callbacks.send_due()
    wait_for(lambda: callbacks.is_idle)
    return number


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


RETRY_AFTER = {
    "120": (120.0, 120.0),
    "1": (2.5, 5.0),
    "999999": (3600.0, 3600.0),
    "never": (2.5, 5.0),
    "-1": (2.5, 5.0),
    "9" * 500: (3600.0, 3600.0),
}


@pytest.mark.parametrize("asked", some(RETRY_AFTER, always=("120",)))
def test_retry_after_is_honoured_up_to_an_hour(
    jobs: Jobs,
    engine: Engine,
    clock: Clock,
    callbacks: Callbacks,
    receiver: Receiver,
    asked: str,
) -> None:
    low, high = RETRY_AFTER[asked]
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


ANSWERS = {
    "body without end": (lambda handler: endless(handler, OK + b"\r\n", b"x" * 10_000), "delivered", None),
    "head without end": (lambda handler: endless(handler, OK, b"X: y\r\n" * 100), "pending", "no_http"),
    "100 without end": (
        lambda handler: endless(handler, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        "pending",
        "no_http",
    ),
    "large": (lambda handler: handler.write(OK + b"Content-Length: 99999999999\r\n\r\n"), "delivered", None),
    "zeros": (lambda handler: handler.write(b"\0" * 500_000), "pending", "no_http"),
    "ssh": (lambda handler: handler.write(b"SSH-2.0-OpenSSH_9\r\n"), "pending", "no_http"),
    "2000": (lambda handler: handler.write(b"HTTP/1.1 2000 OK\r\n\r\n"), "pending", "no_http"),
    "nothing": (lambda handler: handler.write(b""), "pending", "unreachable"),
    "101": (lambda handler: handler.write(b"HTTP/1.1 101 Up\r\n\r\n"), "pending", "status_101"),
    "late": (lambda handler: (time.sleep(3), handler.reply()), "pending", "too_slow"),
    "slow": (lambda handler: endless(handler, OK, b"X"), "pending", "too_slow"),
}


@pytest.mark.parametrize("name", some(ANSWERS, always=("body without end", "zeros", "slow")))
def test_no_answer_costs_more_than_its_deadline(
    jobs: Jobs,
    engine: Engine,
    receiver: Receiver,
    name: str,
) -> None:
    receiver.answer, state, code = ANSWERS[name]
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

"""Callbacks on the tables: leases, turns, secrets. On both databases, with a clock that the test sets."""

import threading

from mergepoint.jobs import Engine, Jobs, Owner, Store
from mergepoint.jobs.metrics import metrics_of
from mergepoint.jobs.performing.callbacks import AT_ONCE
from mergepoint.jobs.queue.callback_secrets import MOST_REPLACED
from mergepoint.jobs.queue.callbacks import LEASE, OF_ONE_OWNER, Tried
from mergepoint.jobs.queue.outcomes import FORGET_AFTER
from tests.jobs.queues import ADA, LIN, Clock, done, finish, put, told


def test_a_job_without_a_callback_tells_nobody(jobs: Jobs, engine: Engine) -> None:
    put(jobs)
    [job] = engine.claim(1)
    done(engine, job)
    assert not engine.has_callbacks()


def test_two_workers_never_send_one_callback_at_a_time(jobs: Jobs, engine: Engine, other: Engine) -> None:
    for number in range(20):
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
    assert len(claimed) == len(set(claimed)) == 20


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


def test_slow_receivers_of_one_owner_hold_up_nobody_else(
    jobs: Jobs, engine: Engine, other: Engine, clock: Clock
) -> None:
    for _ in range(AT_ONCE):
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

"""The engine on the tables: leases, turns, retries, losses. On both databases, with a clock that the test sets."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from mergepoint.jobs import Engine, Jobs, Owner, Store
from mergepoint.jobs.core import new_id
from mergepoint.jobs.errors import Invalid, LeaseLost, LimitExceeded, NoAnswer, NoLonger, NotFinished, NotFound
from mergepoint.jobs.queue.acceptance import Limits
from mergepoint.jobs.queue.leases import LEASE, MOST_LOSSES
from mergepoint.jobs.queue.outcomes import FORGET_AFTER, Answer, Outcome
from mergepoint.jobs.queue.progress import check_progress
from mergepoint.jobs.representation import describe
from mergepoint.jobs.storage.contents import SMALL
from mergepoint.jobs.storage.schema import metadata
from tests.jobs.queues import ADA, LIN, NOBODY, Clock, done, put, request


def test_the_migrations_make_the_tables_that_the_code_has(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("size", [0, 10, 100_000, 3_000_000])
def test_a_job_is_performed_and_its_result_kept(jobs: Jobs, engine: Engine, size: int) -> None:
    put(jobs, body=b"r" * size)
    [job] = engine.claim(5)
    assert engine.read_request(job) == b"r" * size
    done(engine, job, b"a" * size)
    shown, pieces = jobs.result(job.id, ADA)
    assert (shown.state, shown.attempts, b"".join(pieces)) == ("done", 1, b"a" * size)


def test_a_job_is_claimed_once_however_many_try(jobs: Jobs, engine: Engine, other: Engine) -> None:
    for _ in range(40):
        put(jobs)
    claimed: list[str] = []

    def claim(engine: Engine) -> None:
        while found := engine.claim(3):
            claimed.extend(job.id for job in found)

    threads = [threading.Thread(target=claim, args=(one,)) for one in (engine, other, engine, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 40


def test_a_stale_token_changes_nothing(jobs: Jobs, engine: Engine, other: Engine, clock: Clock) -> None:
    put(jobs)
    [stale] = engine.claim(1)
    clock.pass_by(other, LEASE + 2)
    [job] = other.claim(1)
    for late in (
        lambda: done(engine, stale, b"late" * 50_000),
        lambda: engine.retry(stale, 1, "status_503", "x"),
        lambda: engine.release(stale),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert engine.heartbeat([str(stale.lease_token)]) == set()
    done(other, job, b"right")
    assert b"".join(jobs.result(job.id, ADA)[1]) == b"right"
    with pytest.raises(LeaseLost):
        done(engine, stale, b"late")


def test_a_lease_lasts_as_long_as_its_heartbeats(jobs: Jobs, engine: Engine, other: Engine, clock: Clock) -> None:
    put(jobs)
    [job] = engine.claim(1)
    for _ in range(10):
        clock.pass_by(other, 2)
        assert engine.heartbeat([str(job.lease_token)]) == {job.lease_token}
        assert other.claim(1) == []
    clock.pass_by(other, LEASE + 1)
    assert [taken.id for taken in other.claim(1)] == [job.id]


def test_a_lease_that_ended_and_was_not_taken_is_renewed(
    jobs: Jobs, engine: Engine, other: Engine, clock: Clock
) -> None:
    put(jobs)
    [job] = engine.claim(1)
    clock.pass_by(other, LEASE + 5)
    assert engine.heartbeat([str(job.lease_token)]) == {job.lease_token}
    done(engine, job)
    assert jobs.show(job.id, ADA).losses == 0


def test_time_in_which_nobody_looked_ends_no_lease(jobs: Jobs, engine: Engine, other: Engine, clock: Clock) -> None:
    put(jobs)
    engine.look()
    [job] = engine.claim(1)
    clock.now += 600  # the database was away, and with it all heartbeats
    assert other.claim(1) == []
    clock.pass_by(other, LEASE - 2)
    assert engine.heartbeat([str(job.lease_token)]) == {job.lease_token}
    clock.pass_by(other, LEASE + 1)  # now it is the worker that is away
    assert len(other.claim(1)) == 1


def test_after_two_losses_a_job_runs_alone_and_the_third_fails_it(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    id = put(jobs, attempts=1).id
    for _ in range(2):
        assert len(engine.claim(5)) == 1
        clock.pass_by(engine, LEASE + 2)
    assert engine.claim(5) == []
    assert engine.promote() == [id]
    alone = engine.claim_alone(id)
    assert alone is not None
    assert (alone.losses, alone.attempts) == (2, 3)
    clock.pass_by(engine, LEASE + 2)
    assert engine.claim(5) == []
    assert engine.promote() == []
    lost = jobs.show(id, ADA)
    assert (lost.state, lost.code, lost.losses) == ("failed", "worker_lost", MOST_LOSSES)
    with pytest.raises(NoAnswer) as caught:
        jobs.result(id, ADA)
    assert caught.value.code == "worker_lost"
    again = jobs.replay(id, new_id(), ADA, request_id="r")
    assert (again.state, again.replay_of, again.losses) == ("queued", id, 0)


def test_a_job_that_only_ran_beside_poison_is_done_alone(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    id = put(jobs).id
    for _ in range(2):
        engine.claim(5)
        clock.pass_by(engine, LEASE + 2)
    engine.claim(5)
    alone = engine.claim_alone(id)
    assert alone is not None
    done(engine, alone)
    assert jobs.show(id, ADA).state == "done"


def test_the_dead_process_of_a_worker_need_not_be_waited_for(jobs: Jobs, engine: Engine, other: Engine) -> None:
    put(jobs)
    [job] = engine.claim(1)
    assert other.end_leases("one") == 1
    assert [taken.id for taken in other.claim(1)] == [job.id]


def test_owners_take_turns(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    put_many(jobs, clock, ADA, 30)
    engine.claim(5)
    mine = put_many(jobs, clock, LIN, 3)
    order = [job.id for _ in range(8) for job in engine.claim(1)]
    assert set(mine) <= set(order[:6])
    assert order.index(mine[0]) <= 1


def test_who_was_away_has_saved_nothing_up(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    put_many(jobs, clock, ADA, 20)
    engine.claim(20)
    lin = put_many(jobs, clock, LIN, 4)
    ada = put_many(jobs, clock, ADA, 4)
    order = [job.id for _ in range(8) for job in engine.claim(1)]
    assert {*order[:2]} == {lin[0], ada[0]}


def put_many(jobs: Jobs, clock: Clock, owner: Owner, number: int) -> list[str]:
    """Accept jobs one after the other: in the order of their times, another would be claimed than by turns."""
    ids = []
    for _ in range(number):
        clock.now += 0.01
        ids.append(put(jobs, owner).id)
    return ids


def test_no_more_jobs_of_a_service_run_than_it_has_children(store: Store, jobs: Jobs, clock: Clock) -> None:
    engine = Engine(
        store, jobs.folder, "one", concurrency=lambda service: {"highlight": 2}.get(service, 1), clock=clock
    )
    for _ in range(50):
        put(jobs)
    thumbnail = put(jobs, service="thumbnail", target="/thumbnail").id
    assert [job.service for job in engine.claim(10)] == ["highlight", "highlight", "thumbnail"]
    assert engine.claim(10) == []
    assert jobs.show(thumbnail, ADA).state == "running"


def test_a_job_does_not_run_before_its_time(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    id = put(jobs, at=clock.now + 60).id
    clock.pass_by(engine, 59)
    engine.promote()
    assert engine.claim(1) == []
    clock.pass_by(engine, 2)
    engine.promote()
    assert [job.id for job in engine.claim(1)] == [id]


def test_a_job_is_tried_again_after_its_delay(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    id = put(jobs, attempts=2).id
    [job] = engine.claim(1)
    assert job.may_try_again
    engine.retry(job, 30, "status_503", "the service answered 503")
    waiting = jobs.show(id, ADA)
    assert (waiting.state, waiting.code, waiting.attempts) == ("queued", "status_503", 1)
    clock.pass_by(engine, 29)
    engine.promote()
    assert engine.claim(1) == []
    clock.pass_by(engine, 2)
    engine.promote()
    [job] = engine.claim(1)
    assert (job.attempts, job.may_try_again) == (2, False)


def test_a_job_that_is_given_back_keeps_its_place_and_its_attempts(jobs: Jobs, engine: Engine, other: Engine) -> None:
    first = put(jobs).id
    put(jobs)
    [job] = engine.claim(1)
    engine.release(job)
    assert jobs.show(first, ADA).attempts == 0
    assert [taken.id for taken in other.claim(1)] == [first]


def test_a_cancelled_job_has_no_result_even_if_it_ran(jobs: Jobs, engine: Engine) -> None:
    put(jobs)
    [job] = engine.claim(1)
    assert jobs.cancel(job.id, ADA).state == "cancelled"
    assert engine.heartbeat([str(job.lease_token)]) == set()
    with pytest.raises(LeaseLost):
        done(engine, job)
    with pytest.raises(NoLonger):
        jobs.result(job.id, ADA)
    assert jobs.cancel(job.id, ADA).state == "cancelled"


def test_a_finished_job_is_not_cancelled(jobs: Jobs, engine: Engine) -> None:
    put(jobs)
    [job] = engine.claim(1)
    done(engine, job)
    assert jobs.cancel(job.id, ADA).state == "done"


def test_the_same_key_and_request_make_one_job_however_many_ask_at_once(jobs: Jobs) -> None:
    made: list[tuple[str, bool]] = []

    def post() -> None:
        job, is_new = jobs.accept(new_id(), ADA, request(idempotency_key="k" * 64, body=b"b" * 50_000))
        made.append((job.id, is_new))

    threads = [threading.Thread(target=post) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id for id, _ in made}) == 1
    assert [is_new for _, is_new in made].count(True) == 1
    assert len(made) == 16


@pytest.mark.parametrize("change", [{"body": b"y"}, {"target": "/highlight?a"}, {"headers": {"Accept": "x"}}])
def test_another_request_under_a_key_is_refused(jobs: Jobs, change: dict[str, object]) -> None:
    jobs.accept(new_id(), ADA, request(idempotency_key="k"))
    with pytest.raises(Invalid) as caught:
        jobs.accept(new_id(), ADA, request(idempotency_key="k", **change))
    assert caught.value.code == "idempotency_mismatch"


def test_keys_of_two_owners_have_nothing_to_do_with_each_other(jobs: Jobs) -> None:
    one = jobs.accept(new_id(), ADA, request(idempotency_key="k"))[0]
    two = jobs.accept(new_id(), LIN, request(idempotency_key="k"))[0]
    assert one.id != two.id


def test_what_a_proxy_brings_twice_is_one_job(jobs: Jobs) -> None:
    id = new_id()
    assert jobs.accept(id, ADA, request())[1] is True
    assert jobs.accept(id, ADA, request())[1] is False


def test_somebody_elses_job_is_not_found(jobs: Jobs) -> None:
    id = put(jobs, ADA).id
    for act in (jobs.show, jobs.cancel, jobs.result):
        with pytest.raises(NotFound):
            act(id, LIN)
    with pytest.raises(NotFound):
        jobs.replay(id, new_id(), NOBODY, request_id="r")
    assert jobs.show(put(jobs, NOBODY).id, LIN).state == "queued"  # its id is its key


def test_unfinished_jobs_of_an_owner_have_a_limit(store: Store, jobs: Jobs, engine: Engine, clock: Clock) -> None:
    small = Jobs(store, jobs.folder, limits=Limits(user_jobs=3, network_jobs=1, bytes=10), clock=clock)
    for _ in range(3):
        put(small, ADA)
    put(small, NOBODY)
    for owner in (ADA, NOBODY):
        with pytest.raises(LimitExceeded):
            put(small, owner)
    with pytest.raises(LimitExceeded):
        put(small, LIN, body=b"eleven byte")
    [first, *_] = engine.claim(10)
    done(engine, first)
    put(small, ADA)


def test_a_result_is_kept_for_its_time_and_the_row_seven_days_longer(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    put(jobs)
    [job] = engine.claim(1)
    with pytest.raises(NotFinished):
        jobs.result(job.id, ADA)
    done(engine, job, b"x" * 100_000)
    clock.now += 86_300
    engine.sweep()
    assert b"".join(jobs.result(job.id, ADA)[1]) == b"x" * 100_000
    clock.now += 200
    engine.sweep()
    with pytest.raises(NoLonger):
        jobs.result(job.id, ADA)
    assert list((jobs.folder / "contents").glob("*")) == []
    clock.now += FORGET_AFTER
    engine.sweep()
    with pytest.raises(NotFound):
        jobs.show(job.id, ADA)


def test_a_list_has_ones_own_jobs_newest_first(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    ids = []
    for _ in range(60):
        ids.append(put(jobs).id)
        put(jobs, LIN)
        clock.now += 1
    page = jobs.list(ADA, {})
    rest = jobs.list(ADA, {"after": page[-1].id})
    assert [job.id for job in [*page, *rest]] == ids[::-1]
    assert jobs.list(ADA, {"state": "done"}) == []
    for other in (jobs.list(LIN, {})[0].id, "A" * 22, "\0", "é", ""):
        with pytest.raises(Invalid, match="after: "):
            jobs.list(ADA, {"after": other})


@pytest.mark.parametrize("id", ["", "\0", "é", "a b", "%", "A" * 33, "A" * 22])
def test_what_is_no_id_is_not_found(jobs: Jobs, id: str) -> None:
    for ask in (jobs.show, jobs.result, jobs.cancel):
        with pytest.raises(NotFound):
            ask(id, ADA)


def test_a_result_is_worth_asking_for_from_its_time_on(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    job = put(jobs, at=clock.now + 99.5)
    for seconds, state in ((100, "queued"), (1, "queued"), (2, "running")):
        with pytest.raises(NotFinished) as caught:
            jobs.result(job.id, ADA)
        assert (caught.value.retry_after, state in str(caught.value)) == (seconds, True)
        if seconds == 100:
            clock.now += 99
        else:
            clock.now += 1
            engine.promote()
            engine.claim(1)


def test_a_job_knows_how_many_are_before_it(jobs: Jobs, engine: Engine, clock: Clock) -> None:
    placed = [put(jobs) for _ in range(3)]
    assert [jobs.ahead_of(job) for job in placed] == [0, 1, 2]
    assert jobs.ahead_of(put(jobs, LIN)) == 0  # owners take turns
    assert jobs.ahead_of(put(jobs, at=clock.now + 60)) is None
    engine.claim(1)
    shown = [jobs.show(job.id, ADA) for job in placed]
    assert [jobs.ahead_of(job) for job in shown] == [None, 1, 2]


def test_a_worker_tells_how_far_a_job_is(jobs: Jobs, engine: Engine, other: Engine, clock: Clock) -> None:
    put(jobs, attempts=2)
    [job] = engine.claim(1)
    engine.report(job, {"done": 3, "of": 12, "note": "page 3"})
    shown = jobs.show(job.id, ADA)
    assert (shown.progress, shown.version) == ({"done": 3, "of": 12, "note": "page 3"}, job.version + 1)
    assert describe(shown)["progress"] == shown.progress
    engine.retry(job, 0, "status_503", "busy")
    assert jobs.show(job.id, ADA).progress is None
    with pytest.raises(LeaseLost):
        engine.report(job, {"done": 4})
    clock.now += 1
    engine.promote()
    [job] = other.claim(1)
    other.report(job, {"done": 0.5})
    done(other, job)
    assert jobs.show(job.id, ADA).progress == {"done": 0.5}


@pytest.mark.parametrize(
    ("progress", "field"),
    [
        (None, "progress"),
        ([], "progress"),
        ({}, "progress"),
        ({"of": 3}, "progress"),
        ({"done": 1, "percent": 5}, "progress"),
        ({"done": "1"}, "progress.done"),
        ({"done": True}, "progress.done"),
        ({"done": -1}, "progress.done"),
        ({"done": float("nan")}, "progress.done"),
        ({"done": 3, "of": 2}, "progress.of"),
        ({"done": 3, "of": float("inf")}, "progress.of"),
        ({"done": 3, "note": 5}, "progress.note"),
        ({"done": 3, "note": "x" * 201}, "progress.note"),
    ],
)
def test_what_is_no_progress_is_refused_by_the_name_of_its_field(progress: object, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_progress(progress)
    assert caught.value.field == field


def test_a_result_that_is_written_twice_stays(jobs: Jobs, engine: Engine) -> None:
    """The answer to a commit got lost, with the database's connection; the worker writes once more."""
    body = b"x" * (SMALL + 1)
    put(jobs)
    [job] = engine.claim(1)
    outcome = Outcome("done", answer=Answer(200, {}, engine.contents.prepare(body, job.id)))
    engine.finish(job, outcome)
    engine.finish(job, outcome)
    assert b"".join(jobs.result(job.id, ADA)[1]) == body


def test_jobs_of_a_claim_whose_answer_got_lost_are_given_back(jobs: Jobs, engine: Engine, other: Engine) -> None:
    for _ in range(3):
        put(jobs)
    [known], [lost], [anothers] = engine.claim(1), engine.claim(1), other.claim(1)
    assert engine.release_unknown([str(known.lease_token)]) == 1
    found = {job.id: jobs.show(job.id, ADA) for job in (known, lost, anothers)}
    assert {found[job.id].state for job in (known, anothers)} == {"running"}
    assert (found[lost.id].state, found[lost.id].attempts, found[lost.id].losses) == ("queued", 0, 0)

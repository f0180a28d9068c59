"""The programs as shipped: accepted by HTTP, performed by a worker, watched through the companion."""

import base64
import contextlib
import functools
import http.client
import json
import os
import pathlib
import secrets
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from mergepoint.jobs import Engine, Store
from mergepoint.jobs.queue.outcomes import Outcome
from tests.auth.databases import Databases
from tests.jobs.door import Door, Handler, new_door
from tests.jobs.programs import Programs, connect
from tests.servers import children, wait_for


@pytest.fixture(scope="module")
def shared_door() -> Iterator[Door]:
    yield from new_door()


@pytest.fixture
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """The door of the programs that a test uses: those of all tests, or its own."""
    if "running" in request.fixturenames:
        yield request.getfixturevalue("shared_door")
    else:
        yield from new_door()


@pytest.fixture(scope="module")
def running(server: Databases, shared_door: Door) -> Iterator[Programs]:
    """The service, its companion and a worker, for tests that end none of them."""
    programs = Programs(server.new(), shared_door)
    programs.serve().work()
    yield programs
    programs.stop()


@pytest.fixture
def programs(server: Databases, door: Door) -> Iterator[Programs]:
    programs = Programs(server.new(), door)
    yield programs
    programs.stop()


def finished(programs: Programs, id: str) -> bool:
    return programs.state(id) not in ("queued", "running")


def id_of(reply: object) -> str:
    return str(reply.json["id"])  # type: ignore[attr-defined]


def test_a_request_is_performed_and_its_result_is_as_the_service_gave_it(running: Programs, door: Door) -> None:
    seen: dict[str, str] = {}

    def answer(handler: Handler) -> None:
        seen.update({name.lower(): value for name, value in handler.headers.items()})
        handler.reply(200, b"<b>" + handler.body, Content_Type="text/html", Set_Cookie="a=b", Cache_Control="public")

    door.answer(answer)
    reply = running.accept(
        b"print(1)", Content_Type="text/x-python", Mergepoint_Grant="g", Cookie="c=1", X_Request_Id="r1"
    )
    assert (reply.status, reply.headers["Preference-Applied"]) == (202, "respond-async")
    id = id_of(reply)
    assert reply.headers["Location"] == f"/jobs/{id}"
    wait_for(lambda: finished(running, id))
    result = running.get(f"/jobs/{id}/result")
    assert (result.status, result.body, result.headers["Content-Type"]) == (200, b"<b>print(1)", "text/html")
    assert result.headers["Mergepoint-Job"] == id
    assert result.headers["Set-Cookie"] is None
    assert "sandbox" in result.headers["Content-Security-Policy"]
    assert result.headers["X-Content-Type-Options"] == "nosniff"
    sent = {name: seen.get(name) for name in ("idempotency-key", "mergepoint-attempt", "mergepoint-grant", "cookie")}
    assert sent == {"idempotency-key": id, "mergepoint-attempt": "1", "mergepoint-grant": "g", "cookie": None}
    assert (seen["content-type"], seen["x-request-id"]) == ("text/x-python", "r1")


def test_failures_say_why_and_are_tried_again_only_where_it_helps(running: Programs, door: Door) -> None:
    def answer(handler: Handler) -> None:
        status, *more = handler.body.decode().split()
        if handler.headers["Mergepoint-Attempt"] == "2":
            handler.reply(200, b"second")
        elif status == "close":
            handler.close_connection = True
        else:
            handler.reply(int(status), b"{}", **({"Retry-After": more[0]} if more else {}))

    door.answer(answer)
    ids = {body: id_of(running.accept(body)) for body in (b"422", b"503 1", b"429", b"close", b"404", b"304")}
    once = id_of(running.accept(b"503", Mergepoint_Attempts="1"))
    wait_for(lambda: all(finished(running, id) for id in [*ids.values(), once]), seconds=30)
    told = {body: running.get(f"/jobs/{id}").json for body, id in ids.items()}
    states = {body: (job["state"], job["attempts"]) for body, job in told.items()}
    assert states == {
        b"422": ("failed", 1), b"404": ("failed", 1), b"304": ("done", 1),
        b"503 1": ("done", 2), b"429": ("done", 2), b"close": ("done", 2),
    }  # fmt: skip
    assert running.get(f"/jobs/{ids[b'422']}/result").status == 422
    result = running.get(f"/jobs/{once}/result")
    assert (result.status, result.headers["Mergepoint-Job"]) == (503, once)


def test_what_is_no_answer_fails_the_job_and_not_the_worker(running: Programs, door: Door) -> None:
    def answer(handler: Handler) -> None:
        if handler.body == b"good":
            handler.reply(200, b"good")
            return
        handler.close_connection = True
        handler.wfile.write(b"garbage" if handler.body == b"garbage" else b"HTTP/1.1 200 OK\r\n\r\n")
        while handler.body == b"endless":
            handler.wfile.write(b"x" * 1_000_000)

    door.answer(answer)
    ids = {body: id_of(running.accept(body)) for body in (b"garbage", b"endless", b"good")}
    wait_for(lambda: all(finished(running, id) for id in ids.values()), seconds=30)
    codes = {body: running.get(f"/jobs/{id}").json.get("code") for body, id in ids.items()}
    assert codes == {b"garbage": "answer_invalid", b"endless": "answer_too_large", b"good": None}
    result = running.get(f"/jobs/{ids[b'garbage']}/result")
    assert (result.status, result.json["code"], result.headers["Mergepoint-Job"]) == (
        422,
        "answer_invalid",
        ids[b"garbage"],
    )


def test_post_jobs_takes_the_same_as_json(running: Programs, door: Door) -> None:
    door.answer(lambda handler: handler.reply(200, handler.body))
    body = {"path": "/highlight?a=b", "body_base64": base64.b64encode(b"\0\xff").decode(), "attempts": 2}
    reply = running.call("POST", "/jobs", json.dumps(body).encode(), {"Content-Type": "application/json"})
    assert reply.status == 202
    wait_for(lambda: finished(running, id_of(reply)))
    assert running.get(f"/jobs/{id_of(reply)}/result").body == b"\0\xff"


def test_id_and_grant_of_nginx_are_the_jobs(running: Programs, door: Door) -> None:
    grants: dict[str, str | None] = {}

    def answer(handler: Handler) -> None:
        grants[handler.headers["Idempotency-Key"]] = handler.headers["Mergepoint-Grant"]
        handler.reply(200)

    door.answer(answer)
    first, second = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    json_headers = {"Content-Type": "application/json", "Mergepoint-Job": first, "Mergepoint-Grant": "g1"}
    made = running.call("POST", "/jobs", b'{"path": "/highlight"}', json_headers)
    assert id_of(made) == first
    wait_for(lambda: finished(running, first))
    again = running.call("POST", f"/jobs/{first}/replay", None, {"Mergepoint-Job": second, "Mergepoint-Grant": "g2"})
    assert (id_of(again), again.json["replay_of"]) == (second, first)
    wait_for(lambda: finished(running, second))
    assert grants == {first: "g1", second: "g2"}


def test_an_application_is_told_how_the_request_had_come(running: Programs, door: Door) -> None:
    seen: list[tuple[str | None, ...]] = []
    names = ("Host", "X-Forwarded-Proto", "X-Real-IP", "Prefer")
    door.answer(lambda handler: (seen.append(tuple(handler.headers[name] for name in names)), handler.reply(200)))
    came = {"Mergepoint_Host": "example.org:8443", "Mergepoint_Scheme": "https", "X_Real_IP": "2001:db8::7"}
    id = id_of(running.accept(b"x", Mergepoint_Prefer="respond-async", **came))
    wait_for(lambda: finished(running, id))
    assert seen == [("example.org:8443", "https", "2001:db8::7", None)]


@pytest.mark.parametrize(("word", "code"), [("identity_refused", "identity_refused"), (None, "status_403")])
def test_only_auth_refuses_an_identity(running: Programs, door: Door, word: str | None, code: str) -> None:
    headers = {"Mergepoint_Refusal": word} if word else {}
    door.answer(lambda handler: handler.reply(403, b"{}", **headers))
    id = id_of(running.accept(b"x", Mergepoint_Grant="g"))
    wait_for(lambda: finished(running, id))
    assert running.get(f"/jobs/{id}").json["code"] == code
    assert running.get(f"/jobs/{id}/result").headers["Mergepoint-Refusal"] is None


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/jobs/_accept", {}, 413),
        ("/jobs/_accept", {"Mergepoint-Prefer": "wait=-1"}, 422),
        ("/jobs", {}, 413),
        ("/jobs", {"Content-Type": "text/plain"}, 415),
        ("/jobs/none/replay", {}, 404),
    ],
)
def test_a_request_is_refused_after_its_whole_body(
    running: Programs, path: str, more: dict[str, str], status: int
) -> None:
    """Else nginx, which passes bodies on as they come, fails to write, and its client is told that jobs is away."""
    size = 12 << 20
    headers = {
        "Content-Length": str(size),
        "Content-Type": "application/json",
        "Mergepoint-Method": "POST",
        "Mergepoint-Target": "/highlight",
        "Mergepoint-Later-Service": "highlight",
        "Mergepoint-Job": secrets.token_urlsafe(16),
        **more,
    }
    with contextlib.closing(connect(running.socket)) as connection:
        connection.putrequest("POST", path)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        for _ in range(12):
            connection.send(b"x" * (1 << 20))
            time.sleep(0.02)
        assert connection.getresponse().status == status


def test_a_slow_job_is_cancelled_and_its_answer_dropped(running: Programs, door: Door) -> None:
    ended = threading.Event()
    door.answer(lambda handler: (time.sleep(4), ended.set(), handler.reply(200, b"late"))[0])
    id = id_of(running.accept(b"x"))
    wait_for(lambda: running.state(id) == "running")
    early = running.get(f"/jobs/{id}/result")
    assert (early.status, early.json["code"]) == (409, "not_finished")
    assert early.headers["Retry-After"]
    assert running.call("DELETE", f"/jobs/{id}").json["state"] == "cancelled"
    assert running.get(f"/jobs/{id}/result").status == 410
    wait_for(ended.is_set)
    assert running.state(id) == "cancelled"


def test_metrics_count_the_jobs_of_each_service(running: Programs, door: Door) -> None:
    door.answer(lambda handler: handler.reply(200))
    id = id_of(running.accept(b"x"))
    later = id_of(running.accept(b"x", Mergepoint_At="2027-06-01T00:00:00Z"))
    wait_for(lambda: finished(running, id))
    numbers = running.get("/metrics").body.decode()
    assert 'mergepoint_jobs_depth{service="highlight",state="queued"} 1.0' in numbers
    assert 'mergepoint_jobs_seconds_count{outcome="done",service="highlight"}' in numbers.replace(
        'service="highlight",outcome="done"', 'outcome="done",service="highlight"'
    )
    running.call("DELETE", f"/jobs/{later}")


def test_an_idle_worker_has_a_job_soon(running: Programs, door: Door) -> None:
    door.answer(lambda handler: handler.reply(200))
    took = []
    for _ in range(20):
        began = time.monotonic()
        id = id_of(running.accept(b"x"))
        wait_for(functools.partial(finished, running, id))
        took.append(time.monotonic() - began)
        time.sleep(0.05)
    assert sorted(took)[10] < 0.5


@pytest.mark.long
def test_behind_a_thousand_jobs_of_one_anothers_is_done_within_two_seconds(server: Databases, door: Door) -> None:
    programs = Programs(server.new(), door, JOBS_CONCURRENCY="2").serve()
    try:
        door.answer(lambda handler: (time.sleep(0.05), handler.reply(200))[1])
        for _ in range(1000):
            programs.accept(b"x")
        programs.work()
        wait_for(lambda: len(door.deliveries) > 10)
        began = time.monotonic()
        id = id_of(programs.accept(b"x", X_Real_IP="10.0.0.2"))
        wait_for(lambda: finished(programs, id))
        assert time.monotonic() - began < 2
        assert len(door.deliveries) < 1000
    finally:
        programs.stop()


def test_a_job_that_has_cost_two_workers_runs_in_a_process_of_its_own(
    server: Databases, door: Door, tmp_path: pathlib.Path
) -> None:
    url = server.new()
    programs = Programs(url, door)
    try:
        programs.serve()
        id = id_of(programs.accept(b"x"))
        dead = Engine(Store(url), tmp_path, "dead")
        for _ in range(2):
            assert [job.id for job in dead.claim(1)] == [id]
            dead.end_leases("dead")
        dead.store.close()
        programs.work()
        wait_for(lambda: finished(programs, id), seconds=30)
        shown = programs.get(f"/jobs/{id}").json
        assert (shown["state"], shown["attempts"]) == ("done", 3)
    finally:
        programs.stop()


@pytest.mark.long
def test_a_worker_that_was_stopped_and_comes_back_changes_nothing(programs: Programs, door: Door) -> None:
    programs.serve()
    worker = programs.work()
    door.answer(lambda handler: (time.sleep(1), handler.reply(200, handler.headers["Mergepoint-Attempt"].encode()))[0])
    id = id_of(programs.accept(b"x"))
    wait_for(lambda: programs.state(id) == "running")
    stopped = {worker.pid, *children(worker.pid)}
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    programs.work()
    wait_for(lambda: finished(programs, id), seconds=15)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    time.sleep(2)
    assert programs.get(f"/jobs/{id}/result").body == b"2"
    assert programs.get(f"/jobs/{id}").json["version"] == 5  # queued, running, queued, running, done


@pytest.mark.long
def test_a_worker_that_stays_stopped_is_killed_and_its_jobs_are_taken_again(programs: Programs, door: Door) -> None:
    """It may hold the lock of a SQLite database, for which all others wait."""
    programs.serve().work()
    door.answer(
        lambda handler: (time.sleep(0.5), handler.reply(200, handler.headers["Mergepoint-Attempt"].encode()))[0]
    )
    id = id_of(programs.accept(b"x"))
    wait_for(lambda: programs.state(id) == "running")
    os.kill(programs.performing(), signal.SIGSTOP)
    wait_for(lambda: finished(programs, id))
    assert programs.get(f"/jobs/{id}/result").body == b"2"


@pytest.mark.long
def test_while_nobody_listens_at_the_door_jobs_wait_and_no_attempt_counts(programs: Programs, door: Door) -> None:
    """nginx is being started again, for longer than all attempts would take."""
    hidden = door.path.with_name("hidden")
    door.path.rename(hidden)
    programs.serve().work()
    ids = [id_of(programs.accept(b"x", Mergepoint_Attempts="1")) for _ in range(20)]
    wait_for(lambda: "nobody listens at the door" in programs.log("worker.log"))
    time.sleep(1)
    assert {programs.state(id) for id in ids} == {"queued"}
    hidden.rename(door.path)
    wait_for(lambda: all(finished(programs, id) for id in ids))
    shown = [programs.get(f"/jobs/{id}").json for id in ids]
    assert {(job["state"], job["attempts"]) for job in shown} == {("done", 1)}
    assert max(job["version"] for job in shown) < 10  # two changes for each time that it was claimed: not all the time


def test_sigterm_lets_running_jobs_finish(programs: Programs, door: Door) -> None:
    programs.serve()
    worker = programs.work()
    door.answer(lambda handler: (time.sleep(1.5), handler.reply(200, b"whole"))[0])
    ids = [id_of(programs.accept(b"x")) for _ in range(12)]
    wait_for(lambda: programs.state(ids[0]) == "running")
    worker.terminate()
    worker.wait(14)
    states = [programs.state(id) for id in ids]
    assert set(states) == {"done", "queued"}
    assert all(programs.get(f"/jobs/{id}").json["attempts"] == 0 for id in ids if programs.state(id) == "queued")


def listen(path: pathlib.Path, id: str, last: int | None = None) -> list[dict[str, object]]:
    with contextlib.closing(connect(path)) as connection:
        connection.request("GET", f"/jobs/{id}/events", headers={"Last-Event-ID": str(last)} if last else {})
        response = connection.getresponse()
        text = response.read().decode()
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def test_a_hundred_listeners_see_every_change_and_resume_by_number(programs: Programs, door: Door) -> None:
    programs.serve()
    id = id_of(programs.accept(b"x"))
    heard: list[list[dict[str, object]]] = []
    threads = [threading.Thread(target=lambda: heard.append(listen(programs.waiting, id))) for _ in range(100)]
    for thread in threads:
        thread.start()
    assert programs.get("/jobs/health").status == 200  # they hold no thread that accepts
    programs.work()
    for thread in threads:
        thread.join(20)
    assert len(heard) == 100
    assert {tuple(str(event["state"]) for event in events) for events in heard} == {("queued", "running", "done")}
    assert [event["state"] for event in listen(programs.waiting, id, 2)] == ["done"]
    with contextlib.closing(connect(programs.waiting)) as connection:
        connection.request("GET", f"/jobs/{id}/events", headers={"Last-Event-ID": "3"})
        assert connection.getresponse().status == 204


def test_listeners_hear_how_far_a_job_is(programs: Programs) -> None:
    programs.serve()
    id = id_of(programs.accept(b"x"))
    store = Store(programs.database_url)
    engine = Engine(store, programs.run / "state", "test")
    [job] = engine.claim(1)
    with contextlib.closing(connect(programs.waiting)) as connection:
        connection.request("GET", f"/jobs/{id}/events")
        response = connection.getresponse()
        assert [next_event(response)["state"] for _ in range(2)] == ["queued", "running"]
        for progress in ({"done": 1, "of": 2}, {"done": 2, "of": 2, "note": "nearly"}):
            engine.report(job, progress)
            assert next_event(response)["progress"] == progress
        engine.finish(job, Outcome("failed", "x", "y"))
        assert next_event(response)["state"] == "failed"
    assert programs.get(f"/jobs/{id}").json["progress"] == {"done": 2, "of": 2, "note": "nearly"}
    assert [event["state"] for event in listen(programs.waiting, id, 4)] == ["failed"]
    assert [event["state"] for event in listen(programs.waiting, id, 99)] == ["queued", "running", "failed"]
    store.close()


def next_event(response: http.client.HTTPResponse) -> dict[str, object]:
    while not (line := response.readline()).startswith(b"data: "):
        assert line, "the stream has ended"
    return dict(json.loads(line[6:]))


def test_who_waits_has_the_answer_itself_or_the_job(programs: Programs, door: Door) -> None:
    programs.serve()
    reply = programs.accept(b"x", Mergepoint_Prefer="respond-async, wait=2")
    assert reply.headers["X-Accel-Redirect"] == f"/_wait/{id_of(reply)}?seconds=2"
    assert wait_at(programs, id_of(reply), 0)[0] == 202
    programs.work()
    status, body, applied = wait_at(programs, id_of(reply), 10)
    assert (status, body, applied) == (200, b"X", "respond-async, wait=10")


def wait_at(programs: Programs, id: str, seconds: int) -> tuple[int, bytes, str | None]:
    with contextlib.closing(connect(programs.waiting)) as connection:
        connection.request("GET", f"/_wait/{id}?seconds={seconds}")
        response = connection.getresponse()
        return response.status, response.read(), response.headers["Preference-Applied"]

"""Nothing is lost, whatever is killed while callers ask: what was acknowledged is delivered, and done once.

`make chaos` kills for two minutes; here each thing has ten seconds, of which the last six see no kill.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.auth.databases import Databases, PostgreSQL
from tests.jobs.chaos.callers import PATH, ask
from tests.jobs.chaos.counting import answer_to
from tests.jobs.chaos.kills import KILLS, kill_hard
from tests.jobs.chaos.run import endure
from tests.jobs.chaos.stack import Row, Stack, alone_pid
from tests.servers import wait_for

SECONDS = 10.0

MakeStack = Callable[..., Stack]


@pytest.fixture
def make_stack(nginx_present: None, server: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeStack]:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
    with contextlib.ExitStack() as stacks:

        def make(**options: float) -> Stack:
            stack = Stack(server.new(), server if isinstance(server, PostgreSQL) else None, **options)  # type: ignore[arg-type]
            stacks.callback(stack.stop)
            return stack

        yield make


@pytest.mark.parametrize("kind", KILLS)
def test_nothing_is_lost_whatever_is_killed(make_stack: MakeStack, server: Databases, kind: str) -> None:
    if kind == "database" and not isinstance(server, PostgreSQL):
        pytest.skip("SQLite has no process of its own")
    report = endure(make_stack().start(), [kind], SECONDS)
    assert not report.faults, report
    assert report.figures["acknowledged"] > 20 * SECONDS


@pytest.mark.long
def test_poison_jobs_fail_and_cost_no_other_job_its_result(make_stack: MakeStack) -> None:
    """A poison job is one that ends the process that performs it."""
    stack = make_stack(seconds=0.05).start(working=False)
    bodies = [f"{'poison' if number % 51 == 7 else 'job'}{number} ".encode() for number in range(1020)]
    ids = {str(ask(stack, body).location).removeprefix("/jobs/"): body for body in bodies}
    poison = {id for id, body in ids.items() if body.startswith(b"poison")}
    assert (len(ids), len(poison)) == (1020, 20)
    over = threading.Event()
    poisoning = threading.Thread(target=kill_workers_of, args=(stack, poison, over))
    poisoning.start()
    try:
        stack.worker = stack.work()
        wait_for(lambda: not stack.unfinished(), seconds=120)
        rows = stack.rows()
        results = {id: result for id, (_, result) in stack.bodies(rows.values()).items()}
        assert {id for id, row in rows.items() if row.state != "done"} == poison
        assert {(rows[id].state, rows[id].code) for id in poison} == {("failed", "worker_lost")}
        assert all(results[id] == answer_to(body) for id, body in ids.items() if id not in poison)
    finally:
        over.set()
        poisoning.join()
    again = [stack.ask("POST", f"/jobs/{id}/replay") for id in poison]  # the cause is mended
    assert {reply.status for reply in again} == {202}
    wait_for(lambda: not stack.unfinished(), seconds=30)
    assert {stack.state(reply.json["id"]) for reply in again} == {"done"}


def kill_workers_of(stack: Stack, poison: set[str], over: threading.Event) -> None:
    """Kill each process that performs one of these jobs, until it is over."""
    killed = set()
    while not over.wait(0.02):
        for row in running(stack):
            if row.id in poison and row.worker and row.worker not in killed:
                killed.add(row.worker)
                kill_hard(alone_pid(row.worker) or stack.performing())


def running(stack: Stack) -> list[Row]:
    return list(stack.rows("WHERE state = 'running'").values())


@pytest.mark.long
def test_after_a_restart_of_everything_all_that_was_queued_is_done(make_stack: MakeStack) -> None:
    stack = make_stack().start(working=False)
    asked = [ask(stack, f"job{number} ".encode()) for number in range(1000)]
    assert {one.status for one in asked} == {202}
    stack.worker = stack.work()
    wait_for(lambda: len(stack.deliveries()) > 50)
    for process in (stack.worker, stack.gunicorn, stack.nginx, stack.service):
        stack.kill_whole(process)
    if stack.cluster:
        KILLS["database"](stack, 1)
    time.sleep(1)
    stack.start()
    wait_for(lambda: not stack.unfinished(), seconds=90)
    rows = stack.rows()
    assert len(rows) == 1000
    assert {row.state for row in rows.values()} == {"done"}
    assert all(result == answer_to(request) for request, result in stack.bodies(rows.values()).values())
    assert sum(stack.deliveries().values()) <= 1000 + 8


def test_who_asks_while_nothing_accepts_is_told_when_to_ask_again(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start_nginx()
    wait_for(lambda: stack.ask("GET", "/").status == 200)
    reply = stack.ask("POST", PATH, b"x", Prefer="respond-async")
    assert (reply.status, json.loads(reply.body)["code"]) == (503, "unavailable")
    assert int(reply.headers["Retry-After"]) > 0

"""Every way a call in the sandbox can fail is a Problem, is logged and counted; the deadline passes through."""

import os
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import REGISTRY

from mergepoint.kit.dispatch import Answer, server
from mergepoint.kit.options import Options
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded, Sandbox
from mergepoint.kit.sandboxed import TaskSandbox


class WorkOptions(Options):
    what: str


def work(options: WorkOptions) -> Answer:
    match options.what:
        case "spin":
            while True:
                pass
        case "memory":
            return Answer(bytes(1 << 30), "text/plain")
        case "die":
            os._exit(1)
        case "bug":
            raise ZeroDivisionError("secret")
        case "large":
            return Answer(bytes(2000), "text/plain")
    return Answer(options.what.encode(), "text/plain", {"Done": "1"})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(server({"work": work}, most=1000), children=1, memory=64 << 20)
    yield sandbox
    sandbox.close()


def ask(sandbox: Sandbox, what: str) -> Answer:
    return TaskSandbox("toy", sandbox).run("work", WorkOptions(what=what), deadline=0.5)


def count(outcome: str) -> float:
    labels = {"service": "toy", "task": "work", "outcome": outcome}
    return REGISTRY.get_sample_value("mergepoint_sandbox_total", labels) or 0


def test_the_answer_comes_as_it_is(sandbox: Sandbox) -> None:
    assert ask(sandbox, "é") == Answer("é".encode(), "text/plain", {"Done": "1"})


@pytest.mark.parametrize(
    ("what", "code", "outcome"),
    [("memory", "memory_exceeded", "MemoryExceeded"), ("die", "crashed", "Crashed"), ("bug", "crashed", "Crashed")],
)
def test_a_failure_is_a_problem_logged_and_counted(sandbox: Sandbox, what: str, code: str, outcome: str) -> None:
    before = count(outcome)
    with structlog.testing.capture_logs() as lines, pytest.raises(Problem) as refused:
        ask(sandbox, what)
    assert refused.value.code == code
    assert "secret" not in refused.value.detail
    assert count(outcome) == before + 1
    assert [(line["event"], line["outcome"]) for line in lines] == [("sandbox", outcome)]
    assert ask(sandbox, "x").body == b"x"


def test_a_bug_is_told_in_the_log(sandbox: Sandbox) -> None:
    with structlog.testing.capture_logs() as lines, pytest.raises(Problem):
        ask(sandbox, "bug")
    assert "ZeroDivisionError: secret" in lines[0]["detail"]


def test_the_deadline_passes_through(sandbox: Sandbox) -> None:
    before = count("DeadlineExceeded")
    with pytest.raises(DeadlineExceeded):
        ask(sandbox, "spin")
    assert count("DeadlineExceeded") == before + 1


def test_too_much_output_is_a_problem(sandbox: Sandbox) -> None:
    with pytest.raises(Problem) as refused:
        ask(sandbox, "large")
    assert refused.value.code == "output_too_large"


def test_a_sandbox_that_is_full_is_overloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mergepoint.kit.sandbox.pool.START_TIMEOUT", 0.01
    )  # before the first answer a call waits for that
    full = Sandbox(server({"work": work}, most=1), children=0, wait=0.01)
    with pytest.raises(Problem) as refused:
        ask(full, "x")
    assert refused.value.code == "overloaded"
    full.close()

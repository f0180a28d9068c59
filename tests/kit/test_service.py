"""A service is described once: called directly it has no limits, at work its tasks do what the description says."""

from collections.abc import Iterator

import pytest

from mergepoint.kit.dispatch import Answer, dispatch
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded
from mergepoint.kit.sandboxed import TaskSandbox
from mergepoint.kit.service import RunningService, SandboxSetup, Service, Task, find
from tests.kit.toy_service import ShoutOptions, shout


def shout_in_time(sandbox: TaskSandbox, options: ShoutOptions) -> Answer:
    if options.animal == "cat":
        return sandbox.run("hiss", options, deadline=1.0)
    try:
        return sandbox.run("shout", options, deadline=0.2)
    except DeadlineExceeded:
        return Answer(options.text.encode(), "text/plain", {"Mergepoint-Degraded": "deadline"})


def spin_or_shout(options: ShoutOptions) -> Answer:
    while options.text == "spin":
        pass
    return shout(options)


def whisper(options: ShoutOptions) -> Answer:
    return Answer(options.text.lower().encode(), "text/plain")


SERVICE = Service(
    name="toy",
    version="1",
    libraries={},
    tasks={"shout": Task(spin_or_shout, shout_in_time), "whisper": Task(whisper)},
    max_bytes=100,
    health=("shout", ShoutOptions(text="a")),
    sandbox=SandboxSetup(children=1, max_output_bytes=20, functions={"hiss": whisper}),
)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningService]:
    running = SERVICE.start()
    yield running
    running.close()


def test_called_directly_a_task_does_its_work_alone() -> None:
    assert dispatch(SERVICE.functions, "shout", {"text": "a" * 30}).body == b"A" * 30 + b"!"


def test_at_work_a_sandboxed_task_has_a_deadline_and_a_largest_answer(running: RunningService) -> None:
    assert dispatch(running.tasks, "shout", {"text": "a"}).body == b"A!"
    assert dispatch(running.tasks, "shout", {"text": "spin"}).meta == {"Mergepoint-Degraded": "deadline"}
    with pytest.raises(Problem) as refused:
        dispatch(running.tasks, "shout", {"text": "a" * 30})
    assert refused.value.code == "output_too_large"


def test_a_task_that_is_not_sandboxed_is_called_where_it_is(running: RunningService) -> None:
    assert dispatch(running.tasks, "whisper", {"text": "A" * 30}).body == b"a" * 30


def test_children_run_functions_that_no_face_may_call(running: RunningService) -> None:
    assert SERVICE.in_children.keys() == {"shout", "hiss"}
    assert dispatch(running.tasks, "shout", {"text": "A", "animal": "cat"}).body == b"a"
    with pytest.raises(Problem) as refused:
        dispatch(running.tasks, "hiss", {"text": "A"})
    assert refused.value.code == "unknown_task"


def test_health_is_a_call(running: RunningService) -> None:
    running.check()
    call = "shout", ShoutOptions(text="a", animal="cat")
    ill = Service("toy", "1", {}, tasks={"shout": Task(shout)}, max_bytes=1, health=call)
    with pytest.raises(Problem):
        ill.start().check()


@pytest.mark.parametrize("name", ["nothing", "no.thing", "../x", ""])
def test_a_service_that_is_not_installed_is_named(name: str) -> None:
    with pytest.raises(LookupError, match="no service is called"):
        find(name)

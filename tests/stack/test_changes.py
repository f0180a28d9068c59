"""What clients notice, under constant load, while containers come, go and break."""

from collections.abc import Iterator

import pytest

from tests.servers import need, wait_for
from tests.stack.compose import Stack
from tests.stack.load import Caller, Load, Seen, bare, call_slowly, python_client, ruby_client
from tests.stack.processes import kill, processes


@pytest.fixture
def clients(stack: Stack) -> Iterator[list[Caller]]:
    need("ruby")
    with python_client(stack.url) as python, ruby_client(stack.url) as ruby:
        yield [python, ruby]


@pytest.fixture(autouse=True)
def _nginx_stays(stack: Stack) -> Iterator[None]:
    before = stack.started("nginx")
    yield
    assert stack.started("nginx") == before


def highlighted(stack: Stack, container: str) -> float:
    """How many texts the service in *container* has highlighted so far."""
    ask = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8000/metrics').read().decode())"
    lines = stack.execute(container, "python", "-c", ask).stdout.splitlines()
    return sum(float(line.split()[-1]) for line in lines if 'requests_total{endpoint="highlight",' in line)


def test_scaling_fails_no_request_and_all_replicas_work(stack: Stack, clients):
    with Load(*[bare(stack.port)] * 3, *clients) as load:
        stack.up("--scale", "highlight=2")
        replicas = stack.ids("highlight")
        assert len(replicas) == 2
        before = [highlighted(stack, replica) for replica in replicas]
        for replica, count in zip(replicas, before, strict=True):
            wait_for(lambda replica=replica, count=count: highlighted(stack, replica) > count, seconds=30)
        stack.up("--scale", "highlight=1")
        load.go_on()
    assert len(stack.ids("highlight")) == 1
    assert load.failed == []


def test_recreating_the_only_replica_fails_no_client(stack: Stack, clients):
    before = stack.ids("highlight")
    with Load(*[bare(stack.port)] * 3) as load, Load(*clients) as patient:
        stack.up("--force-recreate", "highlight")
        load.go_on()
        patient.go_on()
    assert stack.ids("highlight") != before
    assert [seen for seen in load.failed if not seen.away] == []
    assert patient.failed == []


def test_killed_worker_fails_no_client(stack: Stack, clients):
    """Not even those whose calls it has in its hands."""
    before = processes(stack)["worker"]
    python, ruby = clients
    answers: list[Seen] = []
    with Load(*[bare(stack.port)] * 3) as load:
        threads = [call_slowly(client, answers) for client in (python, python, python, ruby)]
        wait_for(lambda: processes(stack)["straggler"])
        kill(stack, before[:1])
        for thread in threads:
            thread.join()
        load.go_on()
    after = processes(stack)["worker"]
    assert len(after) == len(before)
    assert before[0] not in after
    assert [seen for seen in load.failed if not seen.away] == []
    assert len(answers) == 4
    assert [seen for seen in answers if not seen.well] == []


@pytest.mark.parametrize("kind", ["child", "zygote"])
def test_killed_sandbox_fails_no_request(stack: Stack, kind):
    with Load(*[bare(stack.port)] * 3) as load:
        kill(stack, processes(stack)[kind][:1])
        load.go_on(60)
    assert load.failed == []


def test_service_that_dies_is_started_again(stack: Stack):
    before = stack.started("highlight")
    with Load(*[bare(stack.port)] * 3) as load:
        kill(stack, processes(stack)["master"])
        wait_for(lambda: stack.started("highlight") != before)
        load.go_on()
    assert [seen for seen in load.failed if not seen.away] == []

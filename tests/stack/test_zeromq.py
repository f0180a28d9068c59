"""The profile of the services without HTTP: a broker and two workers, in containers without a network."""

import json
import re
from collections.abc import Iterator

import pytest

from mergepoint.client import Unavailable
from mergepoint.client.zeromq import Client
from tests.contract.faces import client_face
from tests.contract.runner import Case, check, load
from tests.servers import wait_for
from tests.stack.compose import Stack
from tests.stack.relay import Relay

ENTRIES = ["zeromq", "zeromq-highlight", "zeromq-htmldiff"]
SOCKET = "/run/mergepoint/zeromq/clients"


@pytest.fixture(scope="module")
def away(stack: Stack) -> Iterator[Stack]:
    stack.compose("--profile", "zeromq", "build", *ENTRIES, seconds=240)
    stack.up(*ENTRIES)
    yield stack
    stack.compose("rm", "--stop", "--force", *ENTRIES)


@pytest.fixture(scope="module")
def client(away: Stack) -> Iterator[Client]:
    relay = Relay(away.ids("zeromq")[0], SOCKET)
    with Client(relay.address, timeout=30, connect_timeout=10) as client:
        yield client
    relay.close()


@pytest.mark.parametrize("case", load("highlight", "htmldiff"), ids=str)
def test_contract(client: Client, case: Case) -> None:
    check(case, client_face(client))


def test_the_suite_starts_none_of_it(stack: Stack) -> None:
    assert not {*ENTRIES} & {*stack.compose("config", "--services").split()}


@pytest.mark.parametrize("entry", ENTRIES)
def test_it_has_no_rights_no_network_and_no_port(away: Stack, entry: str) -> None:
    container = away.inspect(entry)[0]
    status = away.execute(container["Id"], "cat", "/proc/1/status").stdout
    facts = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    assert "0" not in facts["Uid"].split() + facts["Gid"].split()
    assert {int(facts[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert facts["NoNewPrivs"] == "1"
    host = container["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert not container["NetworkSettings"]["Ports"]
    assert host["ReadonlyRootfs"]
    assert not host["Binds"]
    assert 0 < host["Memory"] <= 2 << 30
    assert 0 < host["PidsLimit"] <= 512
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Config"].keys() >= {"max-size", "max-file"}
    assert container["State"]["Health"]["Status"] == "healthy"


def test_the_socket_is_its_users_alone(away: Stack) -> None:
    shown = away.execute(away.ids("zeromq")[0], "stat", "--format=%a %u", SOCKET, "/run/mergepoint/zeromq").stdout
    assert re.fullmatch(r"(700 10001\n){2}", shown)


def test_a_killed_worker_comes_back_and_a_stopped_one_is_told(away: Stack, client: Client) -> None:
    away.compose("kill", "zeromq-highlight")
    with pytest.raises(Unavailable):
        client.highlight("x")
    assert client.htmldiff("a", "b")
    health = ("python", "-m", "mergepoint.kit.zeromq", "status", "highlight", f"--connect=ipc://{SOCKET}")
    wait_for(lambda: away.execute(away.ids("zeromq")[0], *health).returncode == 1)
    away.up("zeromq-highlight")
    assert client.highlight("x")
    assert json.loads(away.execute(away.ids("zeromq")[0], *health).stdout)["workers"]

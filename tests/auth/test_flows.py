"""Logins at providers that are under way in one browser, and where they lead to."""

import json
import time
from pathlib import Path

import pytest

from mergepoint.auth.errors import InvalidToken
from mergepoint.auth.federation.flows import MAX_FLOWS, Flows
from mergepoint.auth.sessions.targets import MAX_TARGETS, Targets
from mergepoint.auth.signing.tokens import Tokens
from tests.auth.visitors import Clock


@pytest.fixture
def flows(clock: Clock) -> Flows:
    return Flows(Tokens(b"x" * 32, json, clock=clock), b"y" * 32, clock)


def test_a_flow_is_known_again_by_its_state(flows: Flows) -> None:
    flow, token, _ = flows.begin("mock", "/wiki/", "", {})
    assert flows.find(flow.state, token) == flow
    other, _, _ = flows.begin("mock", "/wiki/", "", {})
    assert len({flow.state, flow.nonce, flow.verifier, other.state, other.nonce, other.verifier}) == 6
    for state in (other.state, "", "x" * 22):
        with pytest.raises(InvalidToken):
            flows.find(state, token)


def test_a_flow_takes_ten_minutes_at_most(flows: Flows, clock: Clock) -> None:
    flow, token, _ = flows.begin("mock", "/wiki/", "", {})
    clock.pass_(600)
    assert flows.find(flow.state, token)
    clock.pass_(1)
    with pytest.raises(InvalidToken):
        flows.find(flow.state, token)


def test_there_is_room_for_eight_and_the_oldest_go(flows: Flows) -> None:
    """Also of those that were begun in the same moment."""
    kept = {"bad": "bad"}
    states = []
    for number in range(2 * MAX_FLOWS):
        flow, token, over = flows.begin("mock", "/wiki/", "", kept)
        assert over == (
            ["bad"] if number == 0 else states[: number - MAX_FLOWS + 1][-1:] if number >= MAX_FLOWS else []
        )
        kept = {state: value for state, value in kept.items() if state not in over} | {flow.state: token}
        states.append(flow.state)
    assert list(kept) == states[-MAX_FLOWS:]


def test_eight_cookies_leave_room_for_those_of_applications(flows: Flows) -> None:
    flow, token, _ = flows.begin("p" * 32, "/" + "x" * 199, "s" * 16, {})
    assert MAX_FLOWS * len(f"; __Host-mergepoint-oidc-{flow.state}={token}") < 5000


@pytest.fixture
def targets(tmp_path: Path, clock: Clock) -> Targets:
    return Targets(tmp_path / "targets", clock)


def test_what_is_put_aside_is_found_for_an_hour(targets: Targets, clock: Clock) -> None:
    key = targets.put("/wiki/a b")
    assert key
    assert targets.find(key) == "/wiki/a b"
    clock.pass_(3601)
    assert targets.find(key) is None


@pytest.mark.parametrize("key", ["", "~", "~" + "a" * 22, "~../../../../../etc/x", "~" + "/" * 22, "/wiki/"])
def test_what_is_no_key_finds_nothing(targets: Targets, key: str) -> None:
    assert targets.put("/")
    assert targets.find(key) is None


def test_there_is_only_so_much_room(targets: Targets, tmp_path: Path) -> None:
    first = targets.put("/first")
    assert first
    path = tmp_path / "targets" / first
    for number in range(MAX_TARGETS + 5):
        (path.parent / f"~{number:022}").write_text(f"{time.time()} /x")
    last = targets.put("/last")
    assert last
    assert len(list(path.parent.iterdir())) == MAX_TARGETS
    assert targets.find(last) == "/last"


def test_where_nothing_can_be_kept_there_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "targets").write_text("in the way")
    assert Targets(tmp_path / "targets").put("/wiki/") is None

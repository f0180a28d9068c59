"""What must hold while processes are killed: one answer for each request, right to the byte, or a problem; nothing is
left over afterwards.
"""

import os
from pathlib import Path

import pytest

from tests.kit.zeromq.programs import House
from tests.kit.zeromq.storm import rage
from tests.servers import alive, descendants, wait_for

SAID = {"unavailable", "overloaded", "timeout", "connection_failed"}


@pytest.mark.parametrize(
    ("service", "requests", "seconds", "brokers"),
    [
        pytest.param("htmldiff", 400, 4, 1, id="some"),
        pytest.param("highlight", 2000, 40, 2, id="2000", marks=pytest.mark.long),
    ],
)
def test_each_request_is_answered_once_or_refused_while_processes_are_killed(
    tmp_path: Path, service: str, requests: int, seconds: float, brokers: int
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    house = House(tmp_path)
    try:
        house.have(**{service: 3})
        seen = rage(house, service, requests, seconds=seconds, brokers=brokers)
        print(seen)
        assert seen.wrong == []
        assert seen.answers + sum(seen.problems.values()) == requests
        assert set(seen.problems) <= SAID
        assert seen.answers >= requests * 0.95
        of_house = [pid for each in [*house.workers, house.broker] for pid in descendants(each.process.pid)]
    finally:
        house.close()
    wait_for(lambda: not any(map(alive, of_house)))
    assert len(os.listdir("/proc/self/fd")) == before

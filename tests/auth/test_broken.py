"""An auth service that is slow or broken: nobody passes, everybody is told soon, and what is public goes on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.broken import BROKEN, BrokenPlace, asking_for
from tests.auth.place import POLICIES
from tests.servers import Reply
from tests.stopwatch import Stopwatch

GUARDED = [name for name, policy in POLICIES.items() if policy != "public"]
SOON = 8.0  # seconds
Refusals = Mapping[str, list[tuple[str, float, Reply]]]


@pytest.fixture(scope="module")
def broken_place(nginx_present: None) -> Iterator[BrokenPlace]:
    place = BrokenPlace()
    place.start()
    yield place
    place.stop()


@pytest.fixture(scope="module")
def refusals(broken_place: BrokenPlace) -> Refusals:
    """What a program and a browser get at each guarded location of each broken auth; all at once, since some wait."""
    visits = [(one, name, sent) for one in BROKEN for name in GUARDED for sent in asking_for(one)]
    found = defaultdict(list)
    with ThreadPoolExecutor(80) as pool:
        replies = pool.map(lambda visit: timed(broken_place, *visit[1:]), visits)
        for (behaviour, name, _), (seconds, reply) in zip(visits, replies, strict=True):
            found[behaviour].append((name, seconds, reply))
    return found


def timed(place: BrokenPlace, name: str, headers: Mapping[str, str]) -> tuple[float, Reply]:
    with Stopwatch() as watch:
        reply = place.request("GET", f"/{name}/page", None, headers)
    return watch.seconds, reply


@pytest.mark.parametrize("behaviour", BROKEN)
def test_a_slow_or_broken_auth_lets_nobody_pass(refusals: Refusals, behaviour: str) -> None:
    assert len(refusals[behaviour]) == 2 * len(GUARDED)
    for name, seconds, reply in refusals[behaviour]:
        assert reply.status == 503, name
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.headers["Retry-After"]
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.json["code"] == "unavailable"
        assert seconds < SOON


def test_the_application_is_not_even_asked(broken_place: BrokenPlace, refusals: Refusals) -> None:
    assert refusals
    assert broken_place.application.seen == []


@pytest.mark.parametrize("behaviour", ["never answers", "answers a byte a second", "sends garbage", "is at fault"])
def test_what_is_public_goes_on_without_auth(broken_place: BrokenPlace, refusals: Refusals, behaviour: str) -> None:
    asked = len(broken_place.broken.asked)
    for sent in asking_for(behaviour):
        seconds, reply = timed(broken_place, "open", sent)
        assert reply.status == 200
        assert seconds < 1
    assert len(broken_place.broken.asked) == asked
    assert broken_place.request("GET", "/").status == 200

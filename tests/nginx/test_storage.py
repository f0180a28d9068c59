"""What is stored, for how long, and what is told of it."""

import time
from collections.abc import Iterator

import pytest

from tests.nginx.gateway import Answer, Gateway, fresh
from tests.servers import wait_for

# target → what it is asked with: an age is a matter of seconds, so all grow old together, once.
BRIEF = "max-age=1"
BRIEF_THEN_STALE = "max-age=1, stale-while-revalidate=1"
LONG_STALE = "max-age=1, stale-while-revalidate=60"


def twice(gateway: Gateway, target: str) -> tuple[Answer, Answer]:
    return gateway.post(target, b"x"), gateway.post(target, b"x")


@pytest.mark.parametrize("status", [400, 404, 413, 422, 500, 503])
@pytest.mark.parametrize("keep", ["no-store", "public, max-age=60"])
def test_an_error_is_never_stored(gateway: Gateway, status: int, keep: str):
    for answer in twice(gateway, f"/highlight?do=error&status={status}&keep={keep.replace(' ', '%20')}&{fresh()}"):
        assert answer.headers["Cache-Status"] == "mergepoint; fwd=miss"
        assert answer.status == status


def test_a_degraded_answer_is_never_stored(gateway: Gateway):
    for answer in twice(gateway, f"/highlight?do=degraded&{fresh()}"):
        assert not answer.hit
        assert answer.headers["Mergepoint-Degraded"] == "deadline"


@pytest.mark.parametrize("keep", ["no-store", "no-cache", "private", "max-age=0", "x"])
def test_only_what_the_service_allows_is_stored(gateway: Gateway, keep: str):
    assert not any(answer.hit for answer in twice(gateway, f"/highlight?keep={keep}&{fresh()}"))


def test_a_cookie_is_neither_stored_nor_passed_on(gateway: Gateway):
    for answer in twice(gateway, f"/highlight?do=cookie&{fresh()}"):
        assert not answer.hit
        assert "Set-Cookie" not in answer.headers


def test_a_service_cannot_steer_nginx(gateway: Gateway):
    for answer in twice(gateway, f"/highlight?do=accel&{fresh()}"):
        assert not answer.hit
        assert answer.json["method"] == "POST"
        assert not [name for name in answer.headers if name.lower().startswith("x-accel")]


def test_health_is_never_stored(gateway: Gateway):
    for path in ("/health", "/highlight/health"):
        assert [gateway.get(path).hit for _ in range(2)] == [False, False]


def test_a_hit_is_told_as_it_was_but_for_what_belongs_to_one_request(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    miss, hit = gateway.stored("POST", target), gateway.post(target, b"x")
    same = ("Content-Type", "ETag", "Cache-Control", "Vary", "Content-Length")
    assert [miss.headers[name] for name in same] == [hit.headers[name] for name in same]
    assert miss.headers["Server-Timing"] == "app;dur=1"
    assert hit.headers["Server-Timing"] is None
    assert miss.headers["X-Request-Id"] != hit.headers["X-Request-Id"]


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_a_client_that_knows_a_stored_answer_gets_304(gateway: Gateway, method: str):
    target = f"/highlight?{fresh()}"
    tag = gateway.stored(method, target).headers["ETag"]
    answer = gateway.request(method, target, b"x", {"If-None-Match": tag})
    assert (answer.status, answer.body) == (304, b"")
    assert answer.hit
    assert answer.headers["ETag"] == tag


class Aged:
    """Answers of version 1, three seconds after they were stored, when the service is version 2."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.targets = {
            name: f"/highlight?keep={keep.replace(' ', '%20')}&{fresh()}"
            for name, keep in {
                "brief": BRIEF,
                "brief then stale": BRIEF_THEN_STALE,
                "long stale": LONG_STALE,
                "shared": "max-age=3600, s-maxage=1",
                "long": "max-age=60",
            }.items()
        }
        for target in self.targets.values():
            assert gateway.stored("POST", target).json["version"] == "1"
        gateway.control(version="2")
        time.sleep(3.2)  # nginx counts in whole seconds: 1 fresh, 1 stale, and the one that has begun

    def ask(self, name: str) -> Answer:
        return self.gateway.post(self.targets[name], b"x")


@pytest.fixture(scope="module")
def aged(gateway: Gateway) -> Iterator[Aged]:
    yield Aged(gateway)
    gateway.control(version="1")


@pytest.mark.parametrize("name", ["brief", "brief then stale", "shared"])
def test_a_new_version_of_the_service_is_not_answered_by_its_predecessor(aged: Aged, name: str):
    assert aged.ask(name).json["version"] == "2"


def test_within_stale_while_revalidate_the_old_answer_is_given_while_the_new_one_is_fetched(aged: Aged):
    first = aged.ask("long stale")
    assert first.headers["Cache-Status"] == "mergepoint; hit; detail=stale"
    assert first.json["version"] == "1"
    wait_for(lambda: aged.ask("long stale").json["version"] == "2", seconds=5)


def test_a_fresh_answer_is_given_whatever_the_version(aged: Aged):
    assert aged.ask("long").json["version"] == "1"


def test_an_unchanged_answer_is_revalidated_without_its_body(gateway: Gateway):
    word = fresh()
    target = f"/highlight?keep={BRIEF}&{word}"
    tag = gateway.stored("POST", target).headers["ETag"]
    answers = [gateway.post(target, b"x")]
    while answers[-1].headers["Cache-Status"] == "mergepoint; hit":
        assert len(answers) < 50
        time.sleep(0.1)
        answers.append(gateway.post(target, b"x"))
    answer = answers[-1]
    assert answer.headers["Cache-Status"] == "mergepoint; fwd=stale; fwd-status=304"
    assert answer.status == 200
    assert answer.headers["Server-Timing"] is None
    *storing, revalidating = [request["headers"].get("If-None-Match") for request in gateway.seen(word)]
    assert set(storing) == {None}  # more than one if the first was still being stored
    assert revalidating == tag
    assert gateway.post(target, b"x").hit

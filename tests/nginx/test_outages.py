"""A service that is down, slow or rude is 503 with Retry-After at worst, and often nobody notices."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.nginx.gateway import SERVICES, Answer, Gateway, converse, fresh, is_problem
from tests.servers import wait_for
from tests.stopwatch import Stopwatch


@pytest.fixture(scope="module")
def shaky(make_gateway: Callable[..., Gateway]) -> Gateway:
    return make_gateway(MERGEPOINT_LIMITS="off")


@pytest.fixture
def without_service(shaky: Gateway) -> Iterator[Gateway]:
    shaky.stop_stub()
    yield shaky
    shaky.start_stub()


def is_unavailable(answer: Answer) -> bool:
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return is_problem(answer, 503, "unavailable")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "QUERY"])
@pytest.mark.parametrize("path", ["/highlight", "/highlight/batch", "/highlight/languages", "/highlight/health"])
def test_a_service_that_is_down_is_unavailable(without_service: Gateway, method: str, path: str):
    answer = without_service.request(method, f"{path}?{fresh()}", None if method in ("GET", "HEAD") else b"x")
    if answer.status != 405:
        assert answer.status == 503
        assert method == "HEAD" or is_unavailable(answer)


def test_health_tells_that_a_service_is_down(without_service: Gateway):
    answer = without_service.get("/health")
    assert answer.status == 503
    assert answer.json["services"] == {name: {"status": "unavailable"} for name in SERVICES}


def test_pages_need_no_service(without_service: Gateway):
    assert without_service.get("/").status == 200


def test_an_answer_that_is_known_outlives_its_service(shaky: Gateway):
    target = f"/highlight?keep=max-age=1&{fresh()}"
    known = shaky.stored("POST", target)
    shaky.stop_stub()
    try:
        wait_for(lambda: shaky.post(target, b"x").headers["Cache-Status"] == "mergepoint; hit; detail=stale")
        answer = shaky.post(target, b"x")
    finally:
        shaky.start_stub()
    assert (answer.status, answer.body) == (200, known.body)


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_a_service_that_hangs_up_is_asked_again(shaky: Gateway, method: str):
    word = fresh()
    answer = shaky.request(method, f"/highlight?do=close-once&{word}", b"x")
    assert (answer.status, answer.json["method"]) == (200, method)
    assert len(shaky.seen(word)) == 2


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_a_service_that_always_hangs_up_is_unavailable(shaky: Gateway, method: str):
    word = fresh()
    assert is_unavailable(shaky.request(method, f"/highlight?do=close&{word}", b"x"))
    assert len(shaky.seen(word)) >= 2


def test_a_kept_connection_that_the_service_has_closed_is_no_error(shaky: Gateway):
    """As gunicorn does when a worker ends: just after an answer, or after a while without requests."""

    def write(writer: int) -> set[int]:
        targets = [f"/highlight?do={'hang-up' if number % 2 else ''}&{fresh()}" for number in range(200)]
        with contextlib.closing(shaky.connect()) as connection:
            return {converse(connection, "POST", target, b"x").status for target in targets}

    with ThreadPoolExecutor(8) as writers:
        assert set.union(*writers.map(write, range(8))) == {200}


def test_many_kept_connections_that_were_closed_at_once_are_no_error(shaky: Gateway):
    with ThreadPoolExecutor(20) as writers:
        list(writers.map(lambda _: shaky.post(f"/highlight?do=slow&seconds=0.2&{fresh()}", b"x"), range(20)))
    shaky.stop_stub()
    shaky.start_stub()
    assert {shaky.post(f"/highlight?{fresh()}", b"x").status for _ in range(40)} == {200}


def test_a_restart_under_load_gives_answers_or_503_with_retry_after(shaky: Gateway):
    ended = threading.Event()
    answers: list[Answer] = []

    def write(_: int) -> None:
        while not ended.is_set():
            answers.append(shaky.post(f"/highlight?do=slow&seconds=0.02&{fresh()}", b"x"))

    def wait_for_more(count: int) -> None:
        before = len(answers)
        wait_for(lambda: len(answers) > before + count)

    with ThreadPoolExecutor(4) as writers:
        running = writers.map(write, range(4))
        for _ in range(3):
            wait_for_more(20)
            shaky.stop_stub()
            wait_for_more(5)
            shaky.start_stub()
        ended.set()
        list(running)
    assert {answer.status for answer in answers} == {200, 503}
    assert all(is_unavailable(answer) for answer in answers if answer.status == 503)


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_half_an_answer_is_not_taken_for_a_whole_one(shaky: Gateway, method: str):
    target = f"/highlight?do=truncate&{fresh()}"
    for _ in range(2):
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            shaky.request(method, target, b"x")


def test_a_service_that_is_too_slow_is_unavailable(shaky: Gateway):
    word = fresh()
    with Stopwatch() as watch:
        assert is_unavailable(shaky.post(f"/highlight?do=slow&seconds=30&{word}", b"x"))
    assert watch.wall > 15
    assert watch.seconds < 25
    assert len(shaky.seen(word)) == 1  # not asked again: it would only do the same work twice


def test_whoever_operates_this_is_told_which_service_failed(without_service: Gateway):
    request_id = fresh()
    without_service.post("/highlight", b"x", {"X-Request-Id": request_id})
    wait_for(lambda: len(without_service.logged(request_id)) == 2)
    (failed,) = (line for line in without_service.logged(request_id) if line.get("event") == "upstream_failed")
    assert failed["service"] == "highlight"
    assert failed["upstream"].startswith("unix:")
    assert "502" in failed["upstream_status"]

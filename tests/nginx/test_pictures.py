"""Pictures through nginx: bodies of 25 MB, Accept in a few classes, links that are signed as they are sent."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.nginx.gateway import Gateway, fresh, is_problem
from tests.servers import wait_for

PICTURE = 25 * 1024 * 1024  # of snippets/policies/picture.conf
BOTH, AVIF, WEBP, NEITHER = "image/avif,image/webp", "image/avif", "image/webp", "*/*"


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", BOTH),
        ("image/webp;q=0.9, image/avif;q=0.1", "image/webp,image/avif;q=0.9"),
        ("image/avif;q=0.5, image/webp;q=0.5, */*", BOTH),
        ("image/jpeg, image/avif;q=0.5", "image/jpeg,image/avif;q=0.9"),
        ("image/png, image/avif", AVIF),
        ("IMAGE/WEBP,*/*", WEBP),
        ("text/html,image/avif", AVIF),
        ("image/avif;q=0,image/webp", WEBP),
        ("image/avif; q=0.000 ,image/webp;q=0", NEITHER),
        ("image/*", NEITHER),
        ("", NEITHER),
        ("text/html", NEITHER),
        ("image/webpx", NEITHER),
        ("image/avif-sequence, */*;q=0.8", NEITHER),
        ("image/avif;v=b3;q=0, image/webp;q=1", WEBP),
        ("image/avif;q=0.001", AVIF),
        (",;image/avif;;q=,,", NEITHER),
        ("image/avif" * 50, NEITHER),
    ],
)
def test_accept_is_told_to_the_service_in_as_few_words_as_matter(gateway: Gateway, accept: str, given: str) -> None:
    word = fresh()
    gateway.post(f"/thumbnail?{word}", b"x", {"Accept": accept})
    assert gateway.seen(word)[0]["headers"]["Accept"] == given


def test_readers_that_take_the_same_share_an_answer_and_others_do_not(gateway: Gateway) -> None:
    target = f"/thumbnail?{fresh()}"
    gateway.stored("POST", target, b"x", {"Accept": "image/webp,*/*"})
    assert gateway.post(target, b"x", {"Accept": "text/html, image/webp"}).hit
    assert not gateway.post(target, b"x", {"Accept": "*/*"}).hit
    assert not gateway.post(target, b"x", {"Accept": BOTH}).hit


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize("path", ["/thumbnail", "/thumbnail/info", "/thumbnail/set"])
def test_a_picture_may_have_25_mb_and_is_known_by_all_of_it(gateway: Gateway, method: str, path: str) -> None:
    body, target = os.urandom(PICTURE), f"{path}?{fresh()}"
    first = gateway.stored(method, target, body)
    assert gateway.request(method, target, body).json["sha256"] == first.json["sha256"]
    assert gateway.request(method, target, body[:-1] + b"\0").json["sha256"] != first.json["sha256"] or body[-1] == 0
    assert is_problem(gateway.request(method, target, body + b"x"), 413, "body_too_large")


@pytest.mark.parametrize(
    "rest",
    [
        "w:30/plain/http://example.com//a//b.jpg", "w:30/plain/http%3A%2F%2Fexample.com%2Fa%252Fb", "/w:30/x",
        "w:30//x", "w:30/plain/http://example.com/a/../b/./c", "w:30/plain/local:///a%20b%C3%A9@png",
        "rs:fill:3/aHR0/cDov.png", "w:30/plain/http://example.com/a;b=c,d!$&'()*+", "w:30/plain/http://example.com/%2e%2e/%00",
    ],
)  # fmt: skip
def test_a_link_reaches_the_service_as_it_was_sent(gateway: Gateway, rest: str) -> None:
    target = f"/thumbnail/{fresh()}/{rest}"
    answer = gateway.get(target)
    if "%00" in rest:  # nginx itself reads no path with a zero
        assert answer.status == 400
        return
    assert answer.status == 200, answer.body
    assert gateway.seen(target.split("/")[2])[0]["target"] == target


@pytest.mark.parametrize(
    "target", ["/thumbnail/", "/thumbnail/x", "/thumbnail//x/y", "//thumbnail/x/y", "/x/../thumbnail/y/z"]
)
def test_what_is_no_link_is_not_found(gateway: Gateway, target: str) -> None:
    assert is_problem(gateway.get(target), 404, "not_found")


def test_a_link_does_not_lead_out_of_its_service(gateway: Gateway) -> None:
    word = fresh()
    for target in (f"/thumbnail/x/../../highlight?{word}", f"/thumbnail/{word}/..%2f..%2fmetrics"):
        gateway.get(target)
        for request in gateway.seen(word):
            assert request["target"].startswith("/thumbnail/") or request["target"].startswith("/highlight")
    assert b"secret" not in gateway.get(f"/thumbnail/{word}/../../metrics").body


def test_the_query_of_a_link_makes_no_other_answer(gateway: Gateway) -> None:
    link = f"/thumbnail/{fresh()}/w:30/x"
    gateway.stored("GET", link, None)
    assert gateway.get(f"{link}?utm_source=x").hit


def test_a_link_is_the_same_to_every_reader(gateway: Gateway) -> None:
    link = f"/thumbnail/{fresh()}/w:30/x"
    gateway.stored("GET", link, None)
    for headers in ({"Accept": BOTH}, {"Cookie": "a=b"}, {"Authorization": "x"}, {"Accept-Language": "de"}):
        assert gateway.get(link, headers).hit


def test_a_link_is_kept_as_long_as_it_says_and_no_moment_longer(gateway: Gateway) -> None:
    link = f"/thumbnail/{fresh()}/exp:1/x"
    first = gateway.get(f"{link}?keep=public,max-age=1")
    assert first.status == 200
    wait_for(lambda: gateway.get(link).hit)
    time.sleep(2.1)
    gateway.stop_stub()
    try:
        assert gateway.get(link).status == 503
    finally:
        gateway.start_stub()


def test_the_same_link_at_once_is_made_once(gateway: Gateway) -> None:
    word = fresh()
    link = f"/thumbnail/{word}/w:30/x?do=slow&seconds=0.7"
    with ThreadPoolExecutor(6) as readers:
        answers = list(readers.map(lambda _: gateway.get(link), range(6)))
    assert {answer.status for answer in answers} == {200}
    assert len(gateway.seen(word)) == 1


def test_withdrawn_keys_take_with_them_what_they_signed(make_gateway: Callable[..., Gateway]) -> None:
    link = f"/thumbnail/{fresh()}/w:30/x"
    gateway = make_gateway(MERGEPOINT_LIMITS="off", THUMBNAIL_KEYS="aa,bb", THUMBNAIL_SALTS="aa,bb")
    gateway.stored("GET", link, None)
    gateway.nginx.terminate()
    gateway.nginx.wait(10)
    gateway.stop_stub()
    gateway.environment |= {"THUMBNAIL_KEYS": "bb", "THUMBNAIL_SALTS": "bb"}
    gateway.start()
    assert not gateway.get(link).hit


def test_a_link_does_not_take_other_methods(gateway: Gateway) -> None:
    assert gateway.post(f"/thumbnail/{fresh()}/w:30/x", b"x").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert gateway.get("/thumbnail").headers["Allow"] == "POST, QUERY, OPTIONS"

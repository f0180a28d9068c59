"""The line in front of the password check, fair by network, and the room for all who log in."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.errors import Overloaded
from mergepoint.auth.limits.hash_queue import HashQueue
from mergepoint.auth.limits.login_slots import LoginSlots
from tests.auth.visitors import PASSWORD, Browser, make


def in_line(queue: HashQueue, network: str, seconds: float, done: list[str]) -> threading.Thread:
    def work() -> None:
        try:
            with queue.slot(network):
                time.sleep(seconds)
            done.append(network)
        except Overloaded:
            done.append(f"{network} overloaded")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def finish(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize(("own", "expected"), [(None, 2), (2, 2), (1, 1)])
def test_two_at_a_time_the_others_wait(own: int | None, expected: int) -> None:
    queue, most, inside, lock = HashQueue(per_process=own), [0], [0], threading.Lock()

    def work() -> None:
        with queue.slot("x"):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    finish(threads)
    assert most[0] == expected


def test_the_line_is_fair_by_network() -> None:
    queue, done = HashQueue(slots=1), list[str]()
    threads = [in_line(queue, "flood", 0.03, done) for _ in range(10)]
    time.sleep(0.01)
    threads.append(in_line(queue, "somebody", 0.0, done))
    finish(threads)
    assert done.index("somebody") <= 3


def test_who_waits_too_long_is_told_so() -> None:
    queue, done = HashQueue(slots=1, timeout=0.1), list[str]()
    threads = [in_line(queue, "x", 0.3, done), in_line(queue, "y", 0, done)]
    finish(threads)
    assert sorted(done) == ["x", "y overloaded"] or sorted(done) == ["x overloaded", "y"]


def test_the_line_is_one_for_all_processes_and_the_dead_leave_it() -> None:
    queue = HashQueue(slots=1, timeout=0.2)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            with queue.slot("child"):
                os.write(write, b"x")
                time.sleep(60)
        finally:
            os._exit(0)
    os.read(read, 1)
    with pytest.raises(Overloaded), queue.slot("parent"):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with queue.slot("parent"):
        pass
    os.close(read)
    os.close(write)


def test_a_full_line_is_503_and_says_when_to_come_back(auth: Auth, app: Flask) -> None:
    make(auth)
    auth.login._hash_queue = full = HashQueue(slots=1, timeout=0.05)
    release = held(full)
    reply = app.test_client().post("/auth/login", json={"login": "ada", "password": PASSWORD})
    release()
    assert (reply.status_code, reply.get_json()["code"]) == (503, "overloaded")
    assert reply.headers["Retry-After"]


def held(queue: HashQueue) -> Callable[[], None]:
    taken, over = threading.Event(), threading.Event()

    def hold() -> None:
        with queue.slot("x"):
            taken.set()
            over.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(10)

    def release() -> None:
        over.set()
        thread.join()

    return release


def test_a_browser_sees_the_page_again(auth: Auth, browser: Browser) -> None:
    make(auth)
    auth.login._hash_queue = full = HashQueue(slots=1, timeout=0.05)
    release = held(full)
    reply = browser.log_in()
    release()
    assert reply.status_code == 503
    assert "too many people" in reply.text.lower()


def test_who_logs_in_takes_no_more_than_three_quarters_of_the_threads() -> None:
    slots = LoginSlots(threads=32)
    with contextlib.ExitStack() as inside:
        for number in range(24):
            inside.enter_context(slots.slot(f"network {number}"))
        with pytest.raises(Overloaded), slots.slot("another"):
            pass
    with slots.slot("another"):
        pass


def test_a_flood_from_some_networks_leaves_room_for_others() -> None:
    slots = LoginSlots(threads=32)
    with contextlib.ExitStack() as inside:
        taken = 0
        with contextlib.suppress(Overloaded):
            while taken < 24:
                inside.enter_context(slots.slot(f"flood {taken % 4}"))
                taken += 1
        assert taken == 20
        for number in range(4):
            inside.enter_context(slots.slot(f"somebody {number}"))


def test_while_many_are_refused_decisions_are_made(evenly: Auth, app: Flask) -> None:
    evenly.login._slots = LoginSlots(threads=4)
    with ThreadPoolExecutor(12) as pool:
        body = {"login": "nobody", "password": "wrong password"}
        statuses = list(pool.map(lambda _: app.test_client().post("/auth/login", json=body).status_code, range(12)))
    assert {*statuses} == {401, 503}
    assert statuses.count(401) <= 3

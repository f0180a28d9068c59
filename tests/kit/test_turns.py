"""Items go to whoever has waited longest, and none is lost on the way."""

import queue
import signal
import threading
import time

import pytest

from mergepoint.kit.sandbox.fair_pool import FairPool
from tests.servers import wait_for


def test_what_is_given_can_be_taken_once() -> None:
    turns: FairPool[str] = FairPool()
    turns.give("a")
    assert turns.free() == ("a",)
    assert turns.take(0) == "a"
    with pytest.raises(queue.Empty):
        turns.take(0)


def test_who_came_first_is_served_first() -> None:
    turns: FairPool[int] = FairPool()
    served: list[tuple[int, int]] = []
    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=lambda n=number: served.append((n, turns.take(9)))))
        threads[-1].start()
        wait_for(lambda n=number: len(turns._waiting) == n + 1)
    for number in range(5):
        turns.give(number)
        wait_for(lambda n=number: len(served) == n + 1)
    assert served == [(n, n) for n in range(5)]


def test_whoever_gave_up_gets_nothing() -> None:
    turns: FairPool[str] = FairPool()
    began = time.monotonic()
    with pytest.raises(queue.Empty):
        turns.take(0.05)
    assert time.monotonic() - began >= 0.05
    turns.give("a")
    assert turns.free() == ("a",)


def test_an_interrupted_wait_loses_nothing() -> None:
    class Interrupt(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupt

    turns: FairPool[str] = FairPool()
    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Interrupt):
            turns.take(9)
    finally:
        signal.signal(signal.SIGALRM, previous)
    turns.give("a")
    assert turns.take(0) == "a"


def test_none_is_lost_between_giving_up_and_being_served() -> None:
    turns: FairPool[str] = FairPool()
    turns.give("a")
    ends = time.monotonic() + 0.5

    def take_and_give() -> None:
        while time.monotonic() < ends:
            try:
                item = turns.take(0.0001)
            except queue.Empty:
                continue
            time.sleep(0.0001)
            turns.give(item)

    threads = [threading.Thread(target=take_and_give) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert turns.free() == ("a",)

"""Work that takes too long is given up, and what was done before it is not lost."""

import time

import pytest

from mergepoint.kit.patience import TooSlow, patience


def spin(seconds: float) -> None:
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass


def test_what_takes_longer_is_given_up() -> None:
    began = time.process_time()
    with pytest.raises(TooSlow), patience(0.02):
        spin(5)
    assert time.process_time() - began < 0.1


def test_what_is_done_in_time_is_let_be() -> None:
    with patience(0.02):
        spin(0.001)
    spin(0.05)


def test_time_that_is_only_waited_does_not_count() -> None:
    with patience(0.01):
        time.sleep(0.05)


def test_without_time_nothing_begins() -> None:
    with pytest.raises(TooSlow), patience(0):
        pytest.fail("began")

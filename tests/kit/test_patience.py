"""Work that takes too long is given up, and what was done before it is not lost."""

import signal
import time

import pytest

from mergepoint.kit.sandbox.timer import TimeLimitExceeded, time_limit

ENOUGH = 60.0


def spin(seconds: float) -> None:
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass


def test_what_takes_more_of_the_processor_is_given_up() -> None:
    began = time.process_time()
    with pytest.raises(TimeLimitExceeded), time_limit(0.02, ENOUGH):
        spin(5)
    assert time.process_time() - began < 0.1


def test_so_is_what_takes_longer_because_others_have_it() -> None:
    began = time.monotonic()
    with pytest.raises(TimeLimitExceeded), time_limit(ENOUGH, 0.02):
        time.sleep(5)
    assert time.monotonic() - began < 1


def test_what_is_done_in_time_is_let_be() -> None:
    with time_limit(0.02, 0.5):
        spin(0.001)
    spin(0.05)
    time.sleep(0.6)


def test_it_is_given_up_once() -> None:
    for _ in range(50):
        with pytest.raises(TimeLimitExceeded), time_limit(0.001, 0.001):
            spin(5)
        spin(0.002)


@pytest.mark.parametrize("times", [(0, 1), (1, 0), (-1, 1)])
def test_without_time_nothing_begins(times: tuple[float, float]) -> None:
    with pytest.raises(TimeLimitExceeded), time_limit(*times):
        pytest.fail("began")


def test_an_alarm_that_was_set_comes_nevertheless(request: pytest.FixtureRequest) -> None:
    rang: list[float] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(time.monotonic()))
    request.addfinalizer(lambda: signal.signal(signal.SIGALRM, before))
    for _ in range(40):  # the machine may be shared
        rang.clear()
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(TimeLimitExceeded), time_limit(ENOUGH, 0.02):
            time.sleep(5)
        time.sleep(0.2)
        [at] = rang
        assert at - began >= 0.1
        if at - began < 0.2:
            return
    pytest.fail(f"it came after {at - began:.2f} s")

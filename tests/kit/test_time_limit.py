"""A time limit counts work; what passes meanwhile is bounded too."""

import pytest

from mergepoint.kit.sandbox.time_limit import LONGEST, TimeLimit, longest


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("seconds", "most"), [(0.1, 0.5), (2.0, 10.0), (5.0, LONGEST), (12.0, 12.0)])
def test_five_times_as_much_may_pass_and_ten_seconds_at_most(seconds: float, most: float) -> None:
    assert longest(seconds) == pytest.approx(most)


def test_time_passes_from_the_first_call_on() -> None:
    clock = Clock()
    limit = TimeLimit(1.0, clock=clock)
    clock.now = 7
    assert limit.wall == 5
    limit.begin()
    clock.now = 8
    limit.begin()
    assert (limit.wall, limit.processor, limit.over) == (4, 1, False)
    clock.now = 12
    assert limit.over


def test_a_part_spends_of_the_whole_and_ends_with_it() -> None:
    clock = Clock()
    whole = TimeLimit(1.0, clock=clock)
    first = whole.part(0.6)
    first.begin()
    first.spend(0.6)
    assert first.over
    assert whole.processor == pytest.approx(0.4)
    second = whole.part(0.6)
    assert second.processor == pytest.approx(0.4)
    clock.now = 4.5
    assert second.wall == 0.5


def test_a_last_call_has_what_is_left_or_its_least() -> None:
    clock = Clock()
    limit = TimeLimit(1.0, clock=clock)
    limit.begin()
    limit.spend(0.95)
    clock.now = 4.9
    last = limit.or_at_least(0.2)
    assert (last.processor, last.wall) == (0.2, 1.0)
    assert limit.or_at_least(0.01).processor == pytest.approx(0.05)

import difflib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergepoint.htmldiff import diff
from mergepoint.htmldiff.matching import sequences
from mergepoint.htmldiff.matching.cleanup import semantic_cleanup
from mergepoint.htmldiff.matching.sequences import common_ends
from tests.fuzzing import fuzz

few = st.lists(st.sampled_from("abc"), max_size=40)
many = fuzz(500)


def longest(old, new) -> int:
    """Return the length of the longest common subsequence, by the book."""
    row = [0] * (len(new) + 1)
    for item in old:
        before = row[:]
        for place, other in enumerate(new):
            row[place + 1] = before[place] + 1 if item == other else max(before[place + 1], row[place])
    return row[-1]


def kept(script) -> int:
    return sum(step.old_end - step.old_start for step in script if step.tag == "equal")


def assert_makes_new_of_old(script, old, new):
    made, i, j = [], 0, 0
    for tag, old_start, old_end, new_start, new_end in script:
        assert (old_start, new_start) == (i, j)
        i, j = old_end, new_end
        made += old[old_start:old_end] if tag == "equal" else new[new_start:new_end]
        if tag == "equal":
            assert old[old_start:old_end] == new[new_start:new_end]
        else:
            assert tag == ("insert" if i == old_start else "delete" if j == new_start else "replace")
    assert (i, j) == (len(old), len(new))
    assert made == list(new)


@many
@given(few, few)
def test_scripts_are_right_and_minimal(old, new):
    script = diff(old, new)
    assert_makes_new_of_old(script, old, new)
    assert kept(script) == longest(old, new)


@pytest.mark.parametrize("vocabulary", [2, 20, 5000])
def test_scripts_of_two_thousand_items_are_minimal(vocabulary):
    chance = random.Random(vocabulary)
    old = [chance.randrange(vocabulary) for _ in range(1200)]
    new = [
        chance.randrange(vocabulary) if chance.random() < 0.2 else item
        for item in old
        for _ in range(chance.randrange(3))
    ]
    script = diff(old, new[:2000])
    assert_makes_new_of_old(script, old, new[:2000])
    assert kept(script) == longest(old, new[:2000])


def test_large_scripts_are_hardly_longer_than_minimal_ones(monkeypatch):
    chance = random.Random(1)
    old = [chance.randrange(300) for _ in range(1500)]
    new = [chance.randrange(300) if chance.random() < 0.03 else item for item in old]
    monkeypatch.setattr(sequences, "EXACT_PAIRS", 100 * 100)
    script = diff(old, new)
    assert_makes_new_of_old(script, old, new)
    changes = len(old) - longest(old, new)
    assert len(old) - kept(script) <= changes * 1.05


@fuzz(500)
@given(st.lists(st.integers(0, 3), max_size=60), st.lists(st.integers(0, 3), max_size=60))
def test_cut_scripts_are_right(old, new):
    before = sequences.EXACT_PAIRS, sequences.MOST_PAIRS, sequences.SHORT
    sequences.EXACT_PAIRS, sequences.MOST_PAIRS, sequences.SHORT = 16, 64, 0
    try:
        assert_makes_new_of_old(diff(old, new), old, new)
    finally:
        sequences.EXACT_PAIRS, sequences.MOST_PAIRS, sequences.SHORT = before


class Event(tuple):
    """Hashes like all others: only equality tells."""

    def __hash__(self) -> int:
        return 1


def test_equality_counts_not_the_hash():
    old = [Event((number,)) for number in range(5)]
    new = [Event((number,)) for number in (0, 9, 2, 3, 8)]
    assert kept(diff(old, new)) == 3


def test_anything_hashable_will_do():
    old = [("start", "b"), "text", 1, None, frozenset((2,))]
    new = [("start", "i"), "text", 1, frozenset((2,))]
    assert [step.tag for step in diff(old, new)] == ["replace", "equal", "delete", "equal"]
    assert diff(iter(old), iter(old)) == [("equal", 0, 5, 0, 5)]
    assert diff([], []) == []


def test_steps_read_like_difflibs():
    old, new = "private Thread", "private volatile Thread"
    assert diff(old, new) == difflib.SequenceMatcher(None, old, new).get_opcodes()


def test_weak_items_go_with_the_changes_around_them():
    old, new = ["cat", "of", "spain"], ["dog", "of", "france"]
    script = semantic_cleanup(diff(old, new), lambda start, end: old[start:end] == ["of"])
    assert script == [("replace", 0, 3, 0, 3)]


@many
@given(few, few)
def test_common_ends_are_the_longest(old, new):
    head, tail = common_ends(old, new)
    shorter = min(len(old), len(new))
    assert old[:head] == new[:head]
    assert head == shorter or old[head] != new[head]
    assert old[len(old) - tail :] == new[len(new) - tail :]
    assert head + tail == shorter or old[-1 - tail] != new[-1 - tail]


@pytest.mark.parametrize("seed", range(50))
def test_common_ends_of_long_sequences(seed):
    chance = random.Random(seed)
    old = "a" * chance.randrange(500)
    place = chance.randrange(len(old) + 1)
    new = old[:place] + "b" + old[place:]
    assert common_ends(old, new) == (place, len(old) - place)

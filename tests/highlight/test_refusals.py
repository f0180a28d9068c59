"""A bad request is refused before any clock runs; what is merely nice costs next to nothing."""

import json
import random
import statistics
import string
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mergepoint.highlight import lexers, stylesheets
from mergepoint.highlight.options import BatchOptions, HighlightOptions
from mergepoint.highlight.tasks import highlight
from mergepoint.kit.dispatch import Function
from mergepoint.kit.nearest import nearest
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded
from mergepoint.kit.sandbox.time_limit import TimeLimit
from tests.calls import calls
from tests.highlight.nearby import serve_here, tasks_in

CHANCE = random.Random(1)


class Slow:
    """A sandbox in which every text but plain text takes too long."""

    prepared = True

    def __init__(self) -> None:
        self.names: list[str] = []

    def call(self, request: bytes, *, deadline: TimeLimit | float) -> bytes:
        name, _, options = request.partition(b"\n")
        self.names.append(name.decode())
        if name == b"highlight" and json.loads(options).get("language") != "text":
            raise DeadlineExceeded
        return serve_here(request)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def task(slow: Slow) -> Function:
    return tasks_in(slow)["highlight"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"language": "klingon"}, "unknown_language"),
        ({"language": "x" * 200}, "unknown_language"),
        ({"language": "c", "style": "klingon"}, "unknown_style"),
        ({"language": "c", "dark_style": "klingon"}, "unknown_style"),
        ({"language": "klingon", "fallback": "plain", "style": "klingon"}, "unknown_style"),
    ],
)
def test_an_unknown_name_is_never_degraded(task: Function, options: dict[str, Any], code: str) -> None:
    with pytest.raises((Problem, stylesheets.UnknownStyle)) as refused:
        task(HighlightOptions(code="x", **options))
    assert refused.value.code == code


def test_nor_in_a_batch_whose_time_is_over(slow: Slow) -> None:
    snippets = [HighlightOptions(code="x", language=name) for name in ("c", "klingon")]
    answer = tasks_in(slow)["batch"](BatchOptions(snippets=snippets))
    assert [result["status"] for result in json.loads(answer.body)["results"]] == [200, 422]


def test_a_name_is_looked_up_once(task: Function, slow: Slow) -> None:
    for _ in range(3):
        assert task(HighlightOptions(code="x", language="c")).meta["Mergepoint-Degraded"] == "deadline"
    assert slow.names.count("check") == 1


def test_a_lookup_that_takes_too_long_can_be_tried_again() -> None:
    class Stuck(Slow):
        def call(self, request: bytes, *, deadline: TimeLimit | float) -> bytes:
            raise DeadlineExceeded

    with pytest.raises(Problem) as refused:
        tasks_in(Stuck())["highlight"](HighlightOptions(code="x", language="c"))
    assert refused.value.code == "overloaded"


@pytest.mark.parametrize("length", [3, 10, 40, 200])
def test_the_nearest_name_costs_next_to_nothing(length: int) -> None:
    """4,500 calls take less than a millisecond, which `make bench` measures."""
    words = ["".join(CHANCE.choices(string.ascii_letters + "+-# é", k=length)) for _ in range(60)]

    def median(find: Callable[[str], object]) -> float:
        find("x")
        return statistics.median(calls(partial(find, word)).total() for word in words)

    assert median(unknown_language) < 4500
    assert median(lambda word: str(stylesheets.UnknownStyle(word, "style"))) < 4500
    assert median(lambda word: nearest(word, HighlightOptions.model_fields)) < 2250


def unknown_language(name: str) -> str:
    try:
        lexers.find(name, None, None, "")
    except lexers.UnknownLanguage as error:
        return str(error)
    return ""


def test_a_fallback_to_plain_text_costs_what_text_does() -> None:
    """Whatever the name is, and however long."""
    code = "x = 1\n" * 40

    def cost(name: str) -> int:
        return calls(lambda: highlight(HighlightOptions(code=code, language=name, fallback="plain"))).total()

    cost("text")
    for length in (1, 39, 199):
        unknown = cost("".join(CHANCE.choices(string.ascii_lowercase, k=length)) + "é")
        assert unknown < 1.5 * cost("text")

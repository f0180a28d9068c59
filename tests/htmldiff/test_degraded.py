"""Past a deadline, or its memory, a comparison is made again, coarser; it is as exact, and says so."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from mergepoint.htmldiff import accept_changes, annotation, compare, core, deadlines
from mergepoint.htmldiff.config import Settings
from mergepoint.htmldiff.deadlines import DEADLINE, LAST_PART, LONGEST_DEADLINE, SPARE, deadline
from mergepoint.htmldiff.options import AnnotateOptions, ApplyOptions, HtmldiffOptions
from mergepoint.htmldiff.service import describe
from mergepoint.kit.dispatch import Answer, server
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import Crashed, DeadlineExceeded, MemoryExceeded
from mergepoint.kit.sandbox.time_limit import TimeLimit
from mergepoint.kit.sandbox.timer import TimeLimitExceeded
from mergepoint.kit.service import RunningService

OLD, NEW = "<p>a b</p><p>c</p>", "<p>a d</p><p>c</p>"
VERSIONS = [{"label": "1", "html": OLD}, {"label": "2", "html": NEW}]
MODELS = {"htmldiff": HtmldiffOptions, "apply": ApplyOptions, "annotate": AnnotateOptions}
SLOW_DEADLINE = 0.6
SERVICE = describe(Settings())

Spoil = Callable[..., None]


class Near:
    """A sandbox that is this process. The first calls end as *failures* say, if there are any."""

    def __init__(self, *failures: Exception | str) -> None:
        self.failures = list(failures)
        self.asked: list[tuple[str, float]] = []

    def call(self, request: bytes, *, deadline: float | TimeLimit) -> bytes:
        seconds = deadline.processor if isinstance(deadline, TimeLimit) else deadline
        self.asked.append((json.loads(request.partition(b"\n")[2]).get("granularity", "word"), seconds))
        failure = self.failures.pop(0) if self.failures else None
        if isinstance(failure, Exception):
            raise failure
        if failure:
            return json.dumps({"problem": {"code": failure, "detail": "x"}}).encode() + b"\n"
        return server(SERVICE.in_children, most=1 << 20)(request)


def asked(call: str, sandbox: Near | None = None, **options: Any) -> Answer:
    given = {"versions": VERSIONS} if call == "annotate" else {"old": OLD, "new": NEW}
    return RunningService(SERVICE, sandbox or Near()).tasks[call](MODELS[call](**{**given, **options}))


def told(answer: Answer) -> Any:
    return json.loads(answer.body)


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Spoil:
    """Return a function that makes comparisons of some granularities fail, or never end."""

    def spoil(*granularities: str, failure: type[Exception] | None = TimeLimitExceeded) -> None:
        monkeypatch.setattr(deadlines, "DEADLINE", SLOW_DEADLINE)
        for module, name in ((core, "compare_documents"), (annotation, "annotate_documents")):
            original = getattr(module, name)

            def spoiled(*given: Any, original: Callable[..., Any] = original) -> Any:
                while given[2].granularity in granularities:
                    if failure:
                        raise failure
                return original(*given)

            monkeypatch.setattr(module, name, spoiled)

    return spoil


@pytest.mark.parametrize("granularity", ["character", "word", "sentence"])
def test_past_the_deadline_blocks_are_compared_then_documents(spoil: Spoil, granularity: str) -> None:
    options = {"granularity": granularity, "format": "json"}
    spoil(granularity)
    answer = asked("htmldiff", **options)
    assert (told(answer)["granularity"], told(answer)["degraded"]) == ("block", "deadline")
    assert told(answer)["html"] == compare(OLD, NEW, granularity="block").html
    assert answer.meta == {"Mergepoint-Degraded": "deadline"}
    spoil(granularity, "block")
    answer = asked("htmldiff", **options)
    assert (told(answer)["granularity"], told(answer)["degraded"]) == ("document", "deadline")
    assert told(answer)["html"] == f'<div class="diff"><del>{OLD}</del><ins>{NEW}</ins></div>'


def test_annotations_are_degraded_alike(spoil: Spoil) -> None:
    spoil("word")
    answer = told(asked("annotate", format="json"))
    assert [(part["label"], part["text"]) for part in answer["parts"]] == [("2", "a d"), ("1", "c")]
    assert (answer["granularity"], answer["degraded"]) == ("block", "deadline")


def test_what_takes_too_much_memory_is_made_again_too(spoil: Spoil) -> None:
    spoil("word", failure=MemoryError)
    assert asked("htmldiff").meta == {"Mergepoint-Degraded": "memory"}


@pytest.mark.parametrize("call", ["htmldiff", "annotate"])
def test_attempts_together_keep_to_the_deadline(spoil: Spoil, call: str) -> None:
    spoil("word", "block", failure=None)
    began = time.process_time()
    asked(call)
    assert time.process_time() - began < SLOW_DEADLINE


def test_time_that_others_take_degrades_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here by sleeping: for longer than the deadline, for less than what may pass."""
    compare_documents = core.compare_documents

    def delayed(*given: Any) -> Any:
        time.sleep(DEADLINE * 1.2)
        return compare_documents(*given)

    monkeypatch.setattr(core, "compare_documents", delayed)
    assert asked("htmldiff").meta == {}


@pytest.mark.parametrize("call", ["htmldiff", "annotate"])
def test_a_library_that_does_not_return_is_ended_in_time_for_the_last_attempt(call: str) -> None:
    sandbox = Near(DeadlineExceeded("x"))
    assert asked(call, sandbox).meta == {"Mergepoint-Degraded": "deadline"}
    seconds = deadline(OLD, NEW)
    assert sandbox.asked[0] == ("word", min(LAST_PART * seconds, seconds - SPARE))
    assert sandbox.asked[1][0] == "document"
    assert sandbox.asked[1][1] <= seconds


@pytest.mark.parametrize(
    ("failure", "code", "reason"),
    [
        (MemoryExceeded("x"), "memory_exceeded", "memory"),
        (Crashed("x"), "crashed", "crashed"),
        ("output_too_large", "output_too_large", "size"),
    ],
)
def test_memory_size_and_crashes_may_be_avoided_too(failure: Exception | str, code: str, reason: str) -> None:
    assert asked("htmldiff", Near(failure)).meta == {"Mergepoint-Degraded": reason}
    with pytest.raises(Problem) as caught:
        asked("htmldiff", Near(failure), strict=True)
    assert caught.value.code == code
    with pytest.raises(Problem) as caught:
        asked("htmldiff", Near(failure, failure))
    assert caught.value.code == ("output_too_large" if reason == "size" else "too_complex")


@pytest.mark.parametrize("call", ["htmldiff", "annotate"])
def test_strictly_it_is_an_error(spoil: Spoil, call: str) -> None:
    with pytest.raises(Problem) as caught:
        asked(call, Near(DeadlineExceeded("x")), strict=True)
    assert caught.value.code == "deadline_exceeded"
    spoil("word")
    with pytest.raises(Problem) as caught:
        asked(call, strict=True)
    assert caught.value.code == "deadline_exceeded"


def test_what_cannot_even_be_read_in_time_is_too_complex() -> None:
    with pytest.raises(Problem) as caught:
        asked("htmldiff", Near(DeadlineExceeded("x"), DeadlineExceeded("x")))
    assert caught.value.code == "too_complex"


def test_what_is_refused_is_not_asked_again() -> None:
    sandbox = Near()
    with pytest.raises(Problem) as caught:
        asked("htmldiff", sandbox, old="<div>" * 513)
    assert (caught.value.code, len(sandbox.asked)) == ("too_deep", 1)


def test_changes_are_never_applied_at_another_granularity() -> None:
    with pytest.raises(Problem) as caught:
        asked("apply", Near(DeadlineExceeded("x")), accept=[1])
    assert caught.value.code == "deadline_exceeded"
    assert asked("apply", accept=[1, 2], granularity="block").body.decode() == NEW


@pytest.mark.parametrize("granularity", ["block", "document"])
def test_a_coarse_comparison_can_be_undone_to_the_letter(granularity: str) -> None:
    html = compare(OLD, NEW, granularity=granularity, markup="full").content
    assert accept_changes(html, lambda change: False) == OLD
    assert accept_changes(html, lambda change: True) == NEW


def test_the_deadline_grows_with_both_documents_up_to_its_end() -> None:
    assert deadline("", "") == DEADLINE
    assert deadline("é" * 5000, "") == deadline("a" * 5000, "a" * 5000) == pytest.approx(DEADLINE + 0.1)
    assert deadline("a" * (2 << 20), "") == LONGEST_DEADLINE

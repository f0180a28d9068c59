"""Past a deadline, or its memory, a comparison is made again, coarser; it is as exact, and says so."""

import json

import pytest

from mergepoint.htmldiff import compare, resolve
from mergepoint.htmldiff.options import AnnotateOptions, ApplyOptions, HtmldiffOptions
from mergepoint.htmldiff.tasks import DEADLINE, FIRST_PART, LONGEST_DEADLINE, SANDBOXED, bounded, deadline
from mergepoint.kit.dispatch import Answer, server
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import Crashed, DeadlineExceeded, MemoryExceeded, SandboxError

OLD, NEW = "<p>a b</p><p>c</p>", "<p>a d</p><p>c</p>"
FINER = ["character", "word", "sentence"]


class Slow:
    """A sandbox in which the calls of some granularities fail, and which remembers all."""

    def __init__(self, *too_fine: str, failure: SandboxError | None = None, code: str = "") -> None:
        self.too_fine = too_fine
        self.failure = failure
        self.code = code
        self.asked: list[tuple[str, float]] = []

    def call(self, request: bytes, *, deadline: float) -> bytes:
        _, _, options = request.partition(b"\n")
        granularity = json.loads(options).get("granularity", "word")
        self.asked.append((granularity, deadline))
        if granularity in self.too_fine:
            if self.code:
                return json.dumps({"problem": {"code": self.code, "detail": "x"}}).encode() + b"\n"
            raise self.failure or DeadlineExceeded("x")
        return server(SANDBOXED, most=1 << 20)(request)


def asked(sandbox: Slow, call: str = "htmldiff", **options: object) -> Answer:
    kind = {"htmldiff": HtmldiffOptions, "apply": ApplyOptions, "annotate": AnnotateOptions}[call]
    return bounded(sandbox)[call](kind(**options))  # type: ignore[arg-type]


def told(answer: Answer) -> dict:
    return json.loads(answer.body)


@pytest.mark.parametrize("granularity", FINER)
def test_past_the_deadline_blocks_are_compared_then_documents(granularity: str) -> None:
    options = {"old": OLD, "new": NEW, "granularity": granularity, "format": "json"}
    answer = asked(Slow(granularity), **options)
    assert (told(answer)["granularity"], told(answer)["degraded"]) == ("block", "deadline")
    assert told(answer)["html"] == compare(OLD, NEW, granularity="block").html
    assert answer.meta == {"Mergepoint-Degraded": "deadline"}
    answer = asked(Slow(granularity, "block"), **options)
    assert told(answer)["granularity"] == "document"
    assert told(answer)["html"] == f'<div class="diff"><del>{OLD}</del><ins>{NEW}</ins></div>'


@pytest.mark.parametrize("call", ["htmldiff", "annotate"])
def test_all_attempts_together_keep_to_the_deadline(call: str) -> None:
    sandbox = Slow("word", "block")
    both = {"old": OLD, "new": NEW} if call == "htmldiff" else {"versions": [{"label": "", "html": OLD + NEW}]}
    asked(sandbox, call, **both)
    seconds = deadline(OLD, NEW)
    assert [granularity for granularity, _ in sandbox.asked] == ["word", "block", "document"]
    assert sandbox.asked[0][1] == pytest.approx(FIRST_PART * seconds, abs=0.01)
    assert max(left for _, left in sandbox.asked) <= seconds


@pytest.mark.parametrize("level", [{}, {"strict": True}])
def test_what_takes_too_long_even_as_a_whole_is_too_complex(level: dict) -> None:
    with pytest.raises(Problem) as caught:
        asked(Slow("word", "block", "document"), old=OLD, new=NEW, **level)
    assert caught.value.code == ("deadline_exceeded" if level else "too_complex")


@pytest.mark.parametrize(
    ("failure", "code", "reason"),
    [
        (MemoryExceeded("x"), "memory_exceeded", "memory"),
        (Crashed("x"), "crashed", "crashed"),
        (None, "output_too_large", "size"),
    ],
)
def test_memory_and_size_may_be_saved_too(failure: SandboxError | None, code: str, reason: str) -> None:
    answer = asked(Slow("word", failure=failure, code="" if failure else code), old=OLD, new=NEW)
    assert answer.meta == {"Mergepoint-Degraded": reason}
    with pytest.raises(Problem) as caught:
        asked(Slow("word", failure=failure, code="" if failure else code), old=OLD, new=NEW, strict=True)
    assert caught.value.code == code


def test_what_is_refused_is_not_asked_again() -> None:
    sandbox = Slow()
    with pytest.raises(Problem) as caught:
        asked(sandbox, old="<div>" * 513, new="")
    assert (caught.value.code, len(sandbox.asked)) == ("too_deep", 1)


def test_changes_are_never_applied_at_another_granularity() -> None:
    with pytest.raises(Problem) as caught:
        asked(Slow("word"), "apply", old=OLD, new=NEW, accept=[1])
    assert caught.value.code == "deadline_exceeded"
    assert asked(Slow("word"), "apply", old=OLD, new=NEW, accept=[1, 2], granularity="block").body.decode() == NEW


def test_annotations_are_degraded_alike() -> None:
    versions = [{"label": "1", "html": OLD}, {"label": "2", "html": NEW}]
    answer = told(asked(Slow("word"), "annotate", versions=versions, format="json"))
    assert [(part["label"], part["text"]) for part in answer["parts"]] == [("2", "a d"), ("1", "c")]
    assert (answer["granularity"], answer["degraded"]) == ("block", "deadline")


@pytest.mark.parametrize("granularity", ["block", "document"])
@pytest.mark.parametrize("ignore", [[], ["whitespace"]])
def test_a_coarse_comparison_can_be_undone_to_the_letter(granularity: str, ignore: list[str]) -> None:
    html = compare(OLD, NEW, granularity=granularity, markup="full", ignore=ignore).content
    assert resolve(html, lambda change: False) == OLD
    assert resolve(html, lambda change: True) == NEW


def test_the_deadline_grows_with_both_documents_up_to_its_end() -> None:
    assert deadline("", "") == DEADLINE
    assert deadline("é" * 5000, "") == deadline("a" * 5000, "a" * 5000) == pytest.approx(DEADLINE + 0.1)
    assert deadline("a" * (2 << 20), "") == LONGEST_DEADLINE

"""A batch: a status for each snippet, one deadline for all."""

import base64
import io
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from mergepoint.highlight.options import BatchOptions, HighlightOptions
from mergepoint.highlight.tasks import batch
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded
from mergepoint.kit.sandbox.time_limit import TimeLimit
from tests.highlight.nearby import serve_here, tasks_in

SLOW = '"' + "\\" * 60  # Pygments issue #3247


def ask(client: FlaskClient, *snippets: dict[str, Any]) -> list[dict[str, Any]]:
    reply = client.post("/highlight/batch", json={"snippets": snippets})
    assert reply.status_code == 200, reply.text
    assert reply.content_type == "application/json"
    return reply.json["results"]


def test_each_snippet_is_highlighted_as_if_alone(client: FlaskClient) -> None:
    snippets = [
        {"code": "x = 1", "language": "python"},
        {"code": "puts 1", "filename": "a.rb", "linenos": "table"},
        {"code": "x", "language": "text", "format": "json"},
        {"code": "é", "language": "c", "css": "inline", "style": "monokai", "format": "svg"},
    ]
    for snippet, result in zip(snippets, ask(client, *snippets), strict=True):
        alone = client.post("/highlight", json=snippet)
        assert result == {
            "status": 200,
            "type": alone.content_type,
            "body": alone.text,
            "language": alone.headers["Mergepoint-Language"],
            "plaintext": "Mergepoint-Plaintext" in alone.headers,
            "degraded": None,
        }


def test_a_refused_one_has_its_own_problem_and_spoils_no_other(client: FlaskClient) -> None:
    good, language, style = ask(
        client,
        {"code": "x", "language": "python"},
        {"code": "x", "language": "klingon"},
        {"code": "x", "style": "klingon", "language": "text"},
    )
    assert good["status"] == 200
    assert (language["status"], language["problem"]["code"]) == (422, "unknown_language")
    assert (style["status"], style["problem"]["code"]) == (422, "unknown_style")
    for refused in (language, style):
        assert set(refused) == {"status", "problem"}
        assert refused["problem"]["status"] == 422
        assert refused["problem"]["type"] == "about:blank"
        assert refused["problem"]["errors"][0]["field"] in ("language", "style")


def test_a_picture_comes_in_base64(client: FlaskClient) -> None:
    (result,) = ask(client, {"code": "x", "language": "python", "format": "png"})
    assert (result["type"], result["encoding"]) == ("image/png", "base64")
    with Image.open(io.BytesIO(base64.b64decode(result["body"], validate=True))) as picture:
        picture.load()


def test_a_hundred_fit(client: FlaskClient) -> None:
    results = ask(client, *({"code": f"x = {n}", "language": "python"} for n in range(100)))
    assert [f">{n}<" in result["body"] for n, result in enumerate(results)] == [True] * 100


@pytest.mark.parametrize("count", [0, 101, 5000])
def test_none_and_more_are_refused(client: FlaskClient, count: int) -> None:
    reply = client.post("/highlight/batch", json={"snippets": [{"code": "x"}] * count})
    assert (reply.status_code, reply.json["code"]) == (422, "invalid_option")
    assert reply.json["errors"][0]["field"] == "snippets"


def test_bad_options_inside_are_named_with_their_place(client: FlaskClient) -> None:
    reply = client.post("/highlight/batch", json={"snippets": [{"code": "x"}, {"code": "x", "tabsize": 99}]})
    assert (reply.status_code, reply.json["code"]) == (422, "invalid_option")
    assert reply.json["errors"][0]["field"] == "snippets.1.tabsize"


def test_slow_ones_are_degraded_and_the_others_not(client: FlaskClient) -> None:
    slow = {"code": SLOW, "language": "scala"}
    results = ask(client, {"code": "x", "language": "c"}, slow, {"code": "y", "language": "c"})
    assert [result["degraded"] for result in results] == [None, "deadline", None]
    assert [result["plaintext"] for result in results] == [False, True, False]
    assert results[1]["body"] == client.post("/highlight?language=text", data=SLOW).text


def test_strict_ones_are_refused_instead(client: FlaskClient) -> None:
    strict, picture = ask(
        client,
        {"code": SLOW, "language": "scala", "strict": True},
        {"code": SLOW, "language": "scala", "format": "png"},
    )
    assert (strict["status"], strict["problem"]["code"]) == (422, "deadline_exceeded")
    assert (picture["status"], picture["problem"]["code"]) == (422, "deadline_exceeded")


class Counting:
    """A sandbox whose calls each take some seconds, of a processor or of all time."""

    prepared = True

    def __init__(self, *, worked: float = 0.0, passed: float = 0.0) -> None:
        self.worked, self.passed, self.now = worked, passed, 0.0
        self.calls = 0

    def call(self, request: bytes, *, deadline: TimeLimit | float) -> bytes:
        if not isinstance(deadline, TimeLimit) or b'"language":"text"' in request:
            return serve_here(request)
        if deadline.over:
            raise DeadlineExceeded
        self.calls += 1
        deadline.begin()
        deadline.spend(self.worked)
        self.now += self.passed
        return serve_here(request)

    def highlighted(self, count: int) -> list[str | None]:
        """Return how each of *count* snippets of a batch is degraded."""
        snippets = [HighlightOptions(code="x = 1", language="python") for _ in range(count)]
        answer = tasks_in(self, clock=lambda: self.now)["batch"](BatchOptions(snippets=snippets))
        return [result["degraded"] for result in json.loads(answer.body)["results"]]


def test_all_share_one_deadline() -> None:
    """What it leaves no time for is plain text at once, not tried first."""
    sandbox = Counting(worked=0.3)
    assert sandbox.highlighted(4) == [None, None, "deadline", "deadline"]
    assert sandbox.calls == 2


@pytest.mark.parametrize(("worked", "count", "done"), [(0.19, 10, 6), (0.3, 100, 17)])
def test_it_is_the_sum_of_theirs_and_five_seconds_at_most(worked: float, count: int, done: int) -> None:
    sandbox = Counting(worked=worked)
    assert sandbox.highlighted(count).count(None) == sandbox.calls == done


@pytest.mark.parametrize(("passed", "count", "done"), [(0.9, 10, 6), (1.1, 100, 10)])
def test_so_is_what_may_pass_meanwhile_five_times_that_and_ten_seconds_at_most(
    passed: float, count: int, done: int
) -> None:
    sandbox = Counting(passed=passed)
    assert sandbox.highlighted(count).count(None) == sandbox.calls == done


def test_when_there_is_too_much_to_do_the_whole_batch_is_refused() -> None:
    """It can be sent again; and a hundred waits of a second each are no answer."""
    calls = []

    def busy(options: HighlightOptions) -> Any:
        calls.append(options)
        raise Problem("overloaded", "too much to do")

    with pytest.raises(Problem) as refused:
        batch(BatchOptions(snippets=[HighlightOptions(code="x")] * 100), busy)
    assert refused.value.code == "overloaded"
    assert len(calls) == 1


def test_order_is_kept(app: Flask) -> None:
    client = app.test_client()
    results = ask(client, *({"code": str(n), "language": "text", "nowrap": True} for n in range(30)))
    assert [result["body"] for result in results] == [f"{n}\n" for n in range(30)]

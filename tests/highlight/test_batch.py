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
from mergepoint.highlight.tasks import batch, bounded
from mergepoint.kit.problems import Problem

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


def test_all_share_one_deadline(app: Flask) -> None:
    """What it leaves no time for is plain text at once, not tried first."""
    times = iter([0.0, 0.1] + [99.0] * 5)
    tasks = bounded(app.extensions["sandbox"], clock=lambda: next(times))
    snippets = [HighlightOptions(code="x = 1", language="python") for _ in range(4)]
    results = json.loads(tasks["batch"](BatchOptions(snippets=snippets)).body)["results"]
    assert [result["degraded"] for result in results] == [None, "deadline", "deadline", "deadline"]
    assert [result["language"] for result in results] == ["python", "text", "text", "text"]


def test_it_is_the_sum_of_theirs_and_five_seconds_at_most(app: Flask) -> None:
    def time_left(count: int, now: float) -> bool:
        times = iter([0.0, now] + [99.0] * count)
        tasks = bounded(app.extensions["sandbox"], clock=lambda: next(times))
        snippets = [HighlightOptions(code="x = 1", language="python") for _ in range(count)]
        answer = tasks["batch"](BatchOptions(snippets=snippets))
        return json.loads(answer.body)["results"][0]["degraded"] is None

    assert time_left(10, 0.7)
    assert not time_left(10, 1.1)
    assert time_left(100, 4.5)
    assert not time_left(100, 5.1)


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

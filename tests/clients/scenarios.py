"""What a client must do about each fault: one table, which the clients of all languages run.

A client is a function that gets a URL, options and calls, and returns a dictionary for each call: what the
result knows of itself, or what the error does.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.clients.faults import FaultServer, refused, unreachable
from tests.stopwatch import Stopwatch

Outcome = dict[str, Any]
Call = tuple[str, Mapping[str, Any]]
Run = Callable[[str, Mapping[str, Any], list[Call]], list[Outcome]]

HIGHLIGHT: Call = ("highlight", {"code": "x", "language": "python"})
LANGUAGES: Call = ("languages", {})
QUICK = {"timeout": 0.6, "connect_timeout": 0.5}
SMALL = {"max_response_bytes": 100_000}
OK = {"text": "<b>ok</b>", "type": "text/html; charset=utf-8", "language": "python", "plaintext": False}
DEGRADED = {"text": "ok", "plaintext": True, "degraded": "deadline"}


class Scenario(NamedTuple):
    name: str
    plan: tuple[str, ...]
    last: Outcome
    """What the outcome of the last call must say, among other things."""
    requests: int
    """How many the server must have seen."""
    calls: tuple[Call, ...] = (HIGHLIGHT,)
    options: Mapping[str, Any] = {}
    at_least: float = 0
    at_most: float = 3
    """How many seconds all of it may take; the start of an interpreter is not counted."""

    def __str__(self) -> str:
        return self.name


def gone(error: str, code: str, status: int | None = None, **more: Any) -> Outcome:
    return {"error": error, "code": code, "status": status, **more}


def refusal(error: str, code: str, status: int) -> Outcome:
    return gone(error, code, status, request_id="r-1", errors=[{"field": "language", "message": "no"}])


FAILED = gone("ConnectionFailed", "connection_failed")
BUSY = refusal("Unavailable", "overloaded", 503)
TIMEOUT = gone("Timeout", "timeout")
TOO_LARGE = gone("ResponseTooLarge", "response_too_large")
BATCH = [
    {"text": "<b>é</b>", "language": "ruby", "plaintext": False, "degraded": None},
    gone("UnknownLanguage", "unknown_language", 422, request_id="r-1"),
    {"type": "image/png", "language": "c", "plaintext": True, "degraded": "deadline"},
]
NO_ANSWER = gone("InvalidResponse", "invalid_response", 200, request_id="r-1")

SCENARIOS = [
    Scenario("an answer", ("ok",), {**OK, "degraded": None, "cached": False, "request_id": "r-1"}, 1),
    Scenario("a cached answer", ("hit",), {**OK, "cached": True}, 1),
    Scenario("a degraded answer", ("degraded",), DEGRADED, 1),
    Scenario("a batch", ("batch",), {"items": BATCH}, 1, (("batch", {"snippets": [{"code": "x"}] * 3}),)),
    Scenario("a kept connection", ("ok",), OK, 2, (HIGHLIGHT, HIGHLIGHT)),
    # what is worth a retry
    Scenario("busy once", ("busy", "ok"), OK, 2),
    Scenario("busy for a second", ("busy for a second", "ok"), OK, 2, at_least=1),
    Scenario("busy until a date", ("busy until a date", "ok"), OK, 2, at_least=0.9),
    Scenario("limited for a second", ("limited for a second", "ok"), OK, 2, at_least=1),
    Scenario("busy for too long", ("busy for an hour",), {**BUSY, "retry_after": 3600}, 1),
    Scenario("always busy", ("busy",), BUSY, 4),
    Scenario("always limited", ("limited",), refusal("RateLimited", "rate_limited", 429), 4),
    Scenario("reset once", ("reset", "ok"), OK, 2),
    Scenario("always reset", ("reset",), FAILED, 4),
    Scenario("hangs up", ("hangup", "hangup", "ok"), OK, 3),
    Scenario("truncated once", ("truncated", "ok"), OK, 2),
    Scenario("always truncated", ("truncated",), FAILED, 4),
    Scenario("truncated chunks", ("truncated chunks", "truncated head", "ok"), OK, 3),
    Scenario("retries are counted", ("reset", "busy", "ok"), BUSY, 2, options={"retries": 1}),
    Scenario("no retries", ("busy", "ok"), BUSY, 1, options={"retries": 0}),
    Scenario("closed while idle", ("stale",), OK, 5, (HIGHLIGHT,) * 3, {"retries": 0}),
    # the total time
    Scenario("hangs", ("hang",), TIMEOUT, 1, options=QUICK, at_least=0.5, at_most=2),
    Scenario("slow head", ("slow head",), TIMEOUT, 1, options=QUICK, at_least=0.5, at_most=2),
    Scenario("slow body", ("slow body",), TIMEOUT, 1, options=QUICK, at_least=0.5, at_most=2),
    Scenario("slow chunks", ("slow chunks",), TIMEOUT, 1, options=QUICK, at_least=0.5, at_most=2),
    Scenario("busy, then hangs", ("busy", "hang"), TIMEOUT, 2, options=QUICK, at_least=0.5, at_most=2),
    # the size
    Scenario("declared oversize", ("declared oversize",), TOO_LARGE, 1, options=SMALL),
    Scenario("endless chunks", ("endless chunks",), TOO_LARGE, 1, options=SMALL),
    Scenario("endless chunk", ("endless chunk",), TOO_LARGE, 1, options=SMALL),
    Scenario("endless body", ("endless body",), TOO_LARGE, 1, options=SMALL),
    Scenario("endless error", ("endless error",), TOO_LARGE, 1, options=SMALL),
    # what the service refuses, once
    Scenario("bad request", ("bad request",), refusal("InvalidRequest", "invalid_encoding", 400), 1),
    Scenario("unauthorized", ("unauthorized",), refusal("Unauthorized", "unauthorized", 401), 1),
    Scenario("forbidden", ("forbidden",), refusal("Forbidden", "forbidden", 403), 1),
    Scenario("not found", ("not found",), refusal("NotFound", "not_found", 404), 1),
    Scenario("too large", ("too large",), refusal("BodyTooLarge", "body_too_large", 413), 1),
    Scenario("unknown language", ("unknown language",), gone("UnknownLanguage", "unknown_language", 422), 1),
    Scenario("unknown code", ("unknown code",), refusal("InvalidRequest", "from_the_future", 422), 1),
    Scenario("unknown server code", ("unknown server code",), refusal("ServerError", "from_the_future", 507), 1),
    Scenario("error in HTML", ("html error",), gone("ServerError", "server_error", 502, request_id="r-1"), 1),
    Scenario("odd problem", ("odd problem",), gone("InvalidRequest", "invalid_request", 422, errors=[]), 1),
    Scenario("a deep problem", ("deep problem",), gone("InvalidRequest", "invalid_request", 422), 1),
    # what is no answer of Mergepoint
    Scenario("redirect", ("redirect",), gone("InvalidResponse", "invalid_response", 302), 1),
    Scenario("no content", ("no content",), gone("InvalidResponse", "invalid_response", 206), 1),
    Scenario("garbage", ("garbage",), gone("InvalidResponse", "invalid_response"), 1),
    Scenario("unasked gzip", ("gzip",), {"error": "InvalidResponse", "code": "invalid_response"}, 1),
    Scenario("not UTF-8", ("not utf-8",), NO_ANSWER, 1),
    Scenario("bad JSON", ("bad json",), NO_ANSWER, 1, (LANGUAGES,)),
    Scenario("other JSON", ("other json",), NO_ANSWER, 1, (LANGUAGES,)),
    Scenario("no batch", ("bad json",), NO_ANSWER, 1, (("batch", {"snippets": [{"code": "x"}]}),)),
]


def play(scenario: Scenario, run: Run) -> None:
    """Run *scenario* with a client, and compare."""
    with FaultServer(*scenario.plan) as server, Stopwatch() as watch:
        outcome = run(server.url, scenario.options, list(scenario.calls))[-1]
        assert_says(outcome, scenario.last)
        assert server.url in outcome.get("message", server.url)
        assert len(server.requests) == scenario.requests
        assert scenario.at_least <= outcome["seconds"] <= scenario.at_most * watch.slowness


def play_wire(run: Run) -> None:
    """What is sent is the same in every language, to the letter."""
    options = {"language": "c++", "hl_lines": [3, "5-7"], "nowrap": True, "strip": False, "style": None, "title": "é &"}
    with FaultServer("cookie") as server:
        run(f"{server.url}/prefix/", {"api_key": "k-1"}, [("highlight", {"code": "é\r\n", **options})] * 2)
        run(server.url, {}, [LANGUAGES, ("stylesheet", {"name": "a b/c", "dark": "monokai"})])
    post, again, get, style = server.requests
    path, query = post.target.split("?")
    assert (post.method, path, post.body) == ("POST", "/prefix/highlight", "é\r\n".encode())
    assert sorted(query.split("&")) == [
        "hl_lines=3%2C5-7", "language=c%2B%2B", "nowrap=1", "strip=0", "title=%C3%A9+%26"
    ]  # fmt: skip
    assert post.headers["content-type"] == "text/plain; charset=utf-8"
    assert post.headers["accept"] == "*/*"
    assert post.headers["authorization"] == "Bearer k-1"
    assert "cookie" not in again.headers
    assert (get.method, get.target, get.body) == ("GET", "/highlight/languages", b"")
    assert "authorization" not in get.headers
    assert style.target == "/highlight/styles/a%20b%2Fc.css?dark=monokai"


def play_key(run: Run) -> None:
    """The server sees the key; whoever reads an error does not, even if the server quotes it."""
    with FaultServer("echo") as server:
        (outcome,) = run(server.url, {"api_key": "s3cret-Key"}, [HIGHLIGHT])
    assert server.requests[0].headers["authorization"] == "Bearer s3cret-Key"
    assert outcome["error"] == "Unauthorized"
    assert "s3cret-Key" not in repr(outcome)


def play_refused(run: Run) -> None:
    """A server that is down is named, and soon."""
    url = refused()
    with Stopwatch() as watch:
        (outcome,) = run(url, {}, [HIGHLIGHT])
    assert_says(outcome, FAILED)
    assert url in outcome["message"]
    assert outcome["seconds"] < 3 * watch.slowness


def play_unreachable(run: Run) -> None:
    """A connection that is never made costs each try no more than the connect timeout."""
    with unreachable() as url, Stopwatch() as watch:
        (outcome,) = run(url, {"connect_timeout": 0.2, "retries": 1}, [HIGHLIGHT])
    assert_says(outcome, TIMEOUT)
    assert 0.4 <= outcome["seconds"] < 1.5 * watch.slowness


def assert_says(outcome: Outcome, expected: Outcome) -> None:
    """Assert that *outcome* says all that is *expected*; it may say more."""
    items = expected.get("items", [])
    assert len(outcome.get("items", [])) == len(items)
    for item, wanted in zip(outcome.get("items", []), items, strict=True):
        assert_says(item, wanted)
    told = {name: outcome.get(name) for name in expected if name != "items"}
    assert told == {name: value for name, value in expected.items() if name != "items"}, outcome

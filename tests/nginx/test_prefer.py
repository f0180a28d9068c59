"""``Prefer: respond-async`` (RFC 7240): which requests become jobs, and what jobs is told of them."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.nginx.gateway import LARGE, LIMIT, Answer, Gateway, chunks, converse, fresh, is_problem

LATER = {"Prefer": "respond-async"}
NOBODY = {"status": 200, "headers": {"Mergepoint-Identity": "nobody"}}
ADA = {"status": 200, "headers": {"Mergepoint-Identity": "a.d.a", "Mergepoint-Grant": "g.r.t"}}
APPLICATION = """
location ^~ /wiki/ {
    set $service wiki;
    set $policy user;
    set $application unix:${MERGEPOINT_RUN}/highlight.sock;
    include snippets/policies/auth.conf;
    include snippets/policies/later.conf;
    include snippets/policies/identity.conf;
    proxy_pass http://$application;
}
location ^~ /notes/ {
    set $service notes;
    set $policy user;
    set $application unix:${MERGEPOINT_RUN}/highlight.sock;
    include snippets/policies/auth.conf;
    include snippets/policies/identity.conf;
    proxy_pass http://$application;
}
"""


@pytest.fixture(scope="module")
def gateway(make_gateway: Callable[..., Gateway], tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    folder = tmp_path_factory.mktemp("applications")
    (folder / "wiki.conf").write_text(APPLICATION)
    return make_gateway(MERGEPOINT_LIMITS="off", MERGEPOINT_APPLICATIONS=str(folder))


@pytest.fixture(autouse=True)
def nobody(gateway: Gateway) -> Iterator[None]:
    gateway.control(verify=NOBODY)
    yield
    gateway.control(verify=NOBODY, seen=[])


def accepted(gateway: Gateway, word: str) -> list[dict[str, Any]]:
    """Return the requests that jobs was given with *word* in their targets."""
    found = gateway.control()["seen"]
    return [one for one in found if word in one["headers"].get("Mergepoint-Target", "")]


def send(gateway: Gateway, *lines: str, method: str = "POST", path: str = "/highlight") -> tuple[str, Answer]:
    """Send a request with these lines of Prefer; return its word and its answer."""
    word = fresh()
    connection = gateway.connect()
    connection.putrequest(method, f"{path}?{word}", skip_accept_encoding=True)
    for line in lines:
        connection.putheader("Prefer", line.encode("latin-1"))
    connection.putheader("Content-Length", "1")
    connection.endheaders(b"x")
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return word, answer


YES = [
    ("respond-async",),
    ("Respond-ASYNC",),
    ("respond-async, wait=10",),
    ("wait=10 , respond-async",),
    ("wait=10", "respond-async"),
    ("handling=lenient", "return=minimal", "respond-async; x=1"),
    ('respond-async; foo="a, b; c"; bar',),
    ('foo="a, b", respond-async',),
    ('foo="a \\" , b", respond-async',),
    ('respond-async=""',),
    ("respond-async ;",),
    (",, respond-async,",),
    ("foo = bar, respond-async",),
    ("this is none, respond-async",),
    ("\trespond-async\t",),
    ("respond-async, respond-async=1",),
]
NO = [
    ("wait=10",),
    ("respond-asynchronously",),
    ("x-respond-async",),
    ('foo="respond-async"',),
    ('foo="a, respond-async"',),
    ("foo; respond-async",),
    ("return=respond-async",),
    ("respond-async=1",),
    ("respond-async=1, respond-async",),
    ("respond-async really",),
    ('"respond-async"',),
    ('foo="unclosed, respond-async',),
    ('foo="unclosed, respond-async\\',),
    ("",),
    (",",),
    ("\xe9\xff",),
    ("a" * 8000,),
    ("; " * 3000,),
]


@pytest.mark.parametrize("lines", YES)
def test_a_request_that_prefers_it_becomes_a_job(gateway: Gateway, lines: tuple[str, ...]) -> None:
    word, answer = send(gateway, *[line.replace("wait=10", "wait=x") for line in lines])
    assert answer.status == 202, answer.body
    assert len(accepted(gateway, word)) == 1
    assert gateway.seen(f"/highlight?{word}") == []


@pytest.mark.parametrize("lines", NO)
def test_any_other_preference_changes_nothing(gateway: Gateway, lines: tuple[str, ...]) -> None:
    word, answer = send(gateway, *lines)
    assert answer.status == 200
    assert accepted(gateway, word) == []


def test_jobs_is_told_all_of_the_request_and_nothing_else(gateway: Gateway) -> None:
    word = fresh()
    target = f"/highlight?language=python&{word}=%2f+'"
    sent = {
        "Prefer": 'Respond-Async; x=1, foo="a b", bar="tok"',
        "Content-Type": "text/x-python",
        "Accept": "application/json",
        "Idempotency-Key": "key-1",
        "X-Request-Id": word,
        "Mergepoint-At": "2027-01-01T00:00:00Z",
        "Mergepoint-Deadline": "10",
        "Mergepoint-Attempts": "2",
        "Mergepoint-Callback": "https://example.com/",
        "Cookie": "mergepoint=ms_x; other=1",
        "Authorization": "Bearer mp_x",
        "Mergepoint-Grant": "for.ged.grant",
        "Mergepoint-Identity": "for.ged.identity",
        "Mergepoint-Job": "forged",
        "Mergepoint-Method": "DELETE",
        "Mergepoint-Target": "/auth/me",
        "Mergepoint-Later-Service": "auth",
        "Mergepoint-Private": "1",
        "Mergepoint-Hop": "door",
        "X-Real-IP": "1.2.3.4",
        "X-Secret": "1",
    }
    answer = gateway.post(target, b"the text", sent)
    [job] = accepted(gateway, word)
    id = job["headers"].pop("Mergepoint-Job")
    assert re.fullmatch(r"[\w-]{22}", id)
    assert (answer.status, answer.headers["Location"]) == (202, f"/jobs/{id}")
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert (job["method"], job["target"]) == ("POST", "/jobs/_accept")
    assert job["sha256"] == hashlib.sha256(b"the text").hexdigest()
    host = job["headers"].pop("Mergepoint-Host")
    assert host == f"127.0.0.1:{gateway.port}"
    assert job["headers"] == {
        "Host": "mergepoint",
        "Content-Length": "8",
        "Content-Type": "text/x-python",
        "Accept": "application/json",
        "Idempotency-Key": "key-1",
        "Mergepoint-Service": "jobs",
        "Mergepoint-Later-Service": "highlight",
        "Mergepoint-Method": "POST",
        "Mergepoint-Target": target,
        "Mergepoint-Prefer": 'respond-async, foo="a b", bar=tok',
        "Mergepoint-At": "2027-01-01T00:00:00Z",
        "Mergepoint-Deadline": "10",
        "Mergepoint-Attempts": "2",
        "Mergepoint-Callback": "https://example.com/",
        "Mergepoint-Scheme": "http",
        "X-Request-Id": word,
        "X-Real-IP": "127.0.0.1",
    }


def test_each_job_has_an_id_of_its_own(gateway: Gateway) -> None:
    ids = {send(gateway, "respond-async")[1].headers["Location"] for _ in range(50)}
    assert len(ids) == 50


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "QUERY"])
def test_methods_stay_as_they_are(gateway: Gateway, method: str) -> None:
    word, answer = send(gateway, "respond-async", method=method)
    assert answer.status == 202
    assert accepted(gateway, word)[0]["headers"]["Mergepoint-Method"] == method
    assert accepted(gateway, word)[0]["length"] == 1


def test_what_is_refused_is_refused_at_once(gateway: Gateway) -> None:
    word = fresh()
    assert is_problem(gateway.request("DELETE", f"/highlight?{word}", None, LATER), 405, "method_not_allowed")
    assert is_problem(gateway.post(f"/highlight//x?{word}", b"", LATER), 405, "method_not_allowed")
    assert is_problem(gateway.get(f"/highlight/%2e%2e/x?{word}", LATER), 404, "not_found")
    assert is_problem(gateway.get(f"/nothing?{word}", LATER), 404, "not_found")
    assert is_problem(gateway.post(f"/highlight?{word}", b"x" * (LIMIT + 1), LATER), 413, "body_too_large")
    encoded = {**LATER, "Content-Encoding": "gzip"}
    assert is_problem(gateway.post(f"/highlight?{word}", b"x", encoded), 415, "unsupported_type")
    assert gateway.request("OPTIONS", f"/highlight?{word}", None, LATER).status == 204
    assert accepted(gateway, word) == []


SIZES = [
    ("/highlight", LIMIT),
    ("/htmldiff", LARGE),
    ("/thumbnail", 25 * 1024 * 1024),
]


@pytest.mark.parametrize(("path", "most"), SIZES)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_the_limit_of_its_path(gateway: Gateway, path: str, most: int, chunked: bool) -> None:
    for length, status in ((most, 202), (most + 1, 413)):
        word, body = fresh(), b"x" * length
        answer = gateway.post(f"{path}?{word}", chunks(body, 65536) if chunked else body, LATER)
        assert answer.status == status
        assert [job["length"] for job in accepted(gateway, word)] == ([length] if status == 202 else [])
    assert is_problem(answer, 413, "body_too_large")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_links_and_lists_run_later_too(gateway: Gateway) -> None:
    for path in ("/highlight/python/x", "/thumbnail/signature/rs:fit:9:9/plain/local:///x.png", "/highlight/languages"):
        word, answer = send(gateway, "respond-async", method="GET", path=path)
        assert answer.status == 202, path
        assert accepted(gateway, word)[0]["headers"]["Mergepoint-Target"] == f"{path}?{word}"


IGNORING = [
    "/", "/docs", "/health", "/static/style.css", "/highlight/health", "/jobs/health", "/highlight/docs",
    "/highlight/openapi.json", "/htmldiff/docs", "/thumbnail/openapi.json", "/auth/me", "/auth/health", "/jobs",
    "/jobs/x",
]  # fmt: skip


@pytest.mark.parametrize("path", IGNORING)
def test_some_paths_ignore_the_preference(gateway: Gateway, path: str) -> None:
    word = fresh()
    assert gateway.get(f"{path}?{word}", LATER).status == 200
    assert accepted(gateway, word) == []
    assert accepted(gateway, path) == []


def test_no_password_becomes_a_job(gateway: Gateway) -> None:
    word = fresh()
    assert gateway.post(f"/auth/login?{word}", b"{}", LATER).status == 200
    assert gateway.seen(word)[0]["target"] == f"/auth/login?{word}"


def test_nobody_reaches_what_nginx_tells_jobs(gateway: Gateway) -> None:
    for path in ("/jobs/_accept", "/jobs/%5faccept", "/_accept", "/_wait/x", "/jobs//_accept", "/jobs/x/../_accept"):
        headers = {"Mergepoint-Job": "x", "Mergepoint-Prefer": "respond-async", "Mergepoint-Service": "jobs"}
        assert gateway.post(path, b"", headers).status in (400, 404), path


def test_the_job_belongs_to_whoever_asks(gateway: Gateway) -> None:
    gateway.control(verify=ADA)
    word = fresh()
    assert gateway.post(f"/highlight?{word}", b"x", {**LATER, "Authorization": "Bearer mp_x"}).status == 202
    [job] = accepted(gateway, word)
    assert (job["headers"]["Mergepoint-Identity"], job["headers"]["Mergepoint-Grant"]) == ("a.d.a", "g.r.t")
    asked = gateway.seen("/auth/verify")[-1]["headers"]
    assert asked["Mergepoint-Later"] == job["headers"]["Mergepoint-Job"]
    assert (asked["Mergepoint-Policy"], asked["Mergepoint-Audience"]) == ("optional", "jobs")
    assert asked["Authorization"] == "Bearer mp_x"


def test_an_application_that_opts_in_runs_later(gateway: Gateway) -> None:
    gateway.control(verify=ADA)
    word = fresh()
    sent = {**LATER, "X-CSRF-Token": "t", "Cookie": "session=1; mergepoint=ms_x", "Authorization": "Basic eDp5"}
    assert gateway.post(f"/wiki/page?{word}", b"x", {**sent, "Content-Type": "text/plain"}).status == 202
    [job] = accepted(gateway, word)
    assert job["headers"]["Mergepoint-Later-Service"] == "wiki"
    assert job["headers"]["X-CSRF-Token"] == "t"
    assert {"Cookie", "Authorization"} & job["headers"].keys() == set()
    asked = gateway.seen("/auth/verify")[-1]["headers"]
    assert (asked["Mergepoint-Policy"], asked["Mergepoint-Audience"]) == ("user", "wiki")
    assert gateway.get(f"/wiki/page?{word}2", {**LATER, "Accept": "*/*"}).status == 202


def test_an_application_that_does_not_gets_the_preference_itself(gateway: Gateway) -> None:
    gateway.control(verify=ADA)
    word = fresh()
    assert gateway.post(f"/notes/page?{word}", b"x", LATER).status == 200
    assert accepted(gateway, word) == []
    assert gateway.seen(f"page?{word}")[0]["headers"]["Prefer"] == "respond-async"


def test_a_path_that_could_be_another_becomes_no_job(gateway: Gateway) -> None:
    gateway.control(verify=ADA)
    for path in ("/wiki/%2e%2e/wiki/x", "/wiki//x", "/wiki/a%2fb", "/wiki/a;b"):
        assert gateway.post(path, b"x", LATER).status == 404


def test_who_may_not_pass_makes_no_job(gateway: Gateway) -> None:
    word = fresh()
    for status, refusal, code in (
        (401, "", "login_required"),
        (403, "", "forbidden"),
        (403, "never_later", "never_later"),
    ):
        gateway.control(verify={"status": status, "headers": {"Mergepoint-Refusal": refusal} if refusal else {}})
        assert is_problem(gateway.post(f"/wiki/x?{word}", b"x", LATER), status, code)
    gateway.control(verify={"status": 429, "headers": {"Retry-After": "7"}})
    answer = gateway.post(f"/wiki/x?{word}", b"x", LATER)
    assert is_problem(answer, 429, "rate_limited")
    assert answer.headers["Retry-After"] == "7"
    gateway.control(verify={"status": 500, "headers": {}})
    assert is_problem(gateway.post(f"/highlight?{word}", b"x", LATER), 503, "unavailable")
    assert accepted(gateway, word) == []


def test_an_answer_that_is_there_in_time_is_given_itself(gateway: Gateway) -> None:
    word = fresh()
    answer = gateway.post(f"/highlight?{word}", b"x", {"Prefer": "respond-async, wait=5"})
    id = accepted(gateway, word)[0]["headers"]["Mergepoint-Job"]
    assert answer.json["target"] == f"/_wait/{id}?seconds=5"
    assert answer.json["method"] == "GET"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_what_is_wrong_with_a_wait_is_for_jobs_to_say(gateway: Gateway) -> None:
    for value in ("=-1", "=99999999999x", "=abc", '="5 s"', "", "="):
        word, _ = send(gateway, f"respond-async, wait{value}")
        assert f"wait{value.removesuffix('=')}" in accepted(gateway, word)[0]["headers"]["Mergepoint-Prefer"]


def test_who_waits_is_told_of_the_job_when_the_program_that_waits_is_away(gateway: Gateway) -> None:
    socket = gateway.run / "waiting/waiting.sock"
    socket.unlink()
    try:
        word, answer = send(gateway, "respond-async, wait=5")
    finally:
        socket.symlink_to("../highlight.sock")
    id = accepted(gateway, word)[0]["headers"]["Mergepoint-Job"]
    assert (answer.status, answer.headers["Location"], answer.json["id"]) == (202, f"/jobs/{id}", id)
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.headers["X-Request-Id"]


def test_without_jobs_the_caller_is_told_to_come_back(gateway: Gateway) -> None:
    socket = gateway.run / "jobs.sock"
    socket.unlink()
    try:
        _, answer = send(gateway, "respond-async")
        others = gateway.post("/highlight", b"x").status
    finally:
        socket.symlink_to("highlight.sock")
    assert is_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert others == 200


def test_the_preference_is_ignored_where_jobs_does_not_run(make_gateway: Callable[..., Gateway]) -> None:
    gateway = make_gateway(MERGEPOINT_SERVICES="highlight,auth", MERGEPOINT_LIMITS="off")
    word, answer = send(gateway, "respond-async")
    assert answer.status == 200
    assert accepted(gateway, word) == []
    assert is_problem(gateway.get("/jobs/x"), 404, "not_found")
    gateway.stop()


def test_without_auth_jobs_belong_to_nobody(make_gateway: Callable[..., Gateway]) -> None:
    gateway = make_gateway(MERGEPOINT_SERVICES="highlight,jobs", MERGEPOINT_LIMITS="off")
    word, answer = send(gateway, "respond-async")
    assert answer.status == 202
    assert "Mergepoint-Identity" not in accepted(gateway, word)[0]["headers"]
    assert gateway.get("/jobs/x").status == 200
    assert gateway.seen("/auth/verify") == []
    gateway.stop()


def test_limits_of_work_do_not_count_for_jobs(make_gateway: Callable[..., Gateway]) -> None:
    gateway = make_gateway(MERGEPOINT_RATE="1", MERGEPOINT_BURST="1", MERGEPOINT_IN_FLIGHT="1")
    assert [send(gateway, "respond-async")[1].status for _ in range(20)] == [202] * 20
    gateway.stop()


def test_a_job_is_told_to_jobs_once(gateway: Gateway) -> None:
    """A second try would be a second job, if the first has arrived."""
    gateway.control(verify=ADA)
    word, answer = send(gateway, "respond-async", path="/highlight")
    assert answer.status == 202
    assert len(accepted(gateway, word)) == 1


# Paths of jobs itself.


def test_jobs_is_told_who_asks_and_gets_no_credential(gateway: Gateway) -> None:
    gateway.control(verify=ADA)
    word = fresh()
    sent = {"Cookie": "mergepoint=ms_x", "Authorization": "Bearer mp_x", "Mergepoint-Identity": "for.g.ed"}
    assert gateway.request("DELETE", f"/jobs/x?{word}", None, {**sent, "Sec-Fetch-Site": "same-origin"}).status == 200
    [seen] = gateway.seen(f"/jobs/x?{word}")
    assert seen["headers"]["Mergepoint-Identity"] == "a.d.a"
    assert seen["headers"]["Sec-Fetch-Site"] == "same-origin"
    assert {"Cookie", "Authorization", "Mergepoint-Job", "Mergepoint-Grant"} & seen["headers"].keys() == set()
    asked = gateway.seen("/auth/verify")[-1]["headers"]
    assert (asked["Mergepoint-Policy"], asked["Mergepoint-Audience"]) == ("optional", "jobs")


@pytest.mark.parametrize("path", ["/jobs", "/jobs/abc/replay"])
def test_a_job_by_json_or_by_replay_has_an_id_and_a_grant(gateway: Gateway, path: str) -> None:
    gateway.control(verify=ADA)
    word = fresh()
    sent = {"Idempotency-Key": "k", "Mergepoint-Grant": "for.g.ed", "Mergepoint-Job": "forged"}
    assert gateway.post(f"{path}?{word}", b"{}", sent).status == 200
    [seen] = gateway.seen(f"{path}?{word}")
    assert seen["headers"]["Mergepoint-Grant"] == "g.r.t"
    assert seen["headers"]["Idempotency-Key"] == "k"
    id = seen["headers"]["Mergepoint-Job"]
    assert re.fullmatch(r"[\w-]{22}", id)
    assert gateway.seen("/auth/verify")[-1]["headers"]["Mergepoint-Later"] == id


def test_a_job_by_json_may_be_waited_for(gateway: Gateway) -> None:
    answer = gateway.post("/jobs", b"{}", {"Prefer": "respond-async, wait=7"})
    assert re.fullmatch(r"/_wait/[\w-]{22}\?seconds=7", answer.json["target"])
    assert gateway.get("/auth/me?do=accel").json["target"] == "/auth/me?do=accel"
    assert gateway.get("/jobs/x?do=accel").json["target"] == "/jobs/x?do=accel"


def test_a_job_by_json_may_be_large(gateway: Gateway) -> None:
    word = fresh()
    assert gateway.post(f"/jobs?{word}", b"x" * (14 * 1024 * 1024)).status == 200
    assert gateway.seen(word)[0]["length"] == 14 * 1024 * 1024
    assert is_problem(gateway.post("/jobs/x", b"x" * 70_000), 413, "body_too_large")


def test_a_result_runs_nothing_in_a_browser(gateway: Gateway) -> None:
    answer = gateway.get("/jobs/abc/result?do=cookie&policy=script-src+*")
    assert answer.headers.get_all("Content-Security-Policy") == [
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    ]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Set-Cookie"] is None
    assert gateway.get("/jobs/abc?policy=script-src+*").headers["Content-Security-Policy"] == "script-src *"
    assert gateway.get("/jobs/abc/result?do=accel").json["target"] == "/jobs/abc/result?do=accel"


def test_events_arrive_one_by_one(gateway: Gateway) -> None:
    connection = gateway.connect()
    connection.request("GET", "/jobs/abc/events", headers={"Last-Event-ID": "7", "Accept": "text/event-stream"})
    began = time.monotonic()
    response = connection.getresponse()
    assert response.readline() == b"id: 0\n"
    assert time.monotonic() - began < 0.4
    assert response.read() == b"\nid: 1\n\n"
    assert gateway.seen("/events")[-1]["headers"]["Last-Event-ID"] == "7"
    connection.close()


def test_methods_of_jobs(gateway: Gateway) -> None:
    for method, path in (
        ("PUT", "/jobs"),
        ("DELETE", "/jobs/abc/result"),
        ("POST", "/jobs/abc/events"),
        ("GET", "/jobs/abc/replay"),
    ):
        assert is_problem(gateway.request(method, path), 405, "method_not_allowed")
    assert gateway.request("OPTIONS", "/jobs").headers["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_a_kept_connection_serves_after_a_job(gateway: Gateway) -> None:
    connection = gateway.connect()
    for headers, status in ((LATER, 202), ({}, 200), (LATER, 202)):
        assert (
            converse(connection, "POST", f"/highlight?{fresh()}", chunks(b"x" * 100_000, 5000), headers).status
            == status
        )
    connection.close()


def test_the_log_has_the_request_as_it_came(gateway: Gateway) -> None:
    word = fresh()
    gateway.post("/highlight", b"x", {**LATER, "X-Request-Id": word})
    [line] = gateway.logged(word)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/highlight", 202)
    assert json.dumps(line)

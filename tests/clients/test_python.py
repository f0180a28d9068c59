"""The Python client: the faults that every client meets, and what only Python can get wrong."""

import copy
import json
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from urllib.parse import parse_qsl

import pytest

from mergepoint.client import (
    Client,
    ConnectionFailed,
    Error,
    InvalidRequest,
    InvalidResponse,
    Unauthorized,
    Unavailable,
    errors,
)
from tests.clients import scenarios
from tests.clients.faults import PNG, FaultServer
from tests.clients.scenarios import SCENARIOS, Call, Outcome, Scenario

KNOWN = ("type", "language", "plaintext", "degraded", "cached", "request_id")
TOLD = ("code", "status", "request_id", "errors", "retry_after")
KEY = "s3cret-Key"


def run(url, options, calls: list[Call]) -> list[Outcome]:
    outcomes = []
    with Client(url, **options) as client:
        for name, arguments in calls:
            began = time.monotonic()
            outcome = outcome_of(getattr(client, name), arguments)
            outcomes.append({**outcome, "seconds": time.monotonic() - began})
    return outcomes


def outcome_of(call, arguments) -> Outcome:
    try:
        return described(call(**arguments))
    except Error as error:
        return described(error)


def described(result) -> Outcome:
    if isinstance(result, list):
        return {"items": [described(item) for item in result]}
    if isinstance(result, Error):
        told = {name: getattr(result, name) for name in TOLD}
        return {"error": type(result).__name__, "message": str(result), **told}
    return {"text": result, **{name: getattr(result, name, None) for name in KNOWN}}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_fault(scenario: Scenario):
    scenarios.play(scenario, run)


def test_what_is_sent():
    scenarios.play_wire(run)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (range(3, 6), "3-5"),
        (range(5, 6), "5-5"),
        (range(1, 8, 3), "1,4,7"),
        (range(5, 2, -1), "5,4,3"),
        ([1, range(3, 5), "7-8"], "1,3-4,7-8"),
        ([range(3, 3), 2], "2"),
        ({4, 2}, "2,4"),
        ("1 3", "1 3"),
        (3, "3"),
    ],
)
def test_ranges_and_lists_mean_lines_as_they_do_in_python(given, sent):
    with FaultServer("cookie") as server, Client(server.url) as client:
        client.highlight("x", hl_lines=given)
        client.highlight("x", marks={"add": given, "del": 1})
    lines, marks = (dict(parse_qsl(request.target.partition("?")[2])) for request in server.requests)
    assert (lines, marks) == ({"hl_lines": sent}, {"marks": f"add:{sent},del:1"})


def test_key_is_never_told():
    scenarios.play_key(run)


def test_server_that_is_down_is_named():
    scenarios.play_refused(run)


def test_server_that_never_accepts_takes_no_longer_than_the_connect_timeout():
    scenarios.play_unreachable(run)


def test_image_is_bytes():
    with FaultServer("png") as server, Client(server.url) as client:
        image = client.highlight("x", "python", format="png")
    assert image == PNG
    assert image.language == "python"


def test_bytes_are_sent_as_they_are():
    with FaultServer("ok") as server, Client(server.url) as client:
        client.highlight(b"\xff\x00")
    assert server.requests[0].body == b"\xff\x00"


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda client: client.highlight("a\ud800"), "code"),
        (lambda client: client.highlight("a", title="\udfff"), "title"),
        (lambda client: client.stylesheet("\ud800"), "name"),
        (lambda client: client.batch([{"code": "a"}, {"code": "\ud800"}]), "snippets.1.code"),
        (lambda client: client.batch([{"code": b"\xff"}]), "snippets.0.code"),
    ],
)
def test_lone_surrogate_is_an_error_before_anything_is_sent(call, field):
    with FaultServer("ok") as server, Client(server.url) as client:
        with pytest.raises(InvalidRequest, match=f"^{server.url}: {field}: ") as caught:
            call(client)
        assert caught.value.code == "invalid_encoding"
        assert caught.value.errors[0]["field"] == field
    assert server.requests == []


# Retries


def pauses(plan, **options):
    slept = []
    with FaultServer(*plan) as server, Client(server.url, sleep=slept.append, **options) as client:
        client.highlight("x")
    return slept


def test_pauses_double_and_are_drawn_from_the_whole_range():
    assert pauses(["reset", "hangup", "busy", "ok"], random=lambda: 1.0) == pytest.approx([0.1, 0.2, 0.4])
    assert pauses(["reset", "hangup", "busy", "ok"], random=lambda: 0.0) == [0, 0, 0]


def test_pauses_stop_growing():
    assert max(pauses(["busy"] * 9 + ["ok"], random=lambda: 1.0, retries=9, timeout=60)) == pytest.approx(3.2)


def test_retry_after_is_the_least():
    assert pauses(["busy for a second", "ok"], random=lambda: 0.5) == pytest.approx([1.05])


def test_retry_after_in_the_past_is_no_pause():
    later = time.time() + 3600
    assert pauses(["busy until a date", "ok"], random=lambda: 0.0, now=lambda: later) == [0]


def test_pause_never_passes_the_deadline():
    slept = []
    with (
        FaultServer("busy for a second") as server,
        Client(server.url, timeout=0.9, sleep=slept.append) as client,
        pytest.raises(Unavailable),
    ):
        client.highlight("x")
    assert slept == []


# The key


def test_key_is_in_no_log_or_traceback(caplog):
    caplog.set_level("DEBUG")
    with FaultServer("echo") as server, Client(server.url, KEY) as client:
        with pytest.raises(Unauthorized) as caught:
            client.highlight("x")
        shown = [repr(client), repr(vars(client)), caplog.text, *traceback.format_exception(caught.value)]
    assert not [text for text in shown if KEY in text]


def test_key_is_not_in_what_a_failure_carries():
    with FaultServer("reset") as server, Client(server.url, KEY, retries=0) as client:
        with pytest.raises(ConnectionFailed) as caught:
            client.highlight("x")
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        assert KEY.encode() not in pickle.dumps(caught.value)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nHost: b", "a\n", "schlüssel", "a\x00"])
def test_key_that_is_no_header_value_is_refused(key):
    with pytest.raises(ValueError, match="api_key") as caught:
        Client(api_key=key)
    assert not key or key not in str(caught.value)


def test_environment_changes_nothing(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with FaultServer("ok") as server, Client(server.url) as client:
        client.highlight("x")
    assert "authorization" not in server.requests[0].headers


# The address


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080",
        "ftp://localhost",
        "http://",
        "http:///prefix",
        "http://user:s3cret@localhost",
        "http://localhost?s3cret",
        "http://localhost/#s3cret",
        "http://localhost:s3cret",
        "http://localhost:0",
        "http://localhost:65536",
        "http://local host",
        "http://localhost/\r\nX: s3cret",
    ],
)
def test_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match=r"base_url|Port") as caught:
        Client(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost", "HTTPS://example.com:8443/a/", "http://[::1]:80", "http://my_app"])
def test_address_is_accepted(url):
    assert repr(Client(url)) == f"Client('{url.rstrip('/')}')"


# Errors


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Error)]
)
def test_error_survives_pickling(kind):
    error = kind("server: no", status=422, request_id="r", errors=[{"field": "f", "message": "m"}], retry_after=1.5)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (kind, "server: no", vars(error))


def test_text_survives_pickling():
    with FaultServer("degraded") as server, Client(server.url) as client:
        text = client.highlight("x")
    for again in (pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):
        assert (again, again.degraded, again.plaintext) == ("ok", "deadline", True)


# Threads and processes


def test_client_can_be_used_after_close():
    with FaultServer("ok") as server:
        client = Client(server.url)
        for _ in range(2):
            assert client.highlight("x") == "<b>ok</b>"
            client.close()
    assert [request.connection for request in server.requests] == [1, 2]


def test_each_thread_has_its_own_connection():
    barrier, found = threading.Barrier(6), []

    def work(client):
        barrier.wait(5)
        found.extend(client.highlight("x") for _ in range(10))

    with FaultServer("ok") as server, Client(server.url) as client:
        threads = [threading.Thread(target=work, args=(client,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert found == ["<b>ok</b>"] * 60
    assert {request.connection for request in server.requests} == {1, 2, 3, 4, 5, 6}


FORK = """
import os, sys
from mergepoint.client import Client

client = Client(sys.argv[1])
client.highlight("before")
client._server._lock.acquire()  # as another thread might have, at that moment
child = os.fork()
if child == 0:
    client.highlight("child")
    client.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
client.highlight("parent")
"""


def test_forked_child_leaves_its_parents_connection_alone():
    with FaultServer("ok") as server:
        # In an interpreter of its own: this one has the server's threads, which do not go with a fork.
        path = os.pathsep.join(sys.path)
        subprocess.run([sys.executable, "-c", FORK, server.url], env={"PYTHONPATH": path}, timeout=20, check=True)
    made = [(request.body.decode(), request.connection) for request in server.requests]
    assert made == [("before", 1), ("child", 2), ("parent", 1)]


def test_what_changed_is_html_that_knows_the_changes():
    with FaultServer("diff") as server, Client(server.url) as client:
        diff = client.htmldiff("é", b"<b>\xc3\xa9", ignore=["case", "comments"], moved=True, view=None)
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/htmldiff")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "old": "é", "new": "<b>é", "ignore": "case,comments", "moved": "1", "format": "json"
    }  # fmt: skip
    assert "é".encode() in request.body
    assert (diff, diff.counts, diff.granularity, diff.degraded) == (
        "<ins>é</ins>",
        {"inserted": 1},
        "block",
        "deadline",
    )
    assert diff.changes == [{"id": 1, "kind": "inserted", "path": "/", "old": "", "new": "é"}]
    assert (diff.type, diff.cached, diff.request_id) == ("text/html; charset=utf-8", False, "r-1")


def test_changes_are_applied_by_their_numbers():
    with FaultServer("ok") as server, Client(server.url) as client:
        assert client.apply("a", "b", accept=[1, 3]) == "<b>ok</b>"
    (request,) = server.requests
    assert (request.target, json.loads(request.body)) == ("/htmldiff/apply", {"old": "a", "new": "b", "accept": "1,3"})


def test_versions_are_annotated():
    with FaultServer("annotated") as server, Client(server.url) as client:
        annotated = client.annotate([{"label": "1", "html": b"a"}, {"label": 2, "html": "b"}], granularity="block")
    (request,) = server.requests
    assert request.target == "/htmldiff/annotate"
    assert json.loads(request.body) == {
        "versions": [{"label": "1", "html": "a"}, {"label": "2", "html": "b"}], "granularity": "block", "format": "json"
    }  # fmt: skip
    assert (annotated, annotated.parts) == ("<span>b</span>", [{"label": "2", "text": "b"}])


@pytest.mark.parametrize("call", [lambda client: client.htmldiff("a", "b"), lambda client: client.annotate([])])
@pytest.mark.parametrize("fault", ["ok", "bad json", "other json"])
def test_what_tells_no_changes_is_no_answer(call, fault):
    with FaultServer(fault) as server, Client(server.url) as client, pytest.raises(InvalidResponse):
        call(client)


@pytest.mark.parametrize(("old", "version"), [("\ud800", "\ud800"), (b"\xff", b"\xff")])
def test_documents_that_are_not_utf8_are_not_sent(old, version):
    with FaultServer("ok") as server, Client(server.url) as client:
        with pytest.raises(InvalidRequest) as refused:
            client.htmldiff(old, "")
        assert refused.value.errors[0]["field"] == "old"
        with pytest.raises(InvalidRequest) as refused:
            client.annotate([{"label": "", "html": version}])
        assert refused.value.errors[0]["field"] == "versions.0.html"
    assert server.requests == []

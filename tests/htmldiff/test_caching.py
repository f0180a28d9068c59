"""Answers may be kept by whoever gets them, except degraded ones; opened directly, none of them runs anything."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mergepoint.htmldiff import service

BODY = {"old": "a b", "new": "a c"}
CALLS = [
    ("POST", "/htmldiff", {"json": BODY}),
    ("QUERY", "/htmldiff", {"json": BODY}),
    ("GET", "/htmldiff?old=a&new=b", {}),
    ("POST", "/htmldiff/apply", {"json": {**BODY, "accept": [1]}}),
    ("POST", "/htmldiff/annotate", {"json": {"versions": [{"label": "x", "html": "y"}]}}),
]


@pytest.mark.parametrize(("method", "path", "more"), CALLS)
def test_whoever_knows_the_answer_gets_304(client: FlaskClient, method: str, path: str, more: dict[str, Any]) -> None:
    first = client.open(path, method=method, **more)
    assert first.status_code == 200
    assert first.headers["Cache-Control"].startswith("public, max-age=30")
    again = client.open(path, method=method, **more, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Vary"] == first.headers["Vary"] == "Accept"


def tag(client: FlaskClient, path: str = "/htmldiff", **options: Any) -> str:
    return client.post(path, json={**BODY, **options}).headers["ETag"]


def test_another_answer_has_another_tag(client: FlaskClient) -> None:
    tags = [tag(client), tag(client, old="b"), tag(client, view="insertions"), tag(client, ignore="case")]
    tags += [tag(client, format="json"), tag(client, "/htmldiff/apply"), tag(client, "/htmldiff/apply", accept=[1])]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("library", service.LIBRARIES)
def test_the_tag_changes_with_each_library(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    before = tag(client)
    monkeypatch.setitem(service.LIBRARIES, library, "9.9")
    assert tag(client) != before


def test_a_degraded_answer_is_not_kept(client: FlaskClient) -> None:
    reply = client.post("/htmldiff", json={"old": "<p>x" * 101_000, "new": "<p>y" * 10, "format": "json"})
    assert reply.headers["Mergepoint-Degraded"] == reply.json["degraded"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


@pytest.mark.parametrize("sanitize", ["safe", "none"])
def test_an_answer_opened_directly_runs_nothing(client: FlaskClient, sanitize: str) -> None:
    reply = client.post("/htmldiff", json={"old": "", "new": "<script>1</script>", "sanitize": sanitize})
    assert ("<script>" in reply.text) == (sanitize == "none")
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy


def test_the_style_sheet_is_css_and_names_what_answers_have(client: FlaskClient) -> None:
    reply = client.get("/htmldiff/diff.css")
    assert reply.content_type == "text/css; charset=utf-8"
    assert all(word in reply.text for word in ("ins", "del", ".tagdiff_added", ".tagdiff_deleted", ".tagdiff_replaced"))

"""Answers may be kept: strong tags, 304 for whoever knows them, and nothing that must not be kept is."""

import json

import pytest
from flask.testing import FlaskClient

from mergepoint.highlight import service
from mergepoint.highlight.config import Settings
from mergepoint.highlight.web import create_app

BATCH = json.dumps({"snippets": [{"code": "x", "language": "text"}]})
LINK = "/highlight/python/eA.html"
CALLS = [
    ("POST", "/highlight?language=python", "x", "text/plain"),
    ("QUERY", "/highlight?language=python", "x", "text/plain"),
    ("GET", "/highlight?language=python&code=x", None, None),
    ("HEAD", "/highlight?language=python&code=x", None, None),
    ("GET", LINK, None, None),
    ("POST", "/highlight/batch", BATCH, "application/json"),
    ("QUERY", "/highlight/batch", BATCH, "application/json"),
    ("POST", "/highlight/guess", "x", "text/plain"),
    ("GET", "/highlight/languages", None, None),
    ("GET", "/highlight/formats", None, None),
    ("GET", "/highlight/styles", None, None),
    ("GET", "/highlight/styles/monokai.css", None, None),
]


@pytest.mark.parametrize(("method", "path", "data", "kind"), CALLS)
def test_whoever_knows_the_answer_gets_304(
    client: FlaskClient, method: str, path: str, data: str | None, kind: str | None
) -> None:
    first = client.open(path, method=method, data=data, content_type=kind)
    assert first.status_code == 200
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.open(path, method=method, data=data, content_type=kind, headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert again.headers.get("Vary") == first.headers.get("Vary")
    for unknown in ('"other"', "*"):
        again = client.open(path, method=method, data=data, content_type=kind, headers={"If-None-Match": unknown})
        assert again.status_code == 200


def tag(client: FlaskClient, query: str = "language=text", data: str = "x", **headers: str) -> str:
    reply = client.post(f"/highlight?{query}", data=data, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert reply.status_code == 200
    return reply.headers["ETag"]


def test_another_answer_has_another_tag(client: FlaskClient) -> None:
    tags = [
        tag(client),
        tag(client, data="y"),
        tag(client, data=""),
        tag(client, "language=python"),
        tag(client, "language=text&format=svg"),
        tag(client, "language=text&linenos=inline"),
        tag(client, "language=text&title=x"),
        client.post("/highlight/guess", data="x").headers["ETag"],
    ]
    assert len(set(tags)) == len(tags)


def test_what_accept_chose_and_what_an_option_chose_have_the_same_tag(client: FlaskClient) -> None:
    assert tag(client, "language=text&format=svg") == tag(client, Accept="image/svg+xml")


def test_accept_is_named_in_vary(client: FlaskClient) -> None:
    assert client.post("/highlight?language=text", data="x").headers["Vary"] == "Accept"


def test_the_age_is_the_setting(client: FlaskClient) -> None:
    assert client.post("/highlight", data="x").headers["Cache-Control"].startswith("public, max-age=30, ")
    app = create_app(Settings(max_age=7, children=1))
    try:
        assert app.test_client().post("/highlight", data="x").headers["Cache-Control"].startswith("public, max-age=7, ")
    finally:
        app.extensions["sandbox"].close()


def test_the_tag_changes_with_the_version_of_pygments(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tag(client)
    monkeypatch.setitem(service.LIBRARIES, "pygments", "9.9")
    assert tag(client) != before


SLOW = '"' + "\\" * 60  # Pygments issue #3247


def test_a_degraded_answer_is_not_kept(client: FlaskClient) -> None:
    reply = client.post("/highlight?language=scala", data=SLOW)
    assert reply.status_code == 200
    assert reply.headers["Mergepoint-Degraded"] == "deadline"
    assert reply.headers["Mergepoint-Plaintext"] == "1"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


def test_a_batch_with_a_degraded_answer_is_not_kept(client: FlaskClient) -> None:
    snippets = [{"code": "x", "language": "text"}, {"code": SLOW, "language": "scala"}]
    reply = client.post("/highlight/batch", json={"snippets": snippets})
    assert [result["degraded"] for result in reply.json["results"]] == [None, "deadline"]
    assert reply.headers["Mergepoint-Degraded"] == "deadline"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


@pytest.mark.parametrize("name", ["languages", "formats", "styles", "styles/monokai.css"])
def test_lists_are_kept_for_an_hour_or_for_ever(client: FlaskClient, name: str) -> None:
    version = client.get("/highlight/health").json["version"]
    assert "max-age=3600" in client.get(f"/highlight/{name}").headers["Cache-Control"]
    assert "max-age=3600" in client.get(f"/highlight/{name}?v=other").headers["Cache-Control"]
    forever = client.get(f"/highlight/{name}?v={version}").headers["Cache-Control"]
    assert forever == "public, max-age=31536000, immutable"

"""Every way to send two documents means the same, and every way to fail says which field and why."""

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

OLD, NEW = "<p>é 'a' &amp; b</p>\r\n", '<p>é "a" &amp; c</p>'
ALL = ["HEAD", "GET", "POST", "QUERY", "OPTIONS"]
LARGE = 2 << 20


def file(text: str | bytes, kind: str = "text/html", name: str = "page.html") -> tuple[BytesIO, str, str]:
    return BytesIO(text if isinstance(text, bytes) else text.encode()), name, kind


WAYS: dict[str, dict[str, Any]] = {
    "JSON by QUERY": {"method": "QUERY", "json": {"old": OLD, "new": NEW}},
    "form": {"method": "POST", "data": {"old": OLD, "new": NEW}, "content_type": "multipart/form-data"},
    "files": {"method": "POST", "data": {"old": file(OLD), "new": file(NEW, "text/html; charset=UTF-8")}},
    "files of no known type": {
        "method": "POST",
        "data": {"old": file(OLD, "application/octet-stream"), "new": file(NEW, "text/plain")},
    },
    "GET": {"method": "GET", "query_string": {"old": OLD, "new": NEW}},
    "one here, one there": {"method": "POST", "query_string": {"old": OLD}, "json": {"new": NEW}},
    "query only": {"method": "POST", "query_string": {"old": OLD, "new": NEW}},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same(client: FlaskClient, way: str) -> None:
    reply = client.open("/htmldiff", **WAYS[way])
    assert reply.status_code == 200, reply.text
    assert reply.text == client.post("/htmldiff", json={"old": OLD, "new": NEW}).text
    assert reply.content_type == "text/html; charset=utf-8"


def test_an_empty_document_is_a_document(client: FlaskClient) -> None:
    added = '<div class="diff"><ins>x</ins></div>'
    assert client.post("/htmldiff", json={"old": "", "new": "x"}).text == added
    assert client.post("/htmldiff", data={"old": "", "new": "x"}, content_type="multipart/form-data").text == added
    assert client.post("/htmldiff", data={"old": file(""), "new": file("x")}).text == added
    assert client.get("/htmldiff?old=&new=x").text == added


@pytest.mark.parametrize("query", ["", "?view=inline", "?view="])
@pytest.mark.parametrize("path", ["/htmldiff", "/htmldiff/apply"])
def test_every_urlencoded_form_is_taken(client: FlaskClient, path: str, query: str) -> None:
    query = query if path == "/htmldiff" else ""
    data = {"old": "<p>é 1\n&", "new": "<p>é+2\n&", "granularity": "character"}
    reply = client.post(path + query, data=data)
    assert reply.status_code == 200, reply.text
    assert reply.text == client.post(path, json=data).text
    raw = "old=<p>é 1%0a%26&new=<p>é%2B2\n%26&granularity=character".encode()
    form = client.post(path + query, data=raw, content_type="application/x-www-form-urlencoded")
    assert form.text == reply.text


def test_what_is_wrong_with_a_form_is_named(client: FlaskClient) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    refused(client.post("/htmldiff", data="old=a", **form), 422, "missing_option", "new")
    refused(client.post("/htmldiff", data="old=a&new=b&x=%ff", **form), 422, "unknown_option", "x")
    refused(client.post("/htmldiff", data="old=a&new=%ff", **form), 400, "invalid_encoding", "new")
    refused(client.post("/htmldiff", data="old=a&new=b&new=c", **form), 422, "invalid_option", "new")


@pytest.mark.parametrize(
    ("name", "nearest"), [("before", "old"), ("file", "old"), ("html2", "new"), ("after", "new"), ("mode", "view")]
)
def test_a_file_under_another_name_is_told_the_right_one(client: FlaskClient, name: str, nearest: str) -> None:
    reply = client.post("/htmldiff", data={name: (BytesIO(b"\xff"), "a.png", "image/png")})
    refused(reply, 422, "unknown_option", name)
    assert f"the nearest is {nearest!r}" in reply.json["detail"]


def test_null_is_not_given(client: FlaskClient) -> None:
    body = {"old": "a", "new": "b", "view": None, "ignore": None, "base_url": None, "old_url": None}
    assert client.post("/htmldiff", json=body).text == client.post("/htmldiff", json={"old": "a", "new": "b"}).text
    refused(client.post("/htmldiff", json={"old": None, "new": "b"}), 422, "missing_option", "old")
    versions = {"versions": [{"label": "a", "html": "b"}], "granularity": None}
    assert client.post("/htmldiff/annotate", json=versions).status_code == 200


@pytest.mark.parametrize("options", [{"ignore": "case,whitespace"}, {"ignore": ["case", "whitespace"]}])
def test_lists_stand_between_commas_or_in_json(client: FlaskClient, options: dict[str, Any]) -> None:
    reply = client.post("/htmldiff", json={"old": "A  b", "new": "a b", **options})
    assert reply.text == '<div class="diff">a b</div>'


def test_empty_fields_of_a_form_are_not_there(client: FlaskClient) -> None:
    data = {"old": "a", "new": "b", "ignore": "", "view": "", "title": "", "base_url": ""}
    assert client.post("/htmldiff", data=data, content_type="multipart/form-data").status_code == 200


@pytest.mark.parametrize(
    ("accept", "options", "type"),
    [
        ("application/json", {}, "application/json"),
        ("text/html", {"format": "json"}, "application/json"),
        ("application/json", {"format": "html"}, "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", {}, "text/html; charset=utf-8"),
        ("application/json, text/plain, */*", {}, "text/html; charset=utf-8"),
        ("application/json, text/plain", {}, "application/json"),
        ("application/json, text/html;q=0.1", {}, "text/html; charset=utf-8"),
    ],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/htmldiff", {"old": "a", "new": "b"}),
        ("/htmldiff/annotate", {"versions": [{"label": "l", "html": "a"}]}),
    ],
)
def test_accept_or_an_option_chooses_the_type(
    client: FlaskClient, path: str, body: dict[str, Any], accept: str, options: dict[str, Any], type: str
) -> None:
    reply = client.post(path, json={**body, **options}, headers={"Accept": accept})
    assert (reply.content_type, reply.headers["Vary"]) == (type, "Accept")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/htmldiff", ALL),
        ("/htmldiff/apply", ["POST", "QUERY", "OPTIONS"]),
        ("/htmldiff/annotate", ["POST", "QUERY", "OPTIONS"]),
        ("/htmldiff/diff.css", ["HEAD", "GET", "OPTIONS"]),
    ],
)
def test_other_methods_are_refused_and_the_allowed_told(client: FlaskClient, path: str, allowed: list[str]) -> None:
    reply = client.delete(path)
    assert (reply.status_code, reply.json["code"]) == (405, "method_not_allowed")
    assert set(reply.headers["Allow"].split(", ")) == set(allowed)


def refused(reply: TestResponse, status: int, code: str, *fields: str) -> None:
    problem = reply.json
    assert reply.status_code == problem["status"] == status, problem
    assert reply.content_type == "application/problem+json"
    assert problem["code"] == code
    assert {error["field"] for error in problem.get("errors", ())} == set(fields)
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status", "code", "fields"),
    [
        ({"old": "a"}, 422, "missing_option", ["new"]),
        ({"old": "a", "new": "b", "viev": "inline"}, 422, "unknown_option", ["viev"]),
        ({"old": "a", "new": "b", "view": "upside-down"}, 422, "invalid_option", ["view"]),
        ({"old": "a", "new": "b", "ignore": "colour"}, 422, "invalid_option", ["ignore.0"]),
        ({"old": "a", "new": "b", "base_url": "/x"}, 422, "invalid_option", ["base_url"]),
        ({"old": "a\ud800", "new": "b"}, 400, "invalid_encoding", ["old"]),
        ({"old": 1, "new": "b"}, 422, "invalid_option", ["old"]),
        ({"old": "x" * (LARGE + 1), "new": "b"}, 413, "body_too_large", ["old"]),
        ({"old": "a", "new": "é" * (LARGE // 2 + 1)}, 413, "body_too_large", ["new"]),
        ({"old": "a", "new": "<div>" * 513}, 422, "too_deep", ["new"]),
        ({"old": f"<p {' '.join(f'a{n}' for n in range(257))}>", "new": ""}, 422, "too_many_attributes", ["old"]),
    ],
)
def test_what_is_wrong_is_named(
    client: FlaskClient, body: dict[str, Any], status: int, code: str, fields: list[str]
) -> None:
    refused(client.post("/htmldiff", json=body), status, code, *fields)


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("apply", {"old": "a", "new": "b", "accept": [0]}, "invalid_option", "accept.0"),
        ("apply", {"old": "a", "new": "b", "accept": "1,x"}, "invalid_option", "accept.1"),
        ("apply", {"old": "a", "new": "b", "reject": [9]}, "invalid_option", "reject"),
        ("apply", {"old": "a", "new": "b", "page": True}, "unknown_option", "page"),
        ("annotate", {"versions": []}, "invalid_option", "versions"),
        ("annotate", {"versions": [{"label": "a"}]}, "missing_option", "versions.0.html"),
        ("annotate", {"versions": [{"label": "a", "html": "<b>" * 513}]}, "too_deep", "versions.0.html"),
        ("annotate", {"versions": [{"label": "a", "html": "", "x": 1}]}, "unknown_option", "versions.0.x"),
    ],
)
def test_so_it_is_by_the_other_calls(
    client: FlaskClient, path: str, body: dict[str, Any], code: str, field: str
) -> None:
    refused(client.post(f"/htmldiff/{path}", json=body), 422, code, field)


def test_a_lone_surrogate_in_a_version_is_400(client: FlaskClient) -> None:
    body = {"versions": [{"label": "\udfff", "html": "a"}]}
    refused(client.post("/htmldiff/annotate", json=body), 400, "invalid_encoding", "versions.0.label")


@pytest.mark.parametrize("data", [{"old": file(b"\xff"), "new": file("b")}, {"old": file(b"a\xc3"), "new": "b"}])
def test_what_is_not_utf8_is_400(client: FlaskClient, data: dict[str, Any]) -> None:
    copies = {
        name: (BytesIO(part[0].getvalue()), *part[1:]) if isinstance(part, tuple) else part
        for name, part in data.items()
    }
    refused(client.post("/htmldiff", data=copies), 400, "invalid_encoding", "old")


@pytest.mark.parametrize("kind", ["application/xhtml+xml", "application/xml", "image/png", "text/css"])
def test_xhtml_or_another_type_is_415(client: FlaskClient, kind: str) -> None:
    refused(client.post("/htmldiff", data={"old": file("a", kind), "new": "b"}), 415, "unsupported_type")
    refused(client.post("/htmldiff", data="<p/>", content_type=kind), 415, "unsupported_type")


def test_a_part_in_another_charset_is_415(client: FlaskClient) -> None:
    data = {"old": file("a", "text/html; charset=latin-1"), "new": "b"}
    refused(client.post("/htmldiff", data=data), 415, "unsupported_type")


def test_more_than_8_mb_is_413(client: FlaskClient) -> None:
    refused(
        client.post("/htmldiff", data=b"x" * (8 << 20) + b"x", content_type="application/json"), 413, "body_too_large"
    )

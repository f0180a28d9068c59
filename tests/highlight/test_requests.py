"""Every way to send a text means the same, and every way to fail says which field and why."""

import json
import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mergepoint.kit import problems
from mergepoint.kit.problems import Problem
from tests.servers import ROOT

JSON = "application/json"
FORM = "multipart/form-data; boundary=b"
CODE = "def f(x):\r\n\treturn 'é' # &\n"
LIMIT = 512 * 1024


def form(*parts: tuple[str, str | bytes] | tuple[str, str | bytes, str]) -> bytes:
    body = b""
    for name, value, *filename in parts:
        more = f'; filename="{filename[0]}"' if filename else ""
        data = value.encode() if isinstance(value, str) else value
        body += f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + data + b"\r\n"
    return body + b"--b--\r\n"


WAYS: dict[str, dict[str, Any]] = {
    "raw": {"method": "POST", "query_string": {"language": "python"}, "data": CODE.encode()},
    "as curl declares it": {
        "method": "POST",
        "query_string": {"language": "python"},
        "data": CODE.encode(),
        "content_type": "application/x-www-form-urlencoded",
    },
    "text/plain": {
        "method": "POST",
        "query_string": {"language": "python"},
        "data": CODE.encode(),
        "content_type": "text/plain; charset=utf-8",
    },
    "QUERY": {
        "method": "QUERY",
        "query_string": {"language": "python"},
        "data": CODE.encode(),
        "content_type": "text/plain",
    },
    "JSON": {"method": "POST", "json": {"code": CODE, "language": "python"}},
    "JSON by QUERY": {"method": "QUERY", "json": {"code": CODE, "language": "python"}},
    "form": {"method": "POST", "data": form(("code", CODE), ("language", "python")), "content_type": FORM},
    "file": {"method": "POST", "data": form(("code", CODE, "app.py")), "content_type": FORM},
    "GET": {"method": "GET", "query_string": {"language": "python", "code": CODE}},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same(client: FlaskClient, way: str) -> None:
    reply = client.open("/highlight", **WAYS[way])
    assert reply.status_code == 200
    assert reply.data == client.post("/highlight?language=python", data=CODE.encode()).data
    assert reply.headers["Mergepoint-Language"] == "python"
    assert reply.content_type == "text/html; charset=utf-8"


def test_a_form_that_looks_like_one_is_text_all_the_same(client: FlaskClient) -> None:
    reply = client.post("/highlight?language=text&nowrap=1", data={"code": "x"})
    assert reply.text == "code=x\n"


def test_head_has_the_headers_and_no_body(client: FlaskClient) -> None:
    reply = client.head("/highlight?code=x&language=python")
    assert (reply.status_code, reply.data) == (200, b"")
    assert int(reply.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/highlight", {"GET", "HEAD", "POST", "QUERY", "OPTIONS"}),
        ("/highlight/guess", {"GET", "HEAD", "POST", "QUERY", "OPTIONS"}),
        ("/highlight/batch", {"POST", "QUERY", "OPTIONS"}),
        ("/highlight/languages", {"GET", "HEAD", "OPTIONS"}),
        ("/highlight/styles/monokai.css", {"GET", "HEAD", "OPTIONS"}),
        ("/highlight/python/eA.html", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_other_methods_are_refused_and_the_allowed_told(client: FlaskClient, path: str, allowed: set[str]) -> None:
    reply = client.delete(path)
    assert (reply.status_code, reply.json["code"]) == (405, "method_not_allowed")
    assert set(reply.headers["Allow"].split(", ")) == allowed
    options = client.options(path)
    assert options.status_code == 200
    assert set(options.headers["Access-Control-Allow-Methods"].split(", ")) == allowed


def refused(reply: TestResponse, status: int, code: str, *fields: str) -> None:
    problem = reply.json
    assert reply.status_code == problem["status"] == status, problem
    assert reply.content_type == "application/problem+json"
    assert problem["code"] == code
    assert {error["field"] for error in problem.get("errors", ())} == set(fields)
    assert problem["request_id"] == reply.headers["X-Request-Id"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


class TestBadText:
    @pytest.mark.parametrize(
        "data", [b"\xff", b"x\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xfe\xff"]
    )
    def test_what_is_not_utf8_is_400(self, client: FlaskClient, data: bytes) -> None:
        refused(client.post("/highlight", data=data), 400, "invalid_encoding", "code")
        refused(client.post("/highlight/guess", data=data), 400, "invalid_encoding", "code")
        body = form(("code", data))
        refused(client.post("/highlight", data=body, content_type=FORM), 400, "invalid_encoding", "code")
        body = b'{"code": "%b"}' % data
        refused(client.post("/highlight", data=body, content_type=JSON), 400, "invalid_encoding", "body")

    def test_in_the_query_too(self, client: FlaskClient) -> None:
        refused(client.get("/highlight?code=%ff"), 400, "invalid_encoding", "code")
        refused(client.post("/highlight?language=%c3", data="x"), 400, "invalid_encoding", "language")
        refused(client.get("/highlight?%ff=x&code=x"), 400, "invalid_encoding", "query")

    @pytest.mark.parametrize("text", ["\\ud800", "x\\udfffy", "\\udc00\\ud800"])
    def test_a_lone_surrogate_is_400(self, client: FlaskClient, text: str) -> None:
        body = f'{{"code": "{text}"}}'
        refused(client.post("/highlight", data=body, content_type=JSON), 400, "invalid_encoding", "code")
        refused(client.post("/highlight/guess", data=body, content_type=JSON), 400, "invalid_encoding", "code")
        body = f'{{"code": "", "title": "{text}"}}'
        refused(client.post("/highlight", data=body, content_type=JSON), 400, "invalid_encoding", "title")
        body = f'{{"snippets": [{{"code": "a"}}, {{"code": "{text}"}}]}}'
        reply = client.post("/highlight/batch", data=body, content_type=JSON)
        refused(reply, 400, "invalid_encoding", "snippets.1.code")

    def test_a_pair_of_them_is_a_character(self, client: FlaskClient) -> None:
        body = '{"code": "\\ud83d\\ude00", "language": "text", "nowrap": true}'
        assert client.post("/highlight", data=body, content_type=JSON).text == "😀\n"

    def test_half_a_megabyte_is_enough(self, client: FlaskClient) -> None:
        assert client.post("/highlight?language=text", data=b"x" * LIMIT).status_code == 200
        refused(client.post("/highlight?language=text", data=b"x" * (LIMIT + 1)), 413, "body_too_large")
        for kind in (JSON, FORM, "text/plain", "application/octet-stream"):
            refused(client.post("/highlight", data=b"x" * (LIMIT + 1), content_type=kind), 413, "body_too_large")
        for path in ("/highlight/batch", "/highlight/guess"):
            refused(client.post(path, data=b"x" * (LIMIT + 1), content_type=JSON), 413, "body_too_large")

    def test_a_chunked_body_is_bounded_as_well(self, client: FlaskClient) -> None:
        for size, status in ((LIMIT, 200), (LIMIT + 1, 413)):
            reply = client.post(
                "/highlight?language=text",
                input_stream=BytesIO(b"x" * size),
                environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
            )
            assert reply.status_code == status


class TestBadOptions:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("tabsize", "1000000000"),
            ("tabsize", "17"),
            ("tabsize", "-1"),
            ("tabsize", "x"),
            ("linenostep", "0"),
            ("linenostep", "1000001"),
            ("linenostart", "-1"),
            ("linenostart", "1000000001"),
            ("linenostart", "9" * 5000),
            ("hl_lines", "0"),
            ("hl_lines", "3-2"),
            ("hl_lines", "1-"),
            ("hl_lines", "1,,2"),
            ("hl_lines", "a"),
            ("hl_lines", "1" * 10),
            ("hl_lines", "٣"),
            ("hl_lines", ",".join(["1"] * 201)),
            ("hl_lines", "1" + " " * 4000),
            ("anchors", '"><script>'),
            ("anchors", "1"),
            ("anchors", "L\n"),
            ("anchors", "L" * 65),
            ("format", "pdf"),
            ("format", "HTML"),
            ("css", "both"),
            ("linenos", "1"),
            ("fallback", "text"),
            ("strict", "2"),
            ("page", "maybe"),
            ("title", "x" * 201),
            ("language", "x" * 201),
            ("filename", "x" * 201),
            ("mimetype", "x" * 201),
        ],
    )
    def test_a_bad_value_is_422_and_names_its_field(self, client: FlaskClient, name: str, value: str) -> None:
        reply = client.post("/highlight", query_string={"language": "text"} | {name: value}, data="x")
        refused(reply, 422, "invalid_option", name)
        assert reply.json["errors"][0]["message"]

    @pytest.mark.parametrize(
        ("name", "value"), [("linenostart", 1.5), ("hl_lines", [[1]]), ("strip", "x"), ("title", 1)]
    )
    def test_in_json_too(self, client: FlaskClient, name: str, value: object) -> None:
        body = json.dumps({"code": "x", name: value})
        refused(client.post("/highlight", data=body, content_type=JSON), 422, "invalid_option", name)

    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("lang", "language"),
            ("lineno", "linenos"),
            ("Style", "style"),
            ("hllines", "hl_lines"),
            ("tab_size", "tabsize"),
        ],
    )
    def test_an_unknown_option_names_the_nearest(self, client: FlaskClient, name: str, nearest: str) -> None:
        reply = client.post(f"/highlight?{name}=1", data="x")
        refused(reply, 422, "unknown_option", name)
        assert f"the nearest is {nearest!r}" in reply.json["detail"]

    @pytest.mark.parametrize(
        "name",
        ["cssfile", "tagsfile", "font_name", "prestyles", "classprefix", "cssclass", "outencoding", "encoding", "full",
         "noclobber_cssfile", "tagurlformat", "preamble", "docclass", "verboptions", "commandprefix", "linenospecial",
         "debug_token_types", "filters", "lexer", "stripnl", "ensurenl", "escapeinside", "mathescape", "wrapcode"],
    )  # fmt: skip
    def test_what_pygments_could_write_open_or_inject_does_not_exist(self, client: FlaskClient, name: str) -> None:
        refused(client.post(f"/highlight?{name}=/tmp/x", data="x"), 422, "unknown_option", name)

    def test_a_text_is_needed(self, client: FlaskClient) -> None:
        refused(client.get("/highlight"), 422, "missing_option", "code")
        refused(client.post("/highlight", data="{}", content_type=JSON), 422, "missing_option", "code")
        refused(client.post("/highlight/batch", data="{}", content_type=JSON), 422, "missing_option", "snippets")

    def test_an_unknown_language_is_422_or_plain(self, client: FlaskClient) -> None:
        refused(client.post("/highlight?language=klingon", data="x"), 422, "unknown_language", "language")
        reply = client.post("/highlight?language=klingon&fallback=plain", data="x")
        assert (reply.status_code, reply.headers["Mergepoint-Plaintext"]) == (200, "1")
        assert reply.headers["Mergepoint-Language"] == "text"

    @pytest.mark.parametrize("name", ["style", "dark_style"])
    def test_an_unknown_style_is_422(self, client: FlaskClient, name: str) -> None:
        reply = client.post(f"/highlight?{name}=monokay&language=text", data="x")
        refused(reply, 422, "unknown_style", name)
        assert "'monokai'" in reply.json["detail"]

    def test_page_and_nowrap_exclude_each_other(self, client: FlaskClient) -> None:
        reply = client.post("/highlight?page=1&nowrap=1", data="x")
        refused(reply, 422, "invalid_option", "page")

    @pytest.mark.parametrize("body", ["", "{", "[]", "null", "1", '"x"', "{]", "[" * 10_000])
    def test_unreadable_json_is_400(self, client: FlaskClient, body: str) -> None:
        refused(client.post("/highlight", data=body, content_type=JSON), 400, "malformed_body")
        refused(client.post("/highlight/batch", data=body, content_type=JSON), 400, "malformed_body")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Content-Type": "image/png"},
            {"Content-Type": "application/xml"},
            {"Content-Type": "text/plain; charset=utf-16"},
            {"Content-Type": "text/plain", "Content-Encoding": "gzip"},
        ],
    )
    def test_another_type_is_415(self, client: FlaskClient, headers: dict[str, str]) -> None:
        refused(client.post("/highlight", data=b"x", headers=headers), 415, "unsupported_type")

    def test_a_batch_is_json(self, client: FlaskClient) -> None:
        refused(client.post("/highlight/batch", data=b"x", content_type="text/plain"), 415, "unsupported_type")

    def test_all_bad_options_are_named_at_once(self, client: FlaskClient) -> None:
        reply = client.post("/highlight?tabsize=x&linenostep=0&nope=1", data="x")
        refused(reply, 422, "invalid_option", "tabsize", "linenostep", "nope")


def test_the_contracts_table_of_errors_is_true() -> None:
    table = (ROOT / "services/highlight/README.md").read_text().partition("| status | `code` | when |")[2]
    rows = [row.split("|") for row in table.partition("\n\n")[0].splitlines() if row.startswith("| ")]
    said = {code: int(row[1]) for row in rows if row[1].strip().isdigit() for code in re.findall("`([a-z_]+)`", row[2])}
    assert len(said) > 15
    for code, status in said.items():
        assert problems.document(Problem(code, ""), problems.STATUS)["status"] == status, code


class TestNoMatter:
    """What does not change an answer."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Cookie", "a=1"),
            ("Authorization", "Bearer x"),
            ("Accept-Language", "tlh"),
            ("User-Agent", "x"),
            ("X-Forwarded-Host", "evil"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("Range", "bytes=0-1"),
            ("Accept-Encoding", "gzip"),
            ("Referer", "http://evil/"),
        ],
    )
    def test_a_header(self, client: FlaskClient, name: str, value: str) -> None:
        bare = client.post("/highlight?language=python", data="x = 1")
        reply = client.post("/highlight?language=python", data="x = 1", headers={name: value})
        assert (reply.status_code, reply.data) == (bare.status_code, bare.data)
        assert reply.headers["ETag"] == bare.headers["ETag"]
        assert "Set-Cookie" not in reply.headers

    def test_the_spelling_of_a_switch(self, client: FlaskClient) -> None:
        replies = [client.post(f"/highlight?language=text&nowrap={on}", data="x").data for on in ("1", "true", "on")]
        assert replies == [b"x\n"] * 3

    def test_lines_as_a_list(self, client: FlaskClient) -> None:
        body = json.dumps({"code": "a\nb\nc\nd", "language": "text", "hl_lines": [1, "3-4"]})
        listed = client.post("/highlight", data=body, content_type=JSON)
        assert listed.data == client.post("/highlight?language=text&hl_lines=1,3-4", data="a\nb\nc\nd").data

    def test_how_often_and_in_which_order_lines_are_named(self, client: FlaskClient) -> None:
        ways = ("2-3,1", "3,2,1,1,2", "1-2,2-3,1-999999999,1-999999999")
        text = "a\nb\nc"
        assert len({client.post(f"/highlight?language=text&hl_lines={way}", data=text).data for way in ways}) == 1

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
URLENCODED = "application/x-www-form-urlencoded"
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
    "urlencoded form": {"method": "POST", "data": {"code": CODE, "language": "python"}},
    "urlencoded form with empty fields": {"method": "POST", "data": {"code": CODE, "language": "python", "style": ""}},
    "JSON with null": {"method": "POST", "json": {"code": CODE, "language": "python", "hl_lines": None, "page": None}},
    "as JavaScript": {
        "method": "POST",
        "query_string": {"language": "python"},
        "data": CODE.encode(),
        "content_type": "application/javascript",
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same(client: FlaskClient, way: str) -> None:
    reply = client.open("/highlight", **WAYS[way])
    assert reply.status_code == 200
    assert reply.data == client.post("/highlight?language=python", data=CODE.encode()).data
    assert reply.headers["Mergepoint-Language"] == "python"
    assert reply.content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("option", ["language=text", "language=", "nowrap=0", "fallback=none"])
def test_a_form_is_a_text_when_options_are_in_the_query(client: FlaskClient, option: str) -> None:
    assert "code=x" in client.post(f"/highlight?{option}", data={"code": "x"}).text


@pytest.mark.parametrize("text", ["code=x\n", "code=x&lang=c", "a=1&b=2", "code=é", "code", "language=c"])
def test_what_is_not_plainly_a_form_is_a_text(client: FlaskClient, text: str) -> None:
    form = {"data": text.encode(), "content_type": URLENCODED}
    raw = client.post("/highlight", data=text.encode(), content_type="text/plain")
    assert client.post("/highlight", **form).data == raw.data
    assert client.post("/highlight/guess", **form).json == client.post("/highlight/guess", data=text.encode()).json


def test_every_type_that_a_language_has_is_text(client: FlaskClient) -> None:
    languages = client.get("/highlight/languages").json["languages"]
    kinds = {kind for language in languages for kind in language["mimetypes"] if not kind.startswith("multipart/")}
    for kind in sorted(kinds - {"application/json", "application/x-www-form-urlencoded"}):
        reply = client.post("/highlight?language=text&nowrap=1", data="x", content_type=kind)
        assert (reply.status_code, reply.text) == (200, "x\n"), kind


@pytest.mark.parametrize(
    ("accept", "type"),
    [
        ("application/json, text/plain, */*", "text/html; charset=utf-8"),
        ("application/json, text/javascript, */*; q=0.01", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/json, text/plain", "application/json"),
    ],
)
def test_json_is_what_nothing_else_is_acceptable_for(client: FlaskClient, accept: str, type: str) -> None:
    for reply in (
        client.post("/highlight?language=text", data="x", headers={"Accept": accept}),
        client.get("/highlight?language=text&code=x", headers={"Accept": accept}),
    ):
        assert (reply.status_code, reply.content_type) == (200, type)


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
            ("linespans", "1"),
            ("linespans", "L" * 65),
            ("cssclass", "a b"),
            ("cssclass", "1a"),
            ("cssclass", '"'),
            ("cssclass", "é"),
            ("cssclass", "a\n"),
            ("cssclass", "x" * 65),
            ("classprefix", "a.b"),
            ("classprefix", "-1"),
            ("marks", "3"),
            ("marks", "add"),
            ("marks", "add:"),
            ("marks", "add:0"),
            ("marks", "add:3-2"),
            ("marks", "warn:3"),
            ("marks", "Add:3"),
            ("marks", "add:3;del:5"),
            ("marks", "add:3,del"),
            ("marks", ",".join(["add:1"] * 201)),
            ("marks", "add:" + "1" * 4000),
            ("unselectable", "x"),
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
            *((name, "language") for name in ("lang", "lexer", "syntax", "Lexer_Name")),
            *((name, "code") for name in ("source", "text", "input", "content", "file", "data", "upload", "body")),
            *((name, "style") for name in ("theme", "color-scheme")),
            ("name", "filename"),
            ("line_numbers", "linenos"),
            ("lineanchors", "anchors"),
            ("highlight_lines", "hl_lines"),
            ("full", "page"),
            ("dark", "dark_style"),
        ],
    )
    def test_an_unknown_option_names_the_nearest(self, client: FlaskClient, name: str, nearest: str) -> None:
        reply = client.post(f"/highlight?{name}=1", data="x")
        refused(reply, 422, "unknown_option", name)
        assert f"the nearest is {nearest!r}" in reply.json["detail"]

    @pytest.mark.parametrize(
        "name",
        ["cssfile", "tagsfile", "font_name", "prestyles", "outencoding", "encoding", "full",
         "noclobber_cssfile", "tagurlformat", "preamble", "docclass", "verboptions", "commandprefix", "linenospecial",
         "debug_token_types", "filters", "lexer", "stripnl", "ensurenl", "escapeinside", "mathescape"],
    )  # fmt: skip
    def test_what_pygments_could_write_open_or_inject_does_not_exist(self, client: FlaskClient, name: str) -> None:
        refused(client.post(f"/highlight?{name}=/tmp/x", data="x"), 422, "unknown_option", name)

    @pytest.mark.parametrize("name", ["file", "upload", "lexer"])
    def test_a_file_under_another_name_is_told_the_right_one(self, client: FlaskClient, name: str) -> None:
        nearest = "language" if name == "lexer" else "code"
        for path in ("/highlight", "/highlight?language=python", "/highlight/guess"):
            if path.endswith("guess") and name == "lexer":
                continue
            reply = client.post(path, data={name: (BytesIO(b"\x89PNG\xff"), "a.png")})
            refused(reply, 422, "unknown_option", name)
            assert f"the nearest is {nearest!r}" in reply.json["detail"]

    def test_within_a_batch_too(self, client: FlaskClient) -> None:
        reply = client.post("/highlight/batch", json={"snippets": [{"code": "x", "lexer": "python"}]})
        refused(reply, 422, "unknown_option", "snippets.0.lexer")
        assert "the nearest is 'language'" in reply.json["detail"]

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

    @pytest.mark.parametrize(
        "option",
        ["page=1", "linenos=inline", "linenos=table", "anchors=L", "linespans=L", "anchorlinenos=1", "unselectable=1",
         "wrapcode=1", "cssclass=code", "dark_style=monokai"],
    )  # fmt: skip
    def test_nowrap_refuses_what_it_has_no_place_for(self, client: FlaskClient, option: str) -> None:
        name = option.partition("=")[0]
        reply = client.post(f"/highlight?language=text&{option}&nowrap=1", data="x")
        refused(reply, 422, "invalid_option", name)
        assert reply.json["errors"][0]["message"] == f"{name} and nowrap exclude each other"
        assert client.post(f"/highlight?language=text&{option}&nowrap=0", data="x").status_code == 200

    @pytest.mark.parametrize(
        "options",
        ["linenos=none", "cssclass=highlight", "hl_lines=1", "marks=add:1", "classprefix=p", "css=inline",
         "css=inline&dark_style=monokai", "format=svg&linenos=inline", "title=x"],
    )  # fmt: skip
    def test_and_nothing_else(self, client: FlaskClient, options: str) -> None:
        assert client.post(f"/highlight?language=text&nowrap=1&{options}", data="x").status_code == 200

    @pytest.mark.parametrize(
        "selector",
        ["dark", ".", "#", "..dark", ".dark.x", ".dark .x", ".dark,.x", "html.dark", ".dark:hover", "*", "[]", "[a=]",
         '[a="b"]', "[a=b", "[a=b c]", "[a~=b]", "[a=b][c]", "[1=b]", ".1a", ".é", ".dark\n", ".a{}", "</style>",
         "." + "x" * 100],
    )  # fmt: skip
    def test_a_dark_selector_is_one_simple_one(self, client: FlaskClient, selector: str) -> None:
        query = {"language": "text", "dark_style": "vim", "dark_selector": selector}
        refused(client.post("/highlight", query_string=query, data="x"), 422, "invalid_option", "dark_selector")
        query = {"dark": "vim", "dark_selector": selector}
        reply = client.get("/highlight/styles/default.css", query_string=query)
        refused(reply, 422, "invalid_option", "dark_selector")

    @pytest.mark.parametrize("options", ["", "&dark_style=vim&css=inline"])
    def test_a_dark_selector_needs_a_dark_style_sheet(self, client: FlaskClient, options: str) -> None:
        reply = client.post(f"/highlight?language=text&dark_selector=.dark{options}", data="x")
        refused(reply, 422, "invalid_option", "dark_selector")
        reply = client.get("/highlight/styles/default.css?dark_selector=.dark")
        refused(reply, 422, "invalid_option", "dark_selector")

    @pytest.mark.parametrize("name", ["scope", "cssclass", "classprefix"])
    @pytest.mark.parametrize("value", ["a b", "1", "a.b", "a{", "é", "x" * 65])
    def test_names_in_a_style_sheet_are_words(self, client: FlaskClient, name: str, value: str) -> None:
        reply = client.get("/highlight/styles/default.css", query_string={name: value})
        refused(reply, 422, "invalid_option", name)

    @pytest.mark.parametrize("body", ["", "{", "[]", "null", "1", '"x"', "{]", "[" * 10_000])
    def test_unreadable_json_is_400(self, client: FlaskClient, body: str) -> None:
        refused(client.post("/highlight", data=body, content_type=JSON), 400, "malformed_body")
        refused(client.post("/highlight/batch", data=body, content_type=JSON), 400, "malformed_body")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Content-Type": "image/png"},
            {"Content-Type": "application/pdf"},
            {"Content-Type": "application/zip"},
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


class TestPlus:
    """A query written by hand has + where it means it; there it is a space."""

    def test_every_name_with_a_plus(self, client: FlaskClient) -> None:
        languages = client.get("/highlight/languages").json["languages"]
        names = {name for language in languages for name in (*language["aliases"], language["name"]) if "+" in name}
        assert len(names) > 93
        for name in names:
            plain = client.get("/highlight", query_string={"language": name, "code": "x"})
            reply = client.get(f"/highlight?language={name.replace(' ', '+')}&code=x")
            assert (reply.status_code, reply.data) == (200, plain.data), name
            assert reply.headers["Mergepoint-Language"] == plain.headers["Mergepoint-Language"], name

    @pytest.mark.parametrize(
        "name", ["language=c++", "filename=a.c++", "filename=my+lib/a.h++", "mimetype=text/x-c++src"]
    )
    def test_however_it_is_sent(self, client: FlaskClient, name: str) -> None:
        option, value = name.replace("+", " ").split("=")
        replies = [
            client.post(f"/highlight?{name}", data="x"),
            client.get(f"/highlight?{name}&code=x"),
            client.post("/highlight", data=f"code=x&{name}", content_type=URLENCODED),
            client.post("/highlight", json={"code": "x", option: value}),
        ]
        assert [(reply.status_code, reply.headers.get("Mergepoint-Language")) for reply in replies] == [
            (200, "cpp")
        ] * 4
        batch = client.post("/highlight/batch", json={"snippets": [{"code": "x", option: value}]})
        assert batch.json["results"][0]["language"] == "cpp"

    def test_a_guess_by_file_name(self, client: FlaskClient) -> None:
        reply = client.post("/highlight/guess?filename=a.c++", data="x")
        assert reply.json["candidates"][0]["language"] == "cpp"

    def test_a_space_that_is_one_stays_one(self, client: FlaskClient) -> None:
        assert client.get("/highlight?language=common+lisp&code=x").headers["Mergepoint-Language"] == "lisp"
        refused(client.get("/highlight?language=c+d&code=x"), 422, "unknown_language", "language")


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

    @pytest.mark.parametrize("lines", ["1 3-4", "1, 3-4", "[1, 3-4]", '[1, "3-4"]', "{1,3 - 4}", " 1\t3 4 ", "(1,3,4)"])
    def test_the_spelling_of_lines(self, client: FlaskClient, lines: str) -> None:
        code = "a\nb\nc\nd"
        wanted = client.post("/highlight?language=text&hl_lines=1,3-4", data=code)
        for body in ({"json": {"code": code, "hl_lines": lines}}, {"data": form(("code", code), ("hl_lines", lines))}):
            kind = {} if "json" in body else {"content_type": FORM}
            assert client.post("/highlight?language=text", **body, **kind).data == wanted.data
        asked = client.post("/highlight", query_string={"language": "text", "hl_lines": lines}, data=code)
        assert asked.data == wanted.data

    def test_one_line_and_none_in_json(self, client: FlaskClient) -> None:
        for lines, same in ((2, "2"), ([], ""), ("[]", "")):
            reply = client.post("/highlight", json={"code": "a\nb", "language": "text", "hl_lines": lines})
            assert reply.data == client.post(f"/highlight?language=text&hl_lines={same}", data="a\nb").data

    def test_how_often_and_in_which_order_lines_are_named(self, client: FlaskClient) -> None:
        ways = ("2-3,1", "3,2,1,1,2", "1-2,2-3,1-999999999,1-999999999")
        text = "a\nb\nc"
        assert len({client.post(f"/highlight?language=text&hl_lines={way}", data=text).data for way in ways}) == 1

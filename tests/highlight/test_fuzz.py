"""No input gives 500, 502 or 504: whatever is sent is answered, or refused with a reason that names what is wrong."""

import base64
import json
import zlib
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from mergepoint.highlight.options import BatchOptions, GuessOptions, HighlightOptions, StylesheetOptions
from tests.fuzzing import fuzz
from tests.stopwatch import Stopwatch

FUZZ = fuzz(600)
PATHS = [
    "/highlight",
    "/highlight/batch",
    "/highlight/guess",
    "/highlight/languages",
    "/highlight/formats",
    "/highlight/styles",
    "/highlight/styles/monokai.css",
    "/highlight/health",
    "/highlight/openapi.json",
    "/highlight/docs",
    "/metrics",
    "/",
    "/highlight/",
    "//highlight",
    "/highlight/../x",
]
METHODS = st.sampled_from(["GET", "POST", "QUERY", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "BREW", "get", "POST"])
LATIN = st.characters(max_codepoint=255, exclude_characters="\r\n\0")
WORDS = st.sampled_from(
    [
        "python",
        "klingon",
        "html",
        "json",
        "png",
        "svg",
        "rtf",
        "monokai",
        "inline",
        "table",
        "classes",
        "plain",
        "1",
        "0",
        "-1",
        "",
        "true",
        "3,5-7",
        "1-999999999",
        "99999999999999999999",
        "1e9",
        "NaN",
        "null",
        "L",
        "x.py",
        "text/x-python",
        "\ufeff",
        "\u0130",
        "\ud7ff",
        "é",
        "😀",
        "a" * 300,
        "<script>",
        "%ff",
        "../../etc/passwd",
        "\x00",
    ]
)
NAMES = st.sampled_from(
    sorted(
        {
            *HighlightOptions.model_fields,
            *BatchOptions.model_fields,
            *GuessOptions.model_fields,
            *StylesheetOptions.model_fields,
            "cssfile",
            "",
            "%",
            "é",
            "code[]",
            "__proto__",
        }
    )
)
TEXTS = st.text(max_size=20) | WORDS
KINDS = st.sampled_from(
    [
        "",
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=b",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        'multipart/form-data; boundary="',
        "multipart/form-data; boundary=\xff",
        "multipart/form-data; boundary=" + "b" * 300,
        "multipart/mixed; boundary=b",
        "application/octet-stream",
        "image/png",
        "text/plain; charset=utf-16",
        "text/plain; charset",
        ";",
        "/",
        "text",
        "application/json; charset=\xff",
        "*/*",
        "text/html; charset=utf-8; charset=latin-1",
        "application/problem+json",
        "\x7f",
    ]
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Accept",
            "If-None-Match",
            "X-Request-Id",
            "Content-Encoding",
            "Range",
            "Host",
            "If-Modified-Since",
            "Cookie",
            "Authorization",
            "Transfer-Encoding",
            "Expect",
            "Origin",
            "X-Forwarded-For",
            "Content-Length",
            "Forwarded",
            "Access-Control-Request-Method",
            "Prefer",
            "Cache-Control",
            "If-Match",
            "Accept-Encoding",
        ]
    ),
    st.text(LATIN, max_size=30)
    | st.sampled_from(
        ["*", "image/png", "text/*;q=0", '"', 'W/"x", "', "gzip", "-1", "0", "1" * 40, "a/b;q=x", ",;=" * 50]
    ),
    max_size=4,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=12,
)
OPTIONS = st.dictionaries(NAMES, TEXTS | st.integers() | st.booleans() | JSON, max_size=6)
SNIPPETS = st.fixed_dictionaries({"snippets": st.lists(OPTIONS, max_size=3)})


@st.composite
def forms(draw: st.DrawFn) -> bytes:
    """A form that is broken somewhere, or not."""
    pieces = st.sampled_from(
        [
            b"--b",
            b"--b--",
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b'Content-Disposition: form-data; name="code"',
            b"--",
            b"b",
            b'Content-Disposition: form-data; name="language"',
            b"Content-Disposition: form-data",
            b"text",
            b"python",
            b"\xff",
            b'Content-Disposition: form-data; name="code"; filename="\xff.py"',
            b"Content-Disposition: ;;;",
            b": ",
            b"\0",
            b"Content-Disposition: form-data; name*=UTF-8''%ff",
            b'Content-Disposition: form-data; name=""',
            b"--b\r\n",
            b"Content-Transfer-Encoding: base64",
            b"Content-Type: text/plain; charset=utf-16",
            b"Content-Length: -1",
        ]
    )
    return b"".join(draw(st.lists(pieces, max_size=24)))


BODIES = (
    st.binary(max_size=80)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | (OPTIONS | SNIPPETS | JSON).map(lambda value: json.dumps(value).encode())
    | forms()
)
QUERIES = st.text(LATIN, max_size=40) | st.lists(st.tuples(NAMES, TEXTS), max_size=5).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode().decode("latin-1")
)
SEGMENTS = st.text(LATIN, max_size=30).map(lambda text: text.replace("?", ""))
TARGETS = (
    st.sampled_from(PATHS)
    | st.tuples(WORDS, SEGMENTS, st.sampled_from(["html", "svg", "png", "json", "css", ""])).map(
        lambda parts: "/highlight/{}/{}.{}".format(*parts)
    )
    | SEGMENTS.map(lambda text: f"/highlight/{text}")
    | SEGMENTS.map(lambda text: f"/highlight/styles/{text}.css")
)


def send(
    app: Flask, method: str, path: str, query: str, kind: str, headers: dict[str, str], body: bytes
) -> TestResponse:
    """Send it as gunicorn would hand it over, past what a test client would tidy up."""
    builder = EnvironBuilder(method=method, data=body, content_type=kind or None)
    environ = builder.get_environ()
    environ["PATH_INFO"] = path.encode("utf-8", "replace").decode("latin-1")
    environ["QUERY_STRING"] = query
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_LENGTH" else f"HTTP_{key}"] = value
    chunks, status, answered = run_wsgi_app(app, environ, buffered=True)
    return TestResponse(chunks, status, answered, request=builder.get_request())


def check(reply: TestResponse) -> None:
    assert reply.status_code < 500 or reply.status_code == 503, reply.text
    assert reply.headers["X-Request-Id"]
    for name, value in reply.headers:
        assert not set(name + value) & set("\r\n\0")
    if reply.status_code >= 400 and reply.data:
        problem: dict[str, Any] = json.loads(reply.data)
        assert problem["status"] == reply.status_code
        assert reply.content_type == "application/problem+json"
        assert problem["code"] != "internal_error"
        assert problem["detail"]


@FUZZ
@given(method=METHODS, path=TARGETS, query=QUERIES, kind=KINDS, headers=HEADERS, body=BODIES)
@example("POST", "/highlight", "", "application/json", {}, b'{"code": "\\ud800"}')
@example("POST", "/highlight", "", "application/json", {}, b'{"\\ud800": 1}')
@example("POST", "/highlight", "", "multipart/form-data; boundary=", {}, b"--\r\n\r\n--")
@example("POST", "/highlight", "", "text/plain", {"Content-Length": "-1"}, b"x")
@example("GET", "/highlight/python/\x00.html", "", "", {}, b"")
def test_anything_at_all(
    app: Flask, method: str, path: str, query: str, kind: str, headers: dict[str, str], body: bytes
) -> None:
    check(send(app, method, path, query, kind, headers, body))


@FUZZ
@given(body=forms(), query=QUERIES)
def test_broken_forms(app: Flask, body: bytes, query: str) -> None:
    check(send(app, "POST", "/highlight", query, "multipart/form-data; boundary=b", {}, body))


@FUZZ
@given(path=st.sampled_from(["/highlight", "/highlight/batch", "/highlight/guess"]), value=OPTIONS | SNIPPETS | JSON)
def test_odd_json(app: Flask, path: str, value: object) -> None:
    check(send(app, "POST", path, "", "application/json", {}, json.dumps(value).encode()))


@FUZZ
@given(options=st.dictionaries(st.sampled_from(sorted(HighlightOptions.model_fields)), WORDS, max_size=5), code=TEXTS)
def test_odd_options(app: Flask, options: dict[str, str], code: str) -> None:
    options.pop("code", None)
    check(send(app, "POST", "/highlight", urlencode(options), "text/plain", {}, code.encode("utf-8", "replace")))


@FUZZ
@given(data=st.binary(max_size=60), extension=st.sampled_from(["html", "svg", "png", "tex", "rtf", "ansi", "json"]))
def test_odd_links(app: Flask, data: bytes, extension: str) -> None:
    for packed in (data, zlib.compress(data), zlib.compress(data)[:-3], data[:2] + zlib.compress(data)):
        path = f"/highlight/text/{base64.urlsafe_b64encode(packed).decode()}.{extension}"
        check(send(app, "GET", path, "", "", {}, b""))


@pytest.mark.parametrize("count", [1000, 60_000])
def test_very_many_unknown_options_are_refused_at_once(app: Flask, count: int) -> None:
    body = json.dumps({f"x{number}": 1 for number in range(count)}, separators=(",", ":")).encode()[: 512 * 1024]
    with Stopwatch() as watch:
        reply = send(app, "POST", "/highlight", "", "application/json", {}, body)
    assert watch.seconds < 1
    assert reply.status_code in (400, 413, 422)

"""No input gives 500, 502 or 504: whatever is sent is answered, or refused with a reason that names what is wrong."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from mergepoint.htmldiff.options import AnnotateOptions, ApplyOptions, HtmldiffOptions
from tests.fuzzing import repeatable
from tests.htmldiff.documents import Source

FUZZ = repeatable(250)
FINE = (200, 304, 400, 404, 405, 413, 415, 422)
MODELS = {"/htmldiff": HtmldiffOptions, "/htmldiff/apply": ApplyOptions, "/htmldiff/annotate": AnnotateOptions}
WORDS = st.sampled_from(
    ["inline", "side-by-side", "word", "document", "case", "whitespace,comments", "full", "none", "safe", "div", "json",
     "1", "0", "-1", "", "true", "1,2", "99999999999999999999", "1e9", "nan", "http://x", "http://[", "javascript:x",
     "é", "\0", "'\"><script>", "a" * 3000]
)  # fmt: skip
HTML = st.builds(lambda chance: Source(chance.choice).document(), st.randoms(use_true_random=False)) | st.text()
VERSION = st.fixed_dictionaries({"label": st.text(max_size=9), "html": HTML}) | st.dictionaries(
    WORDS, WORDS, max_size=3
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | HTML,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def ask(app: Flask, **request: Any) -> TestResponse:
    environ = EnvironBuilder(**request).get_environ()
    return TestResponse(*run_wsgi_app(app, environ, buffered=True), request=None)


def check(response: TestResponse) -> None:
    assert response.status_code in FINE, response.text
    if response.status_code >= 400:
        problem = json.loads(response.text)
        assert problem["code"]
        assert problem["detail"]


@pytest.mark.fuzz
@pytest.mark.parametrize("path", MODELS)
def test_any_options_are_answered_or_refused(app: Flask, path: str) -> None:
    names = [name for name in MODELS[path].model_fields if name not in ("old", "new", "versions")]
    both = {"old": HTML, "new": HTML} if path != "/htmldiff/annotate" else {"versions": st.lists(VERSION, max_size=4)}
    body = st.fixed_dictionaries({}, optional={**both, **dict.fromkeys(names, WORDS | ANY)})

    @FUZZ
    @given(body, st.fixed_dictionaries(both), st.booleans())
    def ask_anything(body: dict[str, Any], needed: dict[str, Any], complete: bool) -> None:
        sent = json.dumps({**body, **(needed if complete else {})})
        check(ask(app, path=path, method="POST", data=sent.encode(), content_type="application/json"))

    ask_anything()


@pytest.mark.fuzz
@pytest.mark.parametrize("path", MODELS)
def test_any_body_is_answered_or_refused(app: Flask, path: str) -> None:
    kinds = [
        "application/json",
        "multipart/form-data; boundary=b",
        "text/html",
        "",
        "application/xhtml+xml",
        "/",
        'a;b="',
    ]
    part = b'--b\r\nContent-Disposition: form-data; name="old"\r\nContent-Type: '
    pieces = st.sampled_from(
        [part, b"--b", b"--b--", b"\r\n\r\n", b"\r\n", b'{"old": "', b'", "new": "x"}', b"\xff", b"\0", b"text/html"]
    )
    method = st.sampled_from(["POST", "QUERY", "GET", "PUT", "HEAD", "OPTIONS"])

    @FUZZ
    @given(
        st.lists(pieces | st.binary(max_size=9), max_size=8).map(b"".join),
        st.sampled_from(kinds),
        method,
        st.text(max_size=20),
    )
    def ask_anything(body: bytes, kind: str, method: str, query: str) -> None:
        response = ask(
            app, path=path, method=method, data=body, content_type=kind, query_string=quote(query, errors="replace")
        )
        if method not in ("HEAD", "OPTIONS"):
            check(response)

    ask_anything()

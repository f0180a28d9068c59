"""Every error that nginx makes itself is problem+json."""

import http.client
import io

import pytest

from tests.nginx.gateway import LARGE, LIMIT, Answer, Gateway, chunks, fresh, is_problem

HOST = b"Host: localhost\r\n"


def read(received: bytes) -> Answer:
    """Make an answer of raw bytes."""
    head, _, body = received.partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    headers = http.client.parse_headers(io.BytesIO(fields + b"\r\n\r\n"))
    return Answer(int(line.split()[1]), headers, body)


RAW = {
    "not a request line": (b"nonsense\r\n\r\n", 400, "bad_request"),
    "binary": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "bad_request"),
    "lower case method": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
    "two Hosts": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400, "bad_request"),
    "a space in the path": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "NUL in the path": (b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "above the root": (b"GET /../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "NUL in a header": (b"GET / HTTP/1.1\r\n" + HOST + b"x\0y: z\r\n\r\n", 400, "bad_request"),
    "Content-Length is no number": (
        b"POST /highlight HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n",
        400,
        "bad_request",
    ),
    "Content-Length and chunked": (
        b"POST /highlight HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_request",
    ),
    "chunk is no number": (
        b"POST /highlight HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
        "bad_request",
    ),
    "unknown transfer encoding": (
        b"POST /highlight HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
        501,
        "not_implemented",
    ),
    "HTTP/3 by name": (b"GET / HTTP/3.0\r\n" + HOST + b"\r\n", 505, "http_version_not_supported"),
    "TRACE": (b"TRACE /highlight HTTP/1.1\r\n" + HOST + b"\r\n", 405, "method_not_allowed"),
    "CONNECT": (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "request line of 9 KB": (b"GET /?" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, "uri_too_long"),
    "header of 9 KB": (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
    "headers of 60 KB": (
        b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: %s\r\n" % (n, b"x" * 6000) for n in range(10)) + b"\r\n",
        431,
        "headers_too_large",
    ),
}


UNREADABLE = {
    "bytes in the query": b"GET /highlight?\xff HTTP/1.1\r\n",
    "bytes in the path": b"GET /highlight/\xff/x.svg HTTP/1.1\r\n",
    "a control character in Accept": b"GET /highlight?code=x HTTP/1.1\r\nAccept: \x01\r\n",
    "a control character in Content-Type": b"GET /highlight?code=x HTTP/1.1\r\nContent-Type: \x7f\r\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_the_service_could_not_read_never_reaches_it(gateway: Gateway, name: str):
    before = len(gateway.control()["seen"])
    assert is_problem(read(gateway.raw(UNREADABLE[name] + HOST + b"\r\n", patience=0.5)), 400, "bad_request")
    assert len(gateway.control()["seen"]) == before


@pytest.mark.parametrize("name", RAW)
def test_what_cannot_be_read_is_answered_with_a_problem(gateway: Gateway, name: str):
    data, status, code = RAW[name]
    assert is_problem(read(gateway.raw(data)), status, code)


def test_a_request_line_of_8_kb_is_read(gateway: Gateway):
    word = fresh()
    target = f"/highlight?{word}".ljust(8190 - len("GET  HTTP/1.1"), "x")
    assert gateway.get(target).json["target"] == target


@pytest.mark.parametrize("path", ["/nope", "/highlightx", "/HIGHLIGHT", "/static/none.css", "/static", "/_problem"])
def test_an_unknown_path_is_a_problem(gateway: Gateway, path: str):
    assert is_problem(gateway.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "//metrics",
        "/./metrics",
        "/%6detrics",
        "/highlight/../metrics",
        "/highlight/%2e%2e/metrics",
        "/highlight/..%2fmetrics",
        "/highlight/%2e%2e%2Fmetrics",
        "/highlight/./../metrics",
        "/highlight//../metrics",
        "/highlight/x/../../metrics",
        "/metrics/../highlight",
        "/metrics/%2e%2e/highlight",
        "/metrics/..%2fhighlight",
        "/highlight/metrics/..",
        "//highlight",
        "/highlight//languages",
        "/highlight/./languages",
        "/highlight/x%2Flanguages",
        "/highlight/languages#x",
        "/%68ighlight",
        "http://localhost/metrics",
        "http://localhost/highlight/../metrics",
        "/stub_status",
        "/nginx_status",
        "/status",
        "/_count",
        "/_counted",
        "/_health/highlight",
    ],
)
def test_no_path_leads_to_what_is_internal(gateway: Gateway, path: str):
    answer = gateway.get(path)
    assert is_problem(answer, 404, "not_found")
    assert not gateway.seen("metrics")


def test_a_path_that_is_all_escapes_is_read_in_time(gateway: Gateway):
    answer = gateway.get("/highlight/" + "%41" * 2700)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/static/style.css", "GET, HEAD, OPTIONS"),
        ("/highlight", "GET, HEAD, POST, QUERY, OPTIONS"),
        ("/highlight/batch", "POST, QUERY, OPTIONS"),
        ("/highlight/guess", "POST, QUERY, OPTIONS"),
        ("/highlight/languages", "GET, HEAD, OPTIONS"),
        ("/highlight/health", "GET, HEAD, OPTIONS"),
        ("/highlight/python/eA.svg", "GET, HEAD, OPTIONS"),
        ("/htmldiff", "GET, HEAD, POST, QUERY, OPTIONS"),
        ("/htmldiff/apply", "POST, QUERY, OPTIONS"),
        ("/htmldiff/annotate", "POST, QUERY, OPTIONS"),
        ("/htmldiff/diff.css", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_which_are(gateway: Gateway, path: str, allowed: str):
    methods = {"GET", "POST", "QUERY", "PUT", "DELETE", "PATCH", "PROPFIND", "PURGE", "X"}
    for method in methods - set(allowed.split(", ")):
        answer = gateway.request(method, path, None if method == "GET" else b"x")
        assert is_problem(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/highlight", LIMIT),
        ("/highlight/batch", LIMIT),
        ("/highlight/guess", LIMIT),
        ("/htmldiff", LARGE),
        ("/htmldiff/apply", LARGE),
        ("/htmldiff/annotate", LARGE),
    ],
)
@pytest.mark.parametrize("chunk", [0, 50_000, LARGE + 1], ids="chunks of {}".format)
def test_one_byte_over_the_limit_is_refused(gateway: Gateway, method: str, path: str, limit: int, chunk: int):
    word, body = fresh(), bytes(limit + 1)
    answer = gateway.request(method, f"{path}?{word}", chunks(body, chunk) if chunk else body)
    assert is_problem(answer, 413, "body_too_large")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not gateway.seen(word)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "x"])
def test_an_encoded_body_is_refused(gateway: Gateway, encoding: str):
    word = fresh()
    for method in ("POST", "QUERY"):
        answer = gateway.request(method, f"/highlight?{word}", b"x", {"Content-Encoding": encoding})
        assert is_problem(answer, 415, "unsupported_type")
    assert not gateway.seen(word)


def test_a_body_encoded_as_identity_is_taken(gateway: Gateway):
    assert gateway.post(f"/highlight?{fresh()}", b"x", {"Content-Encoding": "identity"}).status == 200


def test_a_condition_that_does_not_hold_is_a_problem(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    gateway.stored("GET", target, None)
    assert is_problem(gateway.get(target, {"If-Match": '"another"'}), 412, "precondition_failed")


def test_a_range_is_ignored(gateway: Gateway):
    answer = gateway.get("/static/style.css", {"Range": "bytes=999999-"})
    assert answer.status == 200


def test_a_problem_answers_head_without_a_body(gateway: Gateway):
    answer = gateway.request("HEAD", "/nope")
    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_problem_is_not_to_be_stored_by_anybody(gateway: Gateway):
    assert gateway.get("/nope").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422, 429, 500, 503])
@pytest.mark.parametrize("method", ["POST", "QUERY"])
def test_an_error_of_the_service_passes_untouched(gateway: Gateway, method: str, status: int):
    answer = gateway.request(method, f"/highlight?do=error&status={status}&{fresh()}", b"x")
    assert answer.status == status
    assert answer.json == {"code": "of_the_service"}
    assert answer.headers.get_all("Retry-After") == ["7"]


def test_a_body_that_never_ends_is_not_waited_for(gateway: Gateway):
    head = b"POST /highlight HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nx"
    received = gateway.raw(head, patience=15)
    assert received == b"" or is_problem(read(received), 408, "request_timeout")


def test_every_problem_has_words_for_its_status(gateway: Gateway):
    conf = (gateway.run / "nginx/snippets/server/problems.conf").read_text()
    answers = (gateway.run / "nginx/snippets/http/answer.conf").read_text()
    made = {word for line in conf.splitlines() if line.startswith("error_page 400") for word in line.split()[1:-1]}
    for table in ("problem_title", "problem_code", "problem_detail"):
        words = answers.split(f"${table} {{")[1].split("}")[0]
        assert made <= {line.split()[0] for line in words.strip().splitlines()}

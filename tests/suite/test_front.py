"""What nginx does in front of services that run apart is done in one process too, or refused."""

import io
import json
import socket
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse, create_environ, run_wsgi_app

from mergepoint.suite import headers
from mergepoint.suite.application import Suite
from mergepoint.suite.front import PURE_POLICY, raw_path
from tests.servers import ROOT
from tests.suite.strict import ask


@pytest.fixture
def client(whole: Suite) -> Client:
    return Client(whole)


def once(answer: TestResponse, name: str) -> str:
    """The one value of a header."""
    [value] = answer.headers.getlist(name)
    return value


PATHS = [
    "/", "/docs", "/health", "/static/style.css", "/nothing", "/metrics", "/jobs", "/highlight", "/highlight/styles",
    "/highlight/nothing", "/highlight//styles", "/htmldiff?old=a&new=b", "/htmldiff/diff.css", "/thumbnail",
    "/thumbnail/x/y", "/auth/login", "/auth/verify", "/auth/nothing", "/auth/jwks.json",
    "/.well-known/change-password", "/%FF", "/auth", "//", "",
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "QUERY", "TRACE", "NONSENSE"])
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_each_header_of_the_suite_once(path: str, method: str, client: Client) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code < 500
    assert once(answer, "X-Content-Type-Options") == "nosniff"
    assert once(answer, "Referrer-Policy") == "no-referrer"
    assert "default-src 'none'" in once(answer, "Content-Security-Policy")
    assert once(answer, "X-Request-Id")
    if answer.status_code >= 400 and method != "HEAD":
        assert once(answer, "Content-Type") == "application/problem+json"
        assert answer.json["request_id"] == once(answer, "X-Request-Id")
        assert answer.json["status"] == answer.status_code
    if method == "HEAD":
        assert answer.get_data() == b""


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", [path for path in PATHS if path])
def test_every_answer_is_as_wsgi_and_http_want_it(path: str, method: str, whole: Suite) -> None:
    assert ask(whole, path, method=method).status


def test_a_service_keeps_its_own_policy(client: Client) -> None:
    assert "img-src http: https: data:" in once(client.get("/htmldiff?old=a&new=b"), "Content-Security-Policy")
    assert once(client.get("/highlight?code=x"), "Content-Security-Policy") == PURE_POLICY
    assert "script-src 'self'" in once(
        client.get("/auth/login", headers={"Accept": "text/html"}), "Content-Security-Policy"
    )


def test_a_clients_request_id_comes_back_if_it_is_well_formed(client: Client) -> None:
    for path in ("/", "/health", "/nothing", "/highlight?code=x", "/auth/login"):
        assert once(client.get(path, headers={"X-Request-Id": "mine-1"}), "X-Request-Id") == "mine-1"
        assert once(client.get(path, headers={"X-Request-Id": "no good"}), "X-Request-Id") != "no good"


FORGED = [
    "HTTP_X_REAL_IP", "HTTP_X_Real_IP", "Http_X_Real_Ip", "http_x_real_ip", "HTTP_X-REAL-IP", "HTTP_X_REAL-IP",
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX", "HTTP_X_FORWARDED_WHATEVER", "HTTP_X_FORWARDED", "HTTP_FORWARDED",
    "HTTP_MERGEPOINT_POLICY", "HTTP_MERGEPOINT_AUDIENCE", "HTTP_MERGEPOINT_IDENTITY", "HTTP_MERGEPOINT_AGAIN",
    "HTTP_Mergepoint-Policy", "HTTP_PROXY",
]  # fmt: skip


def seen_by(whole: Suite, name: str, environ: dict[str, Any]) -> dict[str, Any]:
    """Return the environ that the service *name*, or the application at /toy, is given."""
    seen: dict[str, Any] = {}

    def spy(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    service = whole._services.get(name)
    if service is None:
        whole.mount({"/toy": spy})
        try:
            run_wsgi_app(whole, environ)
        finally:
            whole.mount({})
    else:
        service.app.wsgi_app, own = spy, service.app.wsgi_app
        try:
            run_wsgi_app(whole, environ)
        finally:
            service.app.wsgi_app = own
    assert seen
    return seen


@pytest.mark.parametrize("name", ["highlight", "htmldiff", "thumbnail", "auth", "toy"])
def test_nobody_is_given_what_only_a_proxy_may_say(name: str, whole: Suite) -> None:
    environ = create_environ(f"/{name}/x", headers={"User-Agent": "mine"}) | dict.fromkeys(FORGED, "1.2.3.4")
    seen = seen_by(whole, name, environ)
    assert "1.2.3.4" not in seen.values()
    assert seen["REMOTE_ADDR" if "REMOTE_ADDR" in environ else "PATH_INFO"]


def test_a_pure_service_is_given_few_headers(whole: Suite) -> None:
    sent = {"Authorization": "Bearer mp_1", "Cookie": "mergepoint=1; a=1", "Prefer": "respond-async", "Accept": "a/b",
            "If-None-Match": '"x"', "Range": "bytes=0-1", "User-Agent": "me", "Host": "example.com"}  # fmt: skip
    seen = seen_by(whole, "highlight", create_environ("/highlight", headers=sent))
    names = {name for name in seen if name.startswith("HTTP_")}
    assert names == {"HTTP_ACCEPT", "HTTP_IF_NONE_MATCH", "HTTP_HOST", "HTTP_X_REQUEST_ID"}
    assert seen["HTTP_HOST"] == "mergepoint"


def test_another_application_gets_the_headers_but_not_our_credentials(whole: Suite) -> None:
    sent = {"Cookie": "a=1; mergepoint=s; __Host-mergepoint-form=f; b=2", "Authorization": "Bearer mp_abc", "DNT": "1"}
    seen = seen_by(whole, "toy", create_environ("/toy/x", headers=sent))
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert "HTTP_AUTHORIZATION" not in seen
    assert seen["HTTP_DNT"] == "1"
    seen = seen_by(whole, "toy", create_environ("/toy/x", headers={"Authorization": "Bearer its-own"}))
    assert seen["HTTP_AUTHORIZATION"] == "Bearer its-own"


@pytest.mark.parametrize("name", ["HTTP_HOST", "HTTP_X_REQUESTED_WITH", "HTTP_X_REAL_IPS", "HTTP_X_FORWARDEDNESS"])
def test_other_headers_are_not_taken_for_forged(name: str) -> None:
    assert not headers.is_forged(name)


@pytest.mark.parametrize(
    "path", ["/auth/verify", "/auth//verify", "/auth/./verify", "/auth/x/../verify", "//auth/verify"]
)
def test_decisions_are_not_for_clients(path: str, client: Client) -> None:
    sent = {"Mergepoint-Policy": "public", "Mergepoint-Audience": "highlight"}
    answer = client.get(path, headers=sent)
    assert answer.status_code == 404
    assert "Mergepoint-Identity" not in answer.headers


@pytest.mark.parametrize(
    ("path", "most"),
    [("/highlight", 524_288), ("/htmldiff", 8 << 20), ("/thumbnail", 25 << 20), ("/auth/login", 65_536)],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_have_each_services_own_limit(path: str, most: int, chunked: bool, client: Client) -> None:
    framing = {"wsgi.input_terminated": True} if chunked else {}
    for size, refused in ((most + 1, True), (most - 100, False)):
        body = io.BytesIO(b" " * size)
        length = None if chunked else size
        answer = client.post(
            path, input_stream=body, content_length=length, content_type="text/plain", environ_overrides=framing
        )
        assert (answer.status_code == 413) == refused
        if refused:
            assert answer.json["code"] == "body_too_large"


def test_a_server_that_cannot_read_chunks_is_not_waited_for(whole: Suite) -> None:
    """wsgiref hands over the connection itself, from which a read would not come back."""
    ours, theirs = socket.socketpair()
    with ours, theirs, theirs.makefile("rb") as stream:
        ours.sendall(b"5\r\nx = 1\r\n0\r\n\r\n")
        environ = create_environ("/highlight", method="POST", content_type="text/plain")
        environ |= {"wsgi.input": stream, "HTTP_TRANSFER_ENCODING": "chunked"}
        environ.pop("CONTENT_LENGTH", None)
        pieces, status, _ = run_wsgi_app(whole, environ, buffered=True)
    assert status == "411 Length Required"
    assert json.loads(b"".join(pieces))["code"] == "length_required"


def test_a_service_that_is_elsewhere_says_so(client: Client) -> None:
    for name in ("jobs", "jobs/1/result", "events"):
        answer = client.get(f"/{name}")
        assert answer.status_code == 404
        assert name.split("/")[0] in answer.json["detail"]
        assert "one process" in answer.json["detail"]


def test_prefer_is_ignored(client: Client) -> None:
    answer = client.post("/highlight", data="x", headers={"Prefer": "respond-async"}, content_type="text/plain")
    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


def test_health_is_that_of_all(client: Client, whole: Suite) -> None:
    answer = client.get("/health")
    assert answer.json["status"] == "ok"
    assert [*answer.json["services"]] == ["auth", "highlight", "htmldiff", "thumbnail"]
    for name in whole.names:
        assert client.get(f"/{name}/health").json == answer.json["services"][name]


def test_health_tells_of_one_service_that_fails(whole: Suite, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise RuntimeError("away")

    monkeypatch.setattr(whole._services["auth"].app.extensions["auth"].store, "check", fails)
    monkeypatch.setitem(whole._apps, "auth", lambda environ, start: (start("503 Away", []) and []) or [b"{}"])
    whole.mount({})
    answer = client.get("/health")
    monkeypatch.undo()
    whole.mount({})
    assert answer.status_code == 503
    assert answer.json["services"]["auth"] == {"status": "unavailable"}
    assert answer.json["services"]["highlight"]["status"] == "ok"


def test_the_front_page_lists_what_is_there(client: Client, whole: Suite) -> None:
    page = client.get("/").get_data(as_text=True)
    for name in whole.names:
        assert f'href="/{name}/docs"' in page
        assert client.get(f"/{name}/docs").status_code == 200
    assert "/jobs" not in page


def test_static_files_are_nginxs(client: Client) -> None:
    for file in (ROOT / "nginx/static").iterdir():
        answer = client.get(f"/static/{file.name}")
        assert answer.get_data() == file.read_bytes()
        again = client.get(f"/static/{file.name}", headers={"If-None-Match": once(answer, "ETag")})
        assert (again.status_code, again.get_data()) == (304, b"")
    for path in ("/static/", "/static/../web.py", "/static/nothing", "/static/style.css/"):
        assert client.get(path).status_code == 404


def test_the_way_to_another_password_is_known(client: Client) -> None:
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/auth/account#password")


def test_if_none_match_gives_304_without_a_body(client: Client) -> None:
    first = client.get("/highlight?code=x")
    again = client.get("/highlight?code=x", headers={"If-None-Match": once(first, "ETag")})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_options_is_answered_as_by_nginx(client: Client) -> None:
    for path, allowed in (
        ("/highlight", {"GET", "HEAD", "POST", "QUERY", "OPTIONS"}),
        ("/health", {"GET", "HEAD", "OPTIONS"}),
    ):
        answer = client.options(
            path, headers={"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
        )
        assert (answer.status_code, answer.get_data()) == (204, b"")
        assert {*once(answer, "Allow").split(", ")} == allowed
    assert "Accept" in client.options("/highlight").headers["Access-Control-Allow-Headers"]


def test_an_escaped_slash_is_no_slash(client: Client) -> None:
    for path in ("/highlight%2Fstyles", "/auth%2fme"):
        assert client.get(path, environ_overrides={"REQUEST_URI": path}).status_code == 404
    assert client.get("/highlight?code=a%2Fb").status_code == 200


@pytest.mark.parametrize(
    ("script", "path", "sent", "raw"),
    [
        ("", "/thumbnail/s/a//b", "/thumbnail/s/a//b?x", "/thumbnail/s/a//b"),
        ("", "/thumbnail/s/a/b", "/thumbnail/s/a%2Fb", "/thumbnail/s/a%2Fb"),
        ("/media", "/thumbnail/s/http://h/a", "/media/thumbnail/s/http://h/a", "/thumbnail/s/http://h/a"),
        ("", "/thumbnail/s/a", "http://h:1/thumbnail/s/a?x", "/thumbnail/s/a"),
        ("", "/thumbnail/s/é".encode().decode("latin-1"), "", "/thumbnail/s/%C3%A9"),
        ("", "/thumbnail/s/a b@c:d", "", "/thumbnail/s/a%20b@c:d"),
        ("", "/thumbnail/s/a", "/other/path", "/thumbnail/s/a"),
    ],
)
def test_a_link_is_read_as_it_was_sent(script: str, path: str, sent: str, raw: str) -> None:
    assert raw_path({"SCRIPT_NAME": script, "PATH_INFO": path, "REQUEST_URI": sent}) == raw


def test_it_says_what_it_lacks_and_closes_what_it_has(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="'hilight' is none of highlight"):
        Suite("hilight")
    with pytest.raises(ValueError, match="names of services"):
        Suite(",")
    with pytest.raises(ValueError, match="/static are the suite's own"):
        Suite("htmldiff", mounts={"/static": lambda environ, start: []})


def test_one_service_can_be_alone() -> None:
    only = Suite(["htmldiff"])
    try:
        client = Client(only)
        assert only.names == ("htmldiff",)
        assert client.get("/htmldiff?old=a&new=b").status_code == 200
        refused = client.get("/highlight")
        assert (refused.status_code, refused.json["detail"]) == (404, "the service highlight does not run here")
        assert json.loads(client.get("/health").get_data())["services"].keys() == {"htmldiff"}
        assert only.user({}) is None
    finally:
        only.close()

"""What every service's HTTP face has: request ids, problems, health, metrics, timings, open doors."""

import json
import re

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from mergepoint.kit.problems import Problem
from mergepoint.kit.web.app import base_app, record_timing


class State:
    healthy = True


def make_app(**options: object) -> Flask:
    state = State()

    def check() -> None:
        if not state.healthy:
            raise OSError("no parser")

    app = base_app(
        "toy",
        version="1.2.3",
        libraries={"lib": "9"},
        check=check,
        status={"unknown_animal": 404},
        max_bytes=100,
        **options,
    )
    app.extensions["state"] = state

    @app.get("/toy")
    def toy() -> str:
        record_timing("toy", 0.0)
        return "hi"

    @app.get("/toy/refuse/<code>")
    def refuse(code: str) -> str:
        raise Problem(code, "why", [{"field": "text", "message": "why"}])

    @app.get("/toy/bug")
    def bug() -> str:
        raise ZeroDivisionError("secret")

    return app


@pytest.fixture
def app() -> Flask:
    return make_app(exposed_headers=["Toy-Size"])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class TestRequestIds:
    @pytest.mark.parametrize("given", ["a", "A-z_0.9", "x" * 64])
    def test_a_well_formed_one_is_kept(self, client: FlaskClient, given: str) -> None:
        assert client.get("/toy", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given

    @pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "é", "a,b", '"a"', "a\tb", "<a>"])
    def test_another_is_replaced(self, client: FlaskClient, given: str) -> None:
        got = client.get("/toy", headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert re.fullmatch("[0-9a-f]{32}", got)

    def test_without_one_each_request_gets_its_own(self, client: FlaskClient) -> None:
        assert len({client.get("/toy").headers["X-Request-Id"] for _ in range(3)}) == 3

    @pytest.mark.parametrize("path", ["/toy/refuse/x", "/nothing", "/toy/bug"])
    def test_errors_name_it_in_header_and_body(self, client: FlaskClient, path: str) -> None:
        reply = client.get(path, headers={"X-Request-Id": "r-1"})
        assert reply.headers["X-Request-Id"] == reply.json["request_id"] == "r-1"

    def test_every_log_line_names_it(self, client: FlaskClient) -> None:
        with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
            client.get("/toy/refuse/x", headers={"X-Request-Id": "r-1"})
            client.get("/toy/bug", headers={"X-Request-Id": "r-1"})
        assert lines
        assert all(line["request_id"] == "r-1" for line in lines)


class TestProblems:
    @pytest.mark.parametrize(
        ("path", "method", "status", "code"),
        [
            ("/toy/refuse/invalid_option", "GET", 422, "invalid_option"),
            ("/toy/refuse/unknown_animal", "GET", 404, "unknown_animal"),
            ("/toy/refuse/overloaded", "GET", 503, "overloaded"),
            ("/nothing", "GET", 404, "not_found"),
            ("/toy", "DELETE", 405, "method_not_allowed"),
            ("/toy", "BREW", 405, "method_not_allowed"),
        ],
    )
    def test_every_error_is_a_problem(
        self, client: FlaskClient, path: str, method: str, status: int, code: str
    ) -> None:
        reply = client.open(path, method=method)
        assert reply.status_code == reply.json["status"] == status
        assert reply.content_type == "application/problem+json"
        assert reply.json["code"] == code
        assert reply.json["type"] == "about:blank"
        assert reply.json["title"]
        assert reply.json["detail"]

    def test_no_error_is_stored(self, client: FlaskClient) -> None:
        for path in ("/toy/refuse/x", "/nothing", "/toy/bug"):
            assert client.get(path).headers["Cache-Control"] == "no-store"

    def test_a_refused_method_is_told_which_are_allowed(self, client: FlaskClient) -> None:
        assert set(client.delete("/toy").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}

    def test_503_says_when_to_come_again(self, client: FlaskClient) -> None:
        assert client.get("/toy/refuse/overloaded").headers["Retry-After"] == "1"
        assert "Retry-After" not in client.get("/toy/refuse/x").headers

    def test_a_bug_is_logged_and_not_shown(self, client: FlaskClient) -> None:
        with structlog.testing.capture_logs() as lines:
            reply = client.get("/toy/bug")
        assert (reply.status_code, reply.json["code"]) == (500, "internal_error")
        assert "secret" not in reply.text
        assert any(isinstance(line.get("exc_info"), ZeroDivisionError) for line in lines)


class TestOperations:
    def test_health_tells_the_versions(self, client: FlaskClient) -> None:
        reply = client.get("/toy/health")
        assert reply.json == {"status": "ok", "service": "toy", "version": "1.2.3", "libraries": {"lib": "9"}}
        assert reply.headers["Cache-Control"] == "no-store"

    def test_health_is_503_when_the_service_cannot_do_its_job(self, app: Flask, client: FlaskClient) -> None:
        app.extensions["state"].healthy = False
        reply = client.get("/toy/health")
        assert (reply.status_code, reply.json["code"]) == (503, "unavailable")
        assert "parser" not in reply.text

    def test_metrics_count_requests_by_endpoint_and_status(self, client: FlaskClient) -> None:
        def count() -> float:
            name = 'mergepoint_requests_total{endpoint="toy",service="toy",status="200"}'
            found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.M)
            return float(found[1]) if found else 0

        before = count()
        client.get("/toy")
        assert count() == before + 1

    def test_unknown_paths_do_not_grow_the_metrics(self, client: FlaskClient) -> None:
        for number in range(3):
            client.get(f"/nothing/{number}")
        assert "nothing" not in client.get("/metrics").text

    def test_server_timing_tells_the_parts_and_the_total(self, client: FlaskClient) -> None:
        assert re.fullmatch(r"toy;dur=[0-9.]+, total;dur=[0-9.]+", client.get("/toy").headers["Server-Timing"])

    def test_the_documentation_is_there_to_read(self, client: FlaskClient) -> None:
        page = client.get("/toy/docs")
        assert page.content_type == "text/html; charset=utf-8"
        assert "<script" not in page.text
        assert client.get("/toy/openapi.json").json["openapi"] == "3.1.0"


class TestOtherOrigins:
    @pytest.mark.parametrize("path", ["/toy", "/toy/refuse/x", "/nothing", "/toy/bug"])
    def test_any_page_may_read_what_a_pure_service_says(self, client: FlaskClient, path: str) -> None:
        headers = client.get(path).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert {"X-Request-Id", "Toy-Size"} <= {*headers["Access-Control-Expose-Headers"].split(", ")}

    def test_and_may_ask_before(self, client: FlaskClient) -> None:
        reply = client.options("/toy")
        assert reply.status_code == 200
        assert "GET" in reply.headers["Access-Control-Allow-Methods"]
        assert "Content-Type" in reply.headers["Access-Control-Allow-Headers"]
        assert int(reply.headers["Access-Control-Max-Age"]) > 0

    def test_another_service_says_nothing_of_origins(self) -> None:
        headers = make_app().test_client().get("/toy").headers
        assert not [name for name, _ in headers if name.startswith("Access-Control")]


def test_a_header_of_the_proxy_changes_nothing(client: FlaskClient) -> None:
    headers = {"X-Forwarded-Host": "evil", "X-HTTP-Method-Override": "DELETE", "X-Forwarded-Prefix": "/x"}
    assert client.get("/toy", headers=headers).text == "hi"


def test_the_apps_json_keeps_its_order(client: FlaskClient) -> None:
    assert list(json.loads(client.get("/nothing").data)) == ["type", "title", "status", "code", "detail", "request_id"]

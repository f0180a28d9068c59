"""What the logs tell, and what they never do."""

import base64
import http.client
import json
from collections.abc import Callable

import pytest

from tests.nginx.gateway import LIMIT, Gateway, fresh
from tests.servers import wait_for

SECRET = "hunter2" * 5
LINK = base64.urlsafe_b64encode(SECRET.encode()).decode()


@pytest.fixture(scope="module")
def logs(make_gateway: Callable[..., Gateway]) -> str:
    """All that was written, by requests that went well and by some that did not."""
    gateway = make_gateway(MERGEPOINT_RATE="1", MERGEPOINT_BURST="30")
    marker = fresh()

    def ask_everything() -> None:
        headers = {"X-Secret": SECRET, "Referer": SECRET}
        for method in ("GET", "POST", "QUERY"):
            gateway.request(method, f"/highlight?code={SECRET}", SECRET.encode(), headers)
            gateway.request(method, f"/highlight?code={SECRET}", SECRET.encode() * (LIMIT // 10))
            gateway.request(method, f"/highlight/batch?{SECRET}", json.dumps({"snippets": [SECRET]}).encode())
            gateway.request(method, f"/{method}?{SECRET}", SECRET.encode())
        gateway.get(f"/highlight/python/{LINK}.svg")
        gateway.get(f"/highlight/python/{LINK}.svg?style={SECRET}")
        gateway.get(f"/highlight/python/{LINK}/{LINK}")
        gateway.get(f"/highlight//python//{LINK}.svg")
        gateway.get(f"/highlight/./python/{LINK}.svg")
        gateway.get(f"/highlight#{SECRET}")
        gateway.get(f"/nope?{SECRET}")
        gateway.raw(f"GET /{SECRET * 300} HTTP/1.1\r\n\r\n".encode())
        gateway.raw(f"{SECRET}\r\n\r\n".encode())
        chunked = "Host: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        gateway.raw(f"POST /highlight?{SECRET} HTTP/1.1\r\n{chunked}{SECRET}\r\n".encode())

    ask_everything()
    for do in ("close", "truncate"):
        with pytest.raises((http.client.IncompleteRead, ConnectionError, AssertionError)):
            assert gateway.post(f"/highlight?do={do}&{SECRET}", SECRET.encode()).status == 200
    gateway.stop_stub()
    ask_everything()  # unavailable, and then limited
    for _ in range(40):
        gateway.get(f"/highlight?code={SECRET}{fresh()}")
    gateway.start_stub()
    for _ in range(200):  # both workers write what they have
        gateway.get("/", {"X-Request-Id": marker})
    wait_for(lambda: gateway.log_path.read_text().count(marker) == 200)
    notes = [line for line in gateway.errors_path.read_text().splitlines() if "[notice]" not in line]
    return gateway.log_path.read_text() + "\n".join(notes)


def test_no_query_body_header_or_link_is_in_a_log(logs: str):
    assert SECRET[:10] not in logs
    assert LINK[:10] not in logs


def test_every_line_is_json(logs: str):
    lines = [json.loads(line) for line in logs.splitlines()]
    assert {200, 400, 404, 405, 413, 414, 429, 503} <= {line.get("status") for line in lines}


def test_a_line_tells_what_was_asked_and_how_it_went(gateway: Gateway):
    request_id = fresh()
    gateway.request("QUERY", f"/highlight?{request_id}", b"x", {"X-Request-Id": request_id})
    (line,) = gateway.logged(request_id)
    assert line["method"] == "QUERY"
    assert line["path"] == "/highlight"
    assert (line["status"], line["cache"], line["client"]) == (200, "MISS", "127.0.0.1")
    assert line["bytes_in"] > 0
    assert line["bytes_out"] > 0
    assert line["seconds"] >= 0
    assert float(line["upstream_seconds"]) >= 0
    assert line["time"].startswith("20")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/", "/"),
        ("/highlight/languages", "/highlight/languages"),
        ("/highlight/styles/monokai.css", "/highlight/styles/monokai.css"),
        ("/highlight/python/eA.svg", "/highlight/python/..."),
        ("/highlight/c%23/eA.svg", "/highlight/c#/..."),
        ("/nope/a/b/c", "/nope/a/..."),
        ("/" + "x" * 100, "/" + "x" * 64 + "/..."),
        ('/a"b\\c', '/a"b\\c'),
    ],
)
def test_a_path_is_told_without_the_data_of_a_link(gateway: Gateway, path: str, told: str):
    request_id = fresh()
    gateway.get(path, {"X-Request-Id": request_id})
    assert [line["path"] for line in gateway.logged(request_id)] == [told]


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "POST", "QUERY"])
def test_the_method_is_told_as_it_was_sent_even_of_an_error(gateway: Gateway, method: str):
    request_id = fresh()
    gateway.request(method, "/docs", None, {"X-Request-Id": request_id})
    assert [line["method"] for line in gateway.logged(request_id)] == [method]

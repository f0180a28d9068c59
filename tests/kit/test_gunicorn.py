"""The shipped gunicorn: its own errors are problems too, its log is JSON without texts, its metrics add up."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket

import pytest

from tests.servers import Gunicorn, alive, children, descendants, wait_for

OWN_LINES = re.compile("Starting gunicorn|Listening at|Using worker|Booting worker")


def raw(server: Gunicorn, data: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send *data* as it is."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(data)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.headers, response.read()


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"GARBAGE\r\n\r\n", 400, "bad_request"),
        (b"GET /highlight HTTP/9.9\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n", 400, "bad_request"),
        (b"POST /highlight HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "bad_request"),
        (
            b"POST /highlight HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            400,
            "bad_request",
        ),
        (b"GET /" + b"x" * 8200 + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(99)) + b"\r\n", 431, "headers_too_large"),
    ],
)
def test_its_own_errors_are_problems(highlight_server: Gunicorn, data: bytes, status: int, code: str) -> None:
    got, headers, body = raw(highlight_server, data)
    problem = json.loads(body)
    assert got == problem["status"] == status
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["X-Request-Id"] == problem["request_id"]
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]


def test_a_request_line_of_8_kb_is_accepted(highlight_server: Gunicorn) -> None:
    target = "/highlight?language=python&code="
    target += "x" * (8190 - len(f"GET {target} HTTP/1.1\r\n"))
    assert highlight_server.request("GET", target).status == 200


def test_a_chunked_body_is_read(highlight_server: Gunicorn) -> None:
    head = b"POST /highlight?language=text&nowrap=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, _, body = raw(highlight_server, head + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert (status, body) == (200, b"abc\n")


def test_a_chunked_body_is_bounded_too(highlight_server: Gunicorn) -> None:
    head = b"POST /highlight HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    status, _, body = raw(highlight_server, head + b"80001\r\n" + b"x" * 0x80001 + b"\r\n0\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (413, "body_too_large")


def test_connections_are_kept(highlight_server: Gunicorn) -> None:
    connection = highlight_server.connect()
    for number in range(20):
        assert connection.request("POST", "/highlight?language=text", b"%d" % number).status == 200
    assert connection.request("GET", "/nothing").status == 404
    assert connection.request("POST", "/highlight?language=klingon", b"x").status == 422
    assert connection.request("GET", "/highlight/formats").status == 200
    connection.close()


def test_metrics_of_all_workers_add_up(highlight_server: Gunicorn) -> None:
    def count() -> float:
        labels = 'endpoint="formats",service="highlight",status="200"'
        text = highlight_server.request("GET", "/metrics").body.decode()
        found = re.search(rf"^mergepoint_requests_total\{{{labels}\}} (\S+)", text, re.M)
        return float(found[1]) if found else 0

    before = count()
    for _ in range(40):
        highlight_server.request("GET", "/highlight/formats")
    assert {count() for _ in range(10)} == {before + 40}


def test_its_log_is_json_with_request_ids_and_without_texts(highlight_server: Gunicorn) -> None:
    headers = {"X-Request-Id": "log-test-1"}
    highlight_server.request("POST", "/highlight?language=scala", b'"' + b"\\" * 60, headers)
    for _ in range(2):
        highlight_server.request("POST", "/highlight?language=klingon&title=hush1", b"hush2", headers)
    highlight_server.request("GET", "/highlight/python/aHVzaDM.nope", None, headers)
    wait_for(lambda: "log-test-1" in highlight_server.log.read_text())
    text = highlight_server.log.read_text()
    assert not re.search("hush|aHVzaDM", text)
    for line in text.splitlines():
        entry = json.loads(line)
        assert entry["service"] == "highlight"
        assert entry["level"]
        assert entry["timestamp"]
        assert entry["event"]
        assert "request_id" in entry or OWN_LINES.match(entry["event"]), entry


def test_gunicorns_own_lines_are_in_the_log(highlight_server: Gunicorn) -> None:
    events = [line["event"] for line in highlight_server.log_lines()]
    assert any(event.startswith("Listening at") for event in events)
    assert sum(event.startswith("Booting worker") for event in events) >= 2


def test_the_master_forks_workers_and_zygote_without_having_threads(highlight_server: Gunicorn) -> None:
    assert len(os.listdir(f"/proc/{highlight_server.pid}/task")) == 1
    assert len(highlight_server.workers()) == 2
    assert len(children(highlight_server.pid)) == 3


def works(server: Gunicorn) -> bool:
    reply = server.request("POST", "/highlight?language=python", b"x")
    return reply.status == 200 and not reply.headers["Mergepoint-Degraded"]


def test_a_lost_worker_is_replaced_and_so_is_a_lost_sandbox() -> None:
    server = Gunicorn("highlight", HIGHLIGHT_WORKERS="1").start()
    try:
        (worker,) = server.workers()
        assert works(server)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: server.workers() - {worker})
        wait_for(lambda: works(server))
        (worker,) = server.workers()
        (zygote,) = children(server.pid) - {worker}
        os.killpg(zygote, signal.SIGKILL)  # and all its children
        wait_for(lambda: works(server), seconds=30)
        assert server.workers() == {worker}
    finally:
        server.stop()


def test_nothing_is_left_when_it_stops() -> None:
    server = Gunicorn("highlight").start()
    for number in range(16):
        server.request("POST", "/highlight?language=python", b"%d" % number)
    pids = descendants(server.pid)
    assert len(pids) > 4
    server.stop()
    wait_for(lambda: not any(map(alive, pids)))


def test_nothing_is_left_when_it_ends(tmp_path: pathlib.Path) -> None:
    server = Gunicorn("highlight", TMPDIR=str(tmp_path)).start()
    metrics = list(tmp_path.glob("mergepoint-highlight-*/*.db"))
    server.stop()
    assert metrics
    assert not list(tmp_path.iterdir())

"""The same suite, in containers: the contract, the cache, pictures."""

import json

import pytest

from tests.contract.faces import http_face, live
from tests.contract.runner import Case, check, load
from tests.servers import wait_for
from tests.stack.compose import Stack


@pytest.mark.parametrize("case", load(), ids=str)
def test_contract(case: Case, stack: Stack):
    check(case, http_face(live(stack.url)))


def test_same_text_comes_from_the_cache(stack: Stack):
    def ask():
        return stack.request("POST", "/highlight?language=python", b"print('twice')\n")

    first = ask()
    assert first.headers["Cache-Status"] == "mergepoint; fwd=miss"
    wait_for(lambda: ask().headers["Cache-Status"] == "mergepoint; hit")
    assert ask().body == first.body


def test_png_is_drawn(stack: Stack):
    code = "/* straight, *slanted* */ int é = 1;"
    reply = stack.request("POST", "/highlight?language=c&format=png&style=tango", code.encode())
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.body.startswith(b"\x89PNG\r\n")


def test_health_names_all(stack: Stack):
    health = json.loads(stack.request("GET", "/health").body)
    assert health["status"] == "ok"
    assert health["services"]["highlight"]["status"] == "ok"


def test_a_request_can_be_followed_through_the_logs(stack: Stack):
    reply = stack.request("POST", "/highlight?language=klingon", b"secret = 1\n")
    for service in ("nginx", "highlight"):
        wait_for(lambda service=service: lines(stack, service, reply.headers["X-Request-Id"]))
        found = lines(stack, service, reply.headers["X-Request-Id"])
        assert [line["status"] for line in found] == [422]
        assert "secret" not in stack.logs(service)


def lines(stack: Stack, service: str, request_id: str) -> list[dict]:
    said = [json.loads(line) for line in stack.logs(service).splitlines() if line.startswith("{")]
    return [line for line in said if line.get("request_id") == request_id]

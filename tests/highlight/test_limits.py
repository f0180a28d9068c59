"""Limits of memory and output: what is past them is refused, and the next call is fine. Time is in test_hostile."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mergepoint.highlight.config import Settings
from mergepoint.highlight.deadlines import deadline
from mergepoint.highlight.options import HighlightOptions
from mergepoint.highlight.web import create_app
from tests.servers import Gunicorn

LIMIT = 512 * 1024


def fine(client: FlaskClient) -> bool:
    reply = client.post("/highlight?language=python", data="x = 1")
    return reply.status_code == 200 and "Mergepoint-Degraded" not in reply.headers


@pytest.fixture(scope="module")
def small() -> Iterator[Flask]:
    """The service with settings that are soon exceeded."""
    app = create_app(Settings(max_bytes=200_000, max_output_bytes=1 << 20, memory_bytes=64 << 20, children=1))
    yield app
    app.extensions["sandbox"].close()


class TestTime:
    def test_the_deadline_grows_with_the_text_and_ends_at_five_seconds(self) -> None:
        assert deadline(HighlightOptions(code="")) == pytest.approx(0.1)
        assert deadline(HighlightOptions(code="x" * 10_000)) == pytest.approx(0.2)
        assert deadline(HighlightOptions(code="é" * 5_000)) == pytest.approx(0.2), "bytes count, not characters"
        assert deadline(HighlightOptions(code="x" * LIMIT)) == 5.0
        assert deadline(HighlightOptions(code="x", format="png")) > deadline(HighlightOptions(code="x"))

    @pytest.mark.parametrize(
        "lines",
        [",".join(["1-999999999"] * 200), ",".join(f"{n}-999999999" for n in range(1, 201))],
        ids=["same", "rising"],
    )
    def test_marked_lines_cost_no_more_than_the_text_has(self, client: FlaskClient, lines: str) -> None:
        reply = client.post("/highlight", query_string={"language": "text", "hl_lines": lines}, data="\n" * 100_000)
        assert reply.status_code == 200
        assert "Mergepoint-Degraded" not in reply.headers


class TestOutput:
    def test_more_than_16_mb_are_refused(self, client: FlaskClient) -> None:
        reply = client.post("/highlight?language=text&format=svg&tabsize=16", data="\t" * LIMIT)
        assert (reply.status_code, reply.json["code"]) == (422, "output_too_large")
        assert "16777216" in reply.json["detail"]
        assert fine(client)

    def test_it_is_text_up_to_there(self, client: FlaskClient) -> None:
        reply = client.post("/highlight?language=text&tabsize=16", data="\t" * LIMIT)
        assert (reply.status_code, len(reply.data) > 8_000_000) == (200, True)

    @pytest.mark.parametrize(
        "query",
        ["linenos=table&anchors=" + "L" * 60, "format=svg&linenos=inline", "css=inline&linenos=table"],
    )
    def test_whatever_made_it_so_large(self, small: Flask, query: str) -> None:
        reply = small.test_client().post(f"/highlight?language=python&{query}", data="x\n" * 30_000)
        assert (reply.status_code, reply.json["code"]) == (422, "output_too_large")
        assert fine(small.test_client())


class TestSettings:
    def test_the_largest_body_is_a_setting(self, small: Flask) -> None:
        reply = small.test_client().post("/highlight", data="x" * 200_001)
        assert (reply.status_code, reply.json["code"]) == (413, "body_too_large")
        assert "200000" in reply.json["detail"]

    def test_the_largest_answer_is_a_setting(self, small: Flask) -> None:
        reply = small.test_client().post("/highlight?language=text&tabsize=16", data="\t" * 100_000)
        assert (reply.status_code, reply.json["code"]) == (422, "output_too_large")

    def test_one_child_is_enough(self, small: Flask) -> None:
        assert all(fine(small.test_client()) for _ in range(10))


class TestMemory:
    TOKENS = "a " * (LIMIT // 2)

    def test_more_than_its_share_is_refused_and_the_next_call_is_fine(self) -> None:
        """So many tokens are more than 16 MB of objects in the making.

        In processes of its own: a child of this one would have all the memory that earlier tests used and freed.
        """
        server = Gunicorn("highlight", HIGHLIGHT_MEMORY_BYTES=str(16 << 20), HIGHLIGHT_WORKERS="1").start()
        try:
            reply = server.request("POST", "/highlight?language=python&format=json", self.TOKENS.encode())
            assert (reply.status, json.loads(reply.body)["code"]) == (422, "memory_exceeded")
            assert reply.headers["Cache-Control"] == "no-store"
            assert server.request("POST", "/highlight?language=python", b"x = 1").status == 200
        finally:
            server.stop()

    def test_with_the_default_it_fits(self, client: FlaskClient) -> None:
        reply = client.post("/highlight?language=python&format=json", data="a " * 100_000)
        assert (reply.status_code, reply.content_type) == (200, "application/json")

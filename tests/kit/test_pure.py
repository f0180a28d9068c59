"""Answers of pure services: what makes their tags, and which type they are in."""

import pytest
from flask import Flask, Response, request

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.options import Options
from mergepoint.kit.service import Service, Task
from mergepoint.kit.web.pure import PureTasks, accepted

ACCEPTABLE = {"text/html": "html", "application/json": "json", "image/png": "png"}


class Word(Options):
    word: str


def shout(options: Word) -> Answer:
    return Answer(
        options.word.upper().encode(), "text/plain", {"Mergepoint-Degraded": "slow"} if options.word == "x" else {}
    )


def answered(word: str = "a", name: str = "shout", version: str = "1", library: str = "1", known: str = "") -> Response:
    tasks = {"shout": Task(shout), "cry": Task(shout)}
    pure = PureTasks(Service("toy", version, {"lungs": library}, tasks=tasks, max_bytes=100).start())
    with Flask("toy").test_request_context(headers={"If-None-Match": known} if known else {}):
        return pure.answer(request, name, Word(word=word), "public")


def test_the_tag_names_all_that_makes_an_answer() -> None:
    replies = [answered(), answered("b"), answered(name="cry"), answered(version="2"), answered(library="2")]
    assert len({reply.headers["ETag"] for reply in replies}) == len(replies)
    assert answered().headers["ETag"] == answered().headers["ETag"]


def test_what_is_known_is_not_worked_on() -> None:
    reply = answered(known=answered().headers["ETag"])
    assert (reply.status_code, reply.data) == (304, b"")


def test_a_degraded_answer_is_not_to_be_kept() -> None:
    reply = answered("x")
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "html"),
        ("*/*", "html"),
        ("application/json", "json"),
        ("image/png;q=0.5, application/json;q=0.4", "png"),
        ("text/html, image/png", "html"),
        ("image/avif", "html"),
        ("nonsense", "html"),
        ("application/json, text/plain, */*", "html"),
        ("application/json, text/javascript, */*; q=0.01", "html"),
        ("application/json, text/html;q=0.1", "html"),
        ("application/json, image/png;q=0.1", "png"),
        ("application/json, text/plain", "json"),
        ("application/json;q=0.1", "json"),
        ("application/*", "json"),
        ("application/json, text/html;q=0, image/*;q=0", "json"),
        ("application/json;q=0, a/b", "html"),
        ("text/html;q=0, */*", "png"),
        ("text/html;q=0, */*, image/png;q=0", "json"),
        ("*/*, image/png", "png"),
        ("text/html;level=1, image/png;q=0.9", "html"),
        ("TEXT/HTML, image/png;q=0.5", "html"),
        ("image/avif,image/webp,image/*,*/*;q=0.8", "png"),
        ("*/*;q=0", "html"),
        ("application/json, text/html; charset=utf-8", "html"),
        ("image/gif, application/json, *; q=0.2", "html"),
        (", ,;;=,text/", "html"),
    ],
)
def test_accept_chooses_the_format(accept: str, form: str) -> None:
    with Flask("toy").test_request_context(headers={"Accept": accept}):
        assert accepted(request, ACCEPTABLE) == form

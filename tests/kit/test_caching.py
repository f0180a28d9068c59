"""ETag, 304 and Cache-Control."""

import pytest
from flask import Request, Response
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from mergepoint.kit.web import caching


def asking(tags: str) -> Request:
    return Request(EnvironBuilder(headers={"If-None-Match": tags}).get_environ())


@given(st.lists(st.text()), st.lists(st.text()))
def test_different_parts_have_different_tags(ones: list[str], others: list[str]) -> None:
    assert (caching.etag(*ones) == caching.etag(*others)) == (ones == others)


def test_parts_do_not_run_together() -> None:
    assert caching.etag("ab", "c") != caching.etag("a", "bc")


def test_text_and_its_bytes_are_the_same_part() -> None:
    assert caching.etag("é") == caching.etag("é".encode())


@pytest.mark.parametrize(
    ("tags", "known"),
    [('"abc"', True), ('W/"abc"', True), ('"x", "abc"', True), ('"x"', False), ("*", False), ("", False)],
)
def test_a_client_knows_the_answer_if_it_names_its_tag(tags: str, known: bool) -> None:
    assert caching.knows(asking(tags), "abc") is known


def test_no_header_means_nothing_is_known() -> None:
    assert not caching.knows(Request(EnvironBuilder().get_environ()), "abc")


def test_the_tag_is_strong() -> None:
    assert caching.mark(Response(), "abc", caching.fresh_for(30)).headers["ETag"] == '"abc"'


def test_without_a_tag_there_is_none() -> None:
    response = caching.mark(Response(), None, caching.NO_STORE)
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_a_304_repeats_tag_and_control_and_has_no_body() -> None:
    response = caching.not_modified("abc", caching.fresh_for(30))
    assert (response.status_code, response.headers["ETag"], response.data) == (304, '"abc"', b"")
    assert response.headers["Cache-Control"] == caching.fresh_for(30)


def test_nothing_is_given_out_that_is_older_than_twice_its_age() -> None:
    assert caching.fresh_for(30).startswith("public, max-age=30, stale-while-revalidate=30")

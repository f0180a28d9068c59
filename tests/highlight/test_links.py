"""Links: the text is in the URL, as it is or deflated, in base64url."""

import base64
import os
import random
import subprocess
import zlib
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import fuzz
from tests.servers import ROOT, Gunicorn, need

CODE = "def f(x):\r\n    return 'é'\n"
LIMIT = 512 * 1024


def url64(data: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


def link(data: str, language: str = "python", extension: str = "html", query: str = "") -> str:
    return f"/highlight/{quote(language, safe='')}/{data}.{extension}{query}"


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("level", [None, 0, 1, 9])
def test_deflated_or_not_padded_or_not_it_is_the_text(client: FlaskClient, level: int | None, padded: bool) -> None:
    data = CODE.encode() if level is None else zlib.compress(CODE.encode(), level)
    reply = client.get(link(url64(data, padded=padded)))
    assert reply.data == client.post("/highlight?language=python", data=CODE.encode()).data
    assert reply.headers["Mergepoint-Language"] == "python"


@pytest.mark.parametrize(
    ("extension", "type"),
    [
        ("html", "text/html; charset=utf-8"),
        ("svg", "image/svg+xml"),
        ("png", "image/png"),
        ("tex", "application/x-latex"),
        ("rtf", "application/rtf"),
        ("bbcode", "text/x-bbcode; charset=utf-8"),
        ("ansi", "text/x-ansi; charset=utf-8"),
        ("json", "application/json"),
    ],
)
def test_the_extension_is_the_format(client: FlaskClient, extension: str, type: str) -> None:
    reply = client.get(link(url64(b"x"), extension=extension))
    assert (reply.status_code, reply.content_type) == (200, type)


def test_an_unknown_extension_is_no_page(client: FlaskClient) -> None:
    assert client.get(link(url64(b"x"), extension="pdf")).status_code == 404


@pytest.mark.parametrize(
    ("language", "word"), [("c#", "csharp"), ("c++", "cpp"), ("f#", "fsharp"), ("html+php", "html+php")]
)
def test_languages_with_signs_in_their_names(client: FlaskClient, language: str, word: str) -> None:
    reply = client.get(link(url64(b"x"), language))
    assert (reply.status_code, reply.headers["Mergepoint-Language"]) == (200, word)


@pytest.mark.parametrize(
    ("query", "language"), [("", "python"), ("?filename=a.rb", "ruby"), ("?mimetype=text/x-c%2B%2Bsrc", "cpp")]
)
def test_without_a_language_it_is_found_out(client: FlaskClient, query: str, language: str) -> None:
    code = b"#!/usr/bin/env python\nprint(1)\n"
    for extension in ("html", "svg", "json"):
        reply = client.get(link(url64(code), "auto", extension, query))
        assert (reply.status_code, reply.headers["Mergepoint-Language"]) == (200, language)
    reply = client.get(link(url64(code), "auto", "html", query))
    assert reply.data == client.post(f"/highlight{query}", data=code).data


def test_other_options_are_in_the_query(client: FlaskClient) -> None:
    reply = client.get(link(url64(b"x"), query="?linenos=table&style=monokai"))
    assert b"linenos" in reply.data
    refused = client.get(link(url64(b"x"), query="?lineno=1"))
    assert (refused.status_code, refused.json["code"]) == (422, "unknown_option")


@pytest.mark.parametrize("option", ["language=ruby", "code=x", "format=svg"])
def test_what_is_in_the_path_may_not_be_in_the_query(client: FlaskClient, option: str) -> None:
    reply = client.get(link(url64(b"x"), query=f"?{option}"))
    assert (reply.status_code, reply.json["code"]) == (422, "invalid_option")
    assert reply.json["errors"][0]["field"] == option.partition("=")[0]


@pytest.mark.parametrize("text", ["x^", "x^2 + y^2", "x\x01", "x\x9c", "xÚ", "x^" * 500, "h\x81", "8\x1b", "x"])
def test_a_text_that_looks_deflated_is_a_text(client: FlaskClient, text: str) -> None:
    reply = client.get(link(url64(text.encode()), "text", query="?nowrap=1"))
    assert (reply.status_code, reply.text) == (200, f"{text}\n")


@fuzz(200)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_text_comes_through_both_ways(app: Flask, text: str) -> None:
    client, data = app.test_client(), text.encode()
    expected = client.post("/highlight?language=text", data=data).data
    assert client.get(link(url64(data), "text")).data == expected
    assert client.get(link(url64(zlib.compress(data)), "text")).data == expected


@pytest.mark.parametrize("data", ["a", "abcde", "%C3%A9%C3%A9", "a.b", "YQ==YQ==", "a b c", "!!!!"])
def test_what_is_not_base64url_is_400(client: FlaskClient, data: str) -> None:
    reply = client.get(link(data))
    assert (reply.status_code, reply.json["code"]) == (400, "malformed_data")
    assert reply.json["errors"][0]["field"] == "data"


@pytest.mark.parametrize("data", [b"\xff\xfe", zlib.compress(b"\xff\xfe"), zlib.compress(b"x" * 100)[:-5], b"\x80"])
def test_what_is_not_utf8_inside_is_400(client: FlaskClient, data: bytes) -> None:
    reply = client.get(link(url64(data)))
    assert (reply.status_code, reply.json["code"]) == (400, "invalid_encoding")


def test_it_inflates_to_half_a_megabyte_at_most(client: FlaskClient) -> None:
    fits = client.get(link(url64(zlib.compress(b"x" * LIMIT, 9)), "text"))
    assert fits.status_code == 200
    for size in (LIMIT + 1, 4 << 20):  # the second is as much as a request line holds
        packed = url64(zlib.compress(b"x" * size, 9))
        reply = client.get(link(packed, "text"))
        assert (reply.status_code, reply.json["code"]) == (413, "body_too_large")


def test_a_bomb_costs_no_more_than_what_is_allowed(client: FlaskClient) -> None:
    import tracemalloc

    bomb = url64(zlib.compress(bytes(64 << 20), 9))
    tracemalloc.start()
    try:
        assert client.get(link(bomb, "text")).status_code == 413
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def commands() -> dict[str, str]:
    """The one-liners that the contract documents, by their program."""
    readme = (ROOT / "services/highlight/README.md").read_text()
    block = readme.partition("### Links and images")[2].partition("```sh\n")[2].partition("```")[0]
    return {line.split()[0]: line for line in block.splitlines()}


def test_there_is_a_one_liner_for_each() -> None:
    assert set(commands()) == {"python3", "ruby", "node", "base64"}


@pytest.mark.parametrize("program", ["python3", "ruby", "node", "base64"])
def test_the_documented_one_liner_makes_a_link(program: str, highlight_server: Gunicorn, tmp_path) -> None:
    need(program)
    code = "".join(random.Random(1).choices("abc é😀'\"\\\n+/?", k=900)) + "\n"
    (tmp_path / "app.py").write_text(code)
    done = subprocess.run(["sh", "-ec", commands()[program]], cwd=tmp_path, capture_output=True, text=True, check=True)
    reply = highlight_server.request("GET", link(done.stdout.strip()))
    assert reply.status == 200
    assert reply.body == highlight_server.request("POST", "/highlight?language=python", code.encode()).body


def test_as_much_as_a_request_line_holds(highlight_server: Gunicorn) -> None:
    raw = base64.b64encode(os.urandom(9000)).decode()
    size = 8190 - len(f"GET {link('', 'text')} HTTP/1.1\r\n")
    data = url64(raw.encode())[: size - size % 4]
    assert highlight_server.request("GET", link(data, "text")).status == 200

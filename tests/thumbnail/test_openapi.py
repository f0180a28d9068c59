"""The service keeps what its OpenAPI document says, tried by schemathesis with requests made from it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from schemathesis import GenerationMode

from tests.described import check_word, trials

CALLS = [
    ("POST", "/thumbnail"),
    ("GET", "/thumbnail/{signature}/{rest}"),
    ("POST", "/thumbnail/info"),
    ("GET", "/thumbnail/info/{signature}/{rest}"),
    ("POST", "/thumbnail/set"),
    ("GET", "/thumbnail/health"),
]
WITHOUT_OPTIONS = {path for method, path in CALLS if method == "GET"}  # in a link, any text is allowed


@pytest.mark.fuzz
@pytest.mark.parametrize(("method", "path", "mode"), trials(CALLS, WITHOUT_OPTIONS))
def test_the_service_keeps_its_word(app: Flask, method: str, path: str, mode: GenerationMode) -> None:
    check_word(app, method, path, mode)


def test_every_call_is_in_the_document(client: FlaskClient) -> None:
    paths = client.get("/thumbnail/openapi.json").json["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == set(CALLS)


def test_a_picture_is_sent_as_it_is(client: FlaskClient) -> None:
    call = client.get("/thumbnail/openapi.json").json["paths"]["/thumbnail"]["post"]
    assert "application/octet-stream" in call["requestBody"]["content"]

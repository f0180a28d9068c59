"""The service keeps what its OpenAPI document says, tried by schemathesis with requests made from it."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from schemathesis import GenerationMode

from mergepoint.highlight.options import HighlightOptions
from tests.described import check_defaults, check_word, trials
from tests.servers import ROOT

CALLS = [
    ("GET", "/highlight"),
    ("POST", "/highlight"),
    ("GET", "/highlight/{language}/{data}.{extension}"),
    ("POST", "/highlight/batch"),
    ("GET", "/highlight/guess"),
    ("POST", "/highlight/guess"),
    ("GET", "/highlight/languages"),
    ("GET", "/highlight/formats"),
    ("GET", "/highlight/styles"),
    ("GET", "/highlight/styles/{name}.css"),
    ("GET", "/highlight/health"),
]


@pytest.mark.fuzz
@pytest.mark.parametrize(("method", "path", "mode"), trials(CALLS, {"/highlight/health"}))
def test_the_service_keeps_its_word(app: Flask, method: str, path: str, mode: GenerationMode) -> None:
    check_word(app, method, path, mode)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    return client.get("/highlight/openapi.json").json


def test_every_call_of_the_contract_is_in_the_document(document: dict[str, Any]) -> None:
    said = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert said == set(CALLS)


def test_every_option_is_in_the_document_and_in_the_contract(document: dict[str, Any]) -> None:
    readme = (ROOT / "services/highlight/README.md").read_text()
    properties = document["components"]["schemas"]["HighlightOptions"]["properties"]
    assert set(properties) == set(HighlightOptions.model_fields)
    for name, schema in properties.items():
        assert schema["description"], name
        assert f"| `{name}` |" in readme or name == "code"


def test_every_default_in_the_contract_is_true(document: dict[str, Any]) -> None:
    check_defaults("highlight", document["components"]["schemas"]["HighlightOptions"]["properties"])


def test_every_answers_type_is_in_the_document(client: FlaskClient, document: dict[str, Any]) -> None:
    said = set(document["paths"]["/highlight"]["post"]["responses"]["200"]["content"])
    for form in client.get("/highlight/formats").json["formats"]:
        assert form["type"].partition(";")[0] in said, form["name"]

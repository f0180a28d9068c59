"""The service keeps what its OpenAPI document says, tried by schemathesis with requests made from it."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from schemathesis import GenerationMode

from mergepoint.htmldiff import diff_options
from mergepoint.htmldiff.options import HtmldiffOptions
from tests.described import check_defaults, check_word, trials
from tests.servers import ROOT

CALLS = [
    ("GET", "/htmldiff"),
    ("POST", "/htmldiff"),
    ("POST", "/htmldiff/apply"),
    ("POST", "/htmldiff/annotate"),
    ("GET", "/htmldiff/diff.css"),
    ("GET", "/htmldiff/health"),
]
WITHOUT_OPTIONS = ("/htmldiff/diff.css", "/htmldiff/health")


@pytest.mark.fuzz
@pytest.mark.parametrize(("method", "path", "mode"), trials(CALLS, WITHOUT_OPTIONS))
def test_the_service_keeps_its_word(app: Flask, method: str, path: str, mode: GenerationMode) -> None:
    check_word(app, method, path, mode)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    return client.get("/htmldiff/openapi.json").json


def test_every_call_of_the_contract_is_in_the_document(document: dict[str, Any]) -> None:
    said = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert said == set(CALLS)


def test_every_option_is_in_the_document_and_in_the_contract(document: dict[str, Any]) -> None:
    readme = (ROOT / "services/htmldiff/README.md").read_text()
    properties = document["components"]["schemas"]["HtmldiffOptions"]["properties"]
    assert set(properties) == set(HtmldiffOptions.model_fields)
    for name, schema in properties.items():
        assert schema["description"], name
        assert f"| `{name}` |" in readme or name in ("old", "new", "old_url", "new_url")


def test_every_default_in_the_contract_is_true(document: dict[str, Any]) -> None:
    check_defaults("htmldiff", document["components"]["schemas"]["HtmldiffOptions"]["properties"])


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("view", diff_options.VIEWS),
        ("markup", diff_options.MARKUPS),
        ("sanitize", diff_options.SANITIZE),
        ("granularity", diff_options.GRANULARITIES),
        ("wrapper_element", diff_options.WRAPPERS),
    ],
)
def test_the_core_and_the_document_know_the_same_values(document: dict[str, Any], option: str, values: tuple) -> None:
    schema = document["components"]["schemas"]["HtmldiffOptions"]["properties"][option]
    assert tuple(schema["enum"]) == tuple(values)


def test_so_they_do_of_what_is_ignored(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["HtmldiffOptions"]["properties"]["ignore"]
    assert tuple(schema["items"]["enum"]) == diff_options.IGNORABLE

"""The service keeps what its OpenAPI document says, tried by schemathesis with requests made from it."""

from itertools import product
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mergepoint.htmldiff import choice, words
from mergepoint.htmldiff.options import HtmldiffOptions
from tests.servers import ROOT

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CALLS = [
    ("GET", "/htmldiff"),
    ("POST", "/htmldiff"),
    ("POST", "/htmldiff/apply"),
    ("POST", "/htmldiff/annotate"),
    ("GET", "/htmldiff/diff.css"),
    ("GET", "/htmldiff/health"),
]
WITHOUT_OPTIONS = ("/htmldiff/diff.css", "/htmldiff/health")


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (*call, mode)
        for call, mode in product(CALLS, schemathesis.GenerationMode)
        if call[1] not in WITHOUT_OPTIONS or mode.is_positive  # they take nothing that could be wrong
    ],
)
def test_the_service_keeps_its_word(app: Flask, method: str, path: str, mode: schemathesis.GenerationMode) -> None:
    """With what the document allows, and with what it forbids."""
    operation = schemathesis.openapi.from_wsgi("/htmldiff/openapi.json", app)[path][method]
    tried = []

    @settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def keep(case: Any) -> None:
        tried.append(case.call_and_validate(checks=CHECKS).status_code)

    keep()
    assert len(tried) >= 1


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
    """The table of options ends each row with the default."""
    rows = (ROOT / "services/htmldiff/README.md").read_text().partition("### Options")[2].partition("\n\nWords")[0]
    properties = document["components"]["schemas"]["HtmldiffOptions"]["properties"]
    checked = 0
    for row in rows.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        name, default = cells[0].strip("`"), cells[-1].strip("`")
        if name in properties and cells[-1].startswith("`"):
            actual = properties[name]["default"]
            assert default == str(int(actual) if isinstance(actual, bool) else actual), name
            checked += 1
    assert checked > 6


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("view", choice.VIEWS),
        ("markup", choice.MARKUPS),
        ("sanitize", choice.SANITIZE),
        ("granularity", words.GRANULARITIES),
        ("wrapper_element", choice.WRAPPERS),
    ],
)
def test_the_core_and_the_document_know_the_same_values(document: dict[str, Any], option: str, values: tuple) -> None:
    schema = document["components"]["schemas"]["HtmldiffOptions"]["properties"][option]
    assert tuple(schema["enum"]) == tuple(values)


def test_so_they_do_of_what_is_ignored(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["HtmldiffOptions"]["properties"]["ignore"]
    assert tuple(schema["items"]["enum"]) == words.IGNORABLE

"""Checks what a service says of itself, for the tests of each: its OpenAPI document and its README."""

from collections.abc import Collection, Mapping
from itertools import product
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import given
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzzing import repeatable
from tests.servers import ROOT

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
Call = tuple[str, str]


def trials(calls: Collection[Call], without_options: Collection[str]) -> list[tuple[str, str, GenerationMode]]:
    """Each of *calls* with what the document allows and with what it forbids; some take nothing that could be wrong."""
    return [
        (*call, mode)
        for call, mode in product(calls, GenerationMode)
        if call[1] not in without_options or mode.is_positive
    ]


def check_word(app: Flask, method: str, path: str, mode: GenerationMode, *, examples: int = 60) -> None:
    """Call the service with requests that schemathesis makes from its document; it must answer as that says."""
    operation = schemathesis.openapi.from_wsgi(f"/{app.name}/openapi.json", app)[path][method]
    tried = []

    @repeatable(examples)
    @given(case=operation.as_strategy(generation_mode=mode))
    def keep(case: Any) -> None:
        tried.append(case.call_and_validate(checks=CHECKS).status_code)

    keep()
    assert tried


def check_defaults(service: str, properties: Mapping[str, Any]) -> None:
    """Compare the defaults of *properties* with those in the README: each row of its options ends with one."""
    rows = (ROOT / f"services/{service}/README.md").read_text().partition("### Options\n\n")[2].partition("\n\n")[0]
    checked = 0
    for row in rows.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        name, default = cells[0].strip("`"), cells[-1].strip("`")
        if name in properties and cells[-1].startswith("`"):
            actual = properties[name]["default"]
            assert default == str(int(actual) if isinstance(actual, bool) else actual), name
            checked += 1
    assert checked > 5

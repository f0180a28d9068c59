"""A service's OpenAPI 3.1 document, from its routes and pydantic models, and the document as a page to read."""

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask
from pydantic.json_schema import models_json_schema

from ..options import Options, binary_field, content_field, content_fields
from .endpoints import endpoint_name

View = TypeVar("View", bound=Callable[..., Any])
PLACEHOLDER = re.compile(r"<(?:[^:<>]+:)?([^:<>]+)>")
REF = "#/components/schemas/{model}"
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable, for programs"},
        "detail": {"type": "string", "description": "for people"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def describe(
    summary: str,
    model: type[Options] | None = None,
    *,
    produces: Sequence[str],
    path_options: Sequence[str] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Callable[[View], View]:
    """Add a view to the document. *path_options* are fields of *model* that the path holds, and the query does not;
    *status* is that of what it *produces*.
    """

    def mark(view: View) -> View:
        view.operation = (summary, model, produces, path_options, status)  # type: ignore[attr-defined]
        return view

    return mark


def document(app: Flask, name: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of all described views."""
    described = [
        (rule, getattr(app.view_functions[rule.endpoint], "operation"))  # noqa: B009
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], "operation")
    ]
    models = {operation[1] for _, operation in described if operation[1]}
    _, schemas = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda m: m.__name__)],
        ref_template=REF,
    )
    components = schemas.get("$defs", {}) | {"Problem": PROBLEM}
    paths: dict[str, Any] = {}
    for rule, operation in sorted(described, key=lambda item: item[0].rule):
        path = PLACEHOLDER.sub(r"{\1}", rule.rule)
        for method in sorted({"GET", "POST", "DELETE"} & (rule.methods or set())):
            paths.setdefault(path, {})[method.lower()] = _operation(method, rule, operation, components)
    info = {"title": f"Mergepoint {name}", "version": version}
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": ".."}],  # relative to the document, which may be below a prefix of a proxy's
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(method: str, rule: Any, operation: Any, components: dict[str, Any]) -> dict[str, Any]:
    summary, model, produces, path_options, status = operation
    fields = components.get(model.__name__, {}).get("properties", {}) if model else {}
    contents = content_fields(model) if model else {}
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": fields.get(name, {"type": "string"}),
        }
        for name in sorted(rule.arguments)
    ]
    described: dict[str, Any] = {
        "operationId": f"{endpoint_name(rule.endpoint)}_{method.lower()}",
        "summary": summary,
        "responses": {
            str(status.value): {"description": status.phrase, "content": {kind: {} for kind in produces}},
            "default": {
                "description": "Problem (RFC 9457)",
                "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}},
            },
        },
    }
    if model and (method == "GET" or contents):
        left_out = {
            *path_options,
            *rule.arguments,
            *(contents if method == "POST" else ()),
        }
        required = components[model.__name__].get("required", ())
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": schema,
            }
            for name, schema in fields.items()
            if name not in left_out
        ]
    if model and method == "POST":
        described["requestBody"] = {
            "required": True,
            "content": _bodies(model),
        }
    return described | ({"parameters": parameters} if parameters else {})


def _bodies(model: type[Options]) -> dict[str, Any]:
    reference = {"schema": {"$ref": REF.format(model=model.__name__)}}
    raw: dict[str, Any] = {"text/plain": {"schema": {"type": "string"}}} if content_field(model) else {}
    if binary_field(model):
        raw = {"application/octet-stream": {"schema": {}}}  # OpenAPI 3.1: binary, whatever is in it
    form = {"multipart/form-data": reference, "application/x-www-form-urlencoded": reference}
    return raw | {"application/json": reference} | (form if content_fields(model) else {})


def page(document: dict[str, Any]) -> str:
    """Return the document as an HTML page without scripts."""
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><style>'
        ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;"
        "padding:0 1rem}code{font-size:.9em}table{border-collapse:collapse;width:100%}td,th{text-align:left;"
        "vertical-align:top;padding:.25rem .75rem .25rem 0;border-top:1px solid #8884}</style>"
        f"<h1>{title} <small>{escape(document['info']['version'])}</small></h1>"
        '<p>The same for programs: <a href="openapi.json">openapi.json</a></p>' + "".join(_sections(document))
    )


def _sections(document: dict[str, Any]) -> Iterable[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])}</p>"
            rows = "".join(_rows(operation))
            if rows:
                yield f"<table><tr><th>option<th>values<th>default<th>meaning</tr>{rows}</table>"


def _rows(operation: dict[str, Any]) -> Iterable[str]:
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        cells = (
            _values(schema),
            schema.get("default", ""),
            schema.get("description", ""),
        )
        yield f"<tr><td><code>{escape(parameter['name'])}</code>" + "".join(
            f"<td>{escape('' if cell is None else str(cell))}" for cell in cells
        )


def _values(schema: dict[str, Any]) -> str:
    kinds = schema.get("anyOf", [schema])
    return " or ".join(
        ", ".join(map(str, kind["enum"])) if "enum" in kind else str(kind.get("type", ""))
        for kind in kinds
        if kind.get("type") != "null"
    )

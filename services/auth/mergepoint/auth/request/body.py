"""The body of a request, JSON or a form, as a model. It knows no field but that of the CSRF token."""

from typing import Any
from urllib.parse import parse_qsl

from flask import Request, g, request

from mergepoint.kit.options import Model, read_object, validate
from mergepoint.kit.problems import Problem

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 64
CSRF_FIELD = "csrf"


def read_body(model: type[Model]) -> Model:
    """Return the body as a *model*. The query does not count: it would be in logs."""
    return validate(model, body_fields())


def body_fields() -> dict[str, Any]:
    """Return the fields of the body, without the CSRF token; raise Problem if it cannot be read."""
    return {name: value for name, value in _all_fields().items() if name != CSRF_FIELD}


def csrf_field() -> Any:
    """Return the CSRF token of the body; None if it has none. Raise Problem if the body cannot be read."""
    return _all_fields().get(CSRF_FIELD)


def _all_fields() -> dict[str, Any]:
    if "fields" not in g:
        g.fields = _parse(request)
    fields: dict[str, Any] = g.fields
    return fields


def _parse(request: Request) -> dict[str, Any]:
    data = request.get_data()
    if request.mimetype == "application/json":
        return dict(read_object(data, "body", null=True))  # null clears a field
    if data and request.mimetype not in (FORM, ""):
        raise Problem("unsupported_type", f"Content-Type {request.mimetype[:60]!r}: send JSON or a form")
    return _parse_form(data)


def _parse_form(data: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Problem("malformed_body", "send a form in UTF-8") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise Problem.field(name[:60], "given more than once")
        if value:  # a browser also sends the fields that were left empty
            fields[name] = value
    return fields

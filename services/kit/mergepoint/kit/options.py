"""Turns what a caller sent into a service's options model, and what is wrong with it into a Problem.

The models are pydantic's: they are the validation, the OpenAPI document and the command line's flags at once.
"""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .problems import Problem

Model = TypeVar("Model", bound="Options")


class Options(BaseModel):
    """What one call takes. *content* names the field that a raw body, a file or standard input fills."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def content_field(model: type[Options]) -> str | None:
    """Name the field that raw content goes to: the one marked ``json_schema_extra={"content": True}``."""
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("content"):
            return name
    return None


def validate(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Return *values* as a *model*, or raise a Problem that names every bad field and what is allowed."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise problem_of(error, model) from None


def read_text(data: bytes, field: str) -> str:
    """Decode *data* from UTF-8, or say where it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise Problem.field(field, message, code="invalid_encoding") from None


def problem_of(error: ValidationError, model: type[Options]) -> Problem:
    """Translate pydantic's findings, at most 20 of them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[:20]
    errors = [_explain(item["type"], item["loc"], item["msg"], model) for item in found]
    codes = {item.pop("code") for item in errors}
    code = codes.pop() if len(codes) == 1 else "invalid_option"
    return Problem(
        code,
        "; ".join(f"{item['field']}: {item['message']}" for item in errors),
        errors,
    )


def _explain(kind: str, location: tuple[int | str, ...], message: str, model: type[Options]) -> dict[str, str]:
    path = [str(part)[:60] for part in location]
    name = path[-1] if path else "body"
    field = ".".join(path) or "body"
    if kind == "extra_forbidden":
        return {
            "code": "unknown_option",
            "field": field,
            "message": _suggest(name, model),
        }
    if kind == "missing":
        return {"code": "missing_option", "field": field, "message": "is required"}
    text = message.removeprefix("Value error, ")
    return {
        "code": "invalid_option",
        "field": field,
        "message": text[:1].lower() + text[1:],
    }


def _suggest(name: str, model: type[Options]) -> str:
    near = difflib.get_close_matches(name, model.model_fields, n=1, cutoff=0.0)
    return f"there is no such option; the nearest is {near[0]!r}" if near else "there is no such option"

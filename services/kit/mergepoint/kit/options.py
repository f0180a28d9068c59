"""Turns the values that a caller sent into a service's options model, and errors in them into a Problem.

The models are pydantic's: they are the validation, the OpenAPI document and the command line's flags at once.
"""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from .nearest import nearest
from .problems import Problem

Model = TypeVar("Model", bound="Options")
SURROGATE = "not UTF-8: a lone surrogate at offset {start}"


def _from_base64(value: object) -> object:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else value
    except ValueError:
        raise PydanticCustomError("base64", "not base64 (RFC 4648, section 4)") from None


Binary = Annotated[bytes, BeforeValidator(_from_base64)]
"""Content that is no text: bytes as they are where a face has bytes, base64 where it has not (JSON)."""


class Options(BaseModel):
    """The options of one call."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    # By option, its names elsewhere, in small letters and without separators; refusals suggest the option for them.
    synonyms: ClassVar[Mapping[str, str]] = {}

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_encoded(cls, value: object) -> object:
        try:
            if isinstance(value, str):
                value.encode()
            return value
        except UnicodeEncodeError as error:
            raise PydanticCustomError("lone_surrogate", SURROGATE, {"start": error.start}) from None


def content_fields(model: type[Options]) -> dict[str, str | None]:
    """Name the fields that files fill, those marked ``json_schema_extra={"content": True}``, and their media types.

    A media type is what the field's ``contentMediaType`` says (JSON Schema); None: any.
    """
    extras = {name: field.json_schema_extra for name, field in model.model_fields.items()}
    return {
        name: str(kind) if (kind := extra.get("contentMediaType")) else None
        for name, extra in extras.items()
        if isinstance(extra, dict) and extra.get("content")
    }


def content_field(model: type[Options]) -> str | None:
    """Name the field that a raw body fills: the only one of ``content_fields``, if there is one only."""
    contents = list(content_fields(model))
    return contents[0] if len(contents) == 1 else None


def is_binary(model: type[Options], name: str) -> bool:
    """Whether the field *name* is Binary, and so is never read as text."""
    return model.model_fields[name].annotation is bytes


def binary_field(model: type[Options]) -> str | None:
    """Name the field that a raw body fills as it is, if there is such a one."""
    content = content_field(model)
    return content if content and is_binary(model, content) else None


def read_content(model: type[Options], name: str, data: bytes) -> str | bytes:
    """Return *data* as the field *name* takes it: bytes, or text."""
    return data if is_binary(model, name) else read_text(data, name)


def validate(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Return *values* as a *model*, or raise a Problem that names every bad field and what is allowed."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise problem_of(error, model) from None


def read_text(data: bytes, field: str) -> str:
    """Decode *data* from UTF-8; raise a Problem that names *field* and the first wrong byte."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise Problem.field(field, message, code="invalid_encoding") from None


def read_object(data: bytes, field: str, *, null: bool = False) -> dict[str, Any]:
    """Return the JSON object in *data*, or raise a Problem that says why it is none. A name may stand once.

    A value of null counts as not given, as in a query; with *null* it is kept, for calls in which it clears something.
    """
    try:
        value = json.loads(read_text(data, field), object_pairs_hook=partial(_once, null=null))
    except (ValueError, RecursionError) as error:
        raise Problem("malformed_body", f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Problem("malformed_body", "a JSON object is expected")
    return value


def _once(pairs: list[tuple[str, Any]], *, null: bool) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise Problem.field(name[:60], "given more than once")
    return values if null else {name: value for name, value in pairs if value is not None}


def unknown_options(names: Iterable[str], model: type[Options]) -> Problem:
    """Return a Problem that names options which *model* has not, at most 20, each with the nearest it has."""
    errors = [{"field": name[:60], "message": _suggest(name[:60], model)} for name in [*dict.fromkeys(names)][:20]]
    return Problem("unknown_option", _in_one(errors), errors)


def problem_of(error: ValidationError, model: type[Options]) -> Problem:
    """Translate pydantic's findings, at most 20 of them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[:20]
    errors = [_explain(item["type"], item["loc"], item["msg"], model) for item in found]
    codes = {item.pop("code") for item in errors}
    code = codes.pop() if len(codes) == 1 else "invalid_option"
    return Problem(code, _in_one(errors), errors)


def _in_one(errors: Iterable[Mapping[str, str]]) -> str:
    return "; ".join(f"{item['field']}: {item['message']}" for item in errors)


def _explain(kind: str, location: tuple[int | str, ...], message: str, model: type[Options]) -> dict[str, str]:
    path = [str(part)[:60] for part in location]
    name = path[-1] if path else "body"
    field = ".".join(path) or "body"
    if kind == "extra_forbidden":
        return {
            "code": "unknown_option",
            "field": field,
            "message": _suggest(name, _model_at(model, location)),
        }
    if kind in ("lone_surrogate", "string_unicode"):
        return {"code": "invalid_encoding", "field": field, "message": message}
    if kind == "missing":
        return {"code": "missing_option", "field": field, "message": "is required"}
    text = message.removeprefix("Value error, ")
    return {
        "code": "invalid_option",
        "field": field,
        "message": text[:1].lower() + text[1:],
    }


def _model_at(model: type[Options], location: tuple[int | str, ...]) -> type[Options]:
    """Return the model at *location* within *model*: options within options have their own names."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        for kind in get_args(field.annotation) if field else ():
            if isinstance(kind, type) and issubclass(kind, Options):
                model = kind
    return model


def _suggest(name: str, model: type[Options]) -> str:
    word = _plain(name)
    words = {option: [_plain(option), *model.synonyms.get(option, "").split()] for option in model.model_fields}
    called = [option for option, names in words.items() if word in names]
    near = called[0] if called else nearest(name, model.model_fields)
    return f"there is no such option; the nearest is {near!r}" if near else "there is no such option"


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")

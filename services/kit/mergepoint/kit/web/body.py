"""Reads a request's options from wherever HTTP lets them stand: query, JSON, a form, or a raw body.

Nothing is replaced or guessed: bytes that are not UTF-8 and options that are given twice are refused.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from ..options import (
    Model,
    Options,
    binary_field,
    content_field,
    content_fields,
    read_content,
    read_object,
    read_text,
    unknown_options,
    validate,
)
from ..problems import Problem
from . import forms
from .forms import MOST_FIELDS, Part
from .media import FORM, JSON, MULTIPART, check_charset, check_type, is_text


def read_options(model: type[Model], request: Request, **known: str) -> Model:
    """Return the request as a *model*. *known* comes from the path and may not be given again."""
    contents = content_fields(model)
    values: dict[str, Any] = dict(known)
    query = _query(request)
    _add(values, _decode(model, query, read_text))
    if request.method not in ("GET", "HEAD"):
        given = not contents.keys().isdisjoint(values)
        _add(values, _body(request, model, alone=not query, given=given))
    return validate(model, values)


def _query(request: Request) -> list[tuple[str, bytes]]:
    query = request.environ.get("QUERY_STRING", "")
    try:  # WSGI shows bytes as Latin-1 (PEP 3333), and as such they come back whole
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Problem("invalid_option", f"the query has more than {MOST_FIELDS} fields") from None
    return [(read_text(key.encode("latin-1"), "query"), value.encode("latin-1")) for key, value in pairs]


def _decode(
    model: type[Options], pairs: Iterable[tuple[str, bytes]], read: Callable[[bytes, str], str | bytes]
) -> Iterable[tuple[str, str | bytes]]:
    """Yield options with their values; *read* decodes contents."""
    contents = content_fields(model)
    for name, value in pairs:
        if name in contents:
            yield name, read(value, name)
        elif name not in model.model_fields and value:  # refused by its name, whatever it holds
            yield name, ""
        elif value:  # a form sends the fields that were left empty too
            yield name, read_text(value, name)


def _body(request: Request, model: type[Options], *, alone: bool, given: bool) -> Iterable[tuple[str, Any]]:
    """Yield the options in the body. *alone*: the query has no option; *given*: it has a content."""
    kind, content, binary = request.mimetype, content_field(model), binary_field(model)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise Problem(
            "unsupported_type",
            f"Content-Encoding {encoding[:40]!r}: send the body as it is",
        )
    if not binary:
        check_charset(request.mimetype_params)
    data = _read(request)
    if kind == JSON:
        return read_object(data, "body").items()
    if kind == MULTIPART:
        return _form(forms.multipart(data, request.mimetype_params), model)
    if kind == FORM and _is_form(data, model, alone=alone):
        return _form(forms.urlencoded(data), model)
    if given and not data:
        return []
    if content and (binary or is_text(kind)):  # a picture may be called anything: what it is, its first bytes say
        return [(content, read_content(model, content, data))]
    allowed = f"{JSON}, {MULTIPART} or {FORM}" if content_fields(model) else JSON
    allowed = f"text, {allowed}" if content else allowed
    raise Problem("unsupported_type", f"Content-Type {kind[:60]!r}: send {allowed}")


def _is_form(data: bytes, model: type[Options], *, alone: bool) -> bool:
    """Whether a body that is declared urlencoded is a form: where a raw body has no meaning, always."""
    if content := content_field(model):
        return alone and forms.is_plainly_urlencoded(data, model.model_fields, content)
    return bool(content_fields(model))


def _read(request: Request) -> bytes:
    most = request.max_content_length
    try:
        data = request.get_data(cache=False)
        if len(data) == most and request.content_length is None and request.environ["wsgi.input"].read(1):
            raise RequestEntityTooLarge  # Werkzeug cuts a chunked body off
    except RequestEntityTooLarge:
        raise Problem("body_too_large", f"the body has more than {most} bytes") from None
    return data


def _form(parts: Sequence[Part], model: type[Options]) -> Iterable[tuple[str, Any]]:
    """Yield the options of a form. An unknown one is named before any value is looked at: it may be the file."""
    contents = content_fields(model)
    sent = [part for part in parts if part.value or part.filename or part.name in contents]
    if unknown := [part.name for part in sent if part.name not in model.model_fields]:
        raise unknown_options(unknown, model)
    for part in parts:
        if part.name in contents:
            check_type(part.name, part.kind, contents[part.name])
    pairs = ((part.name, part.value) for part in parts)
    yield from _decode(model, pairs, lambda value, name: read_content(model, name, value))
    if "filename" in model.model_fields:
        yield from (("filename", part.filename) for part in parts if part.filename and part.name in contents)


def _add(values: dict[str, Any], pairs: Iterable[tuple[str, Any]]) -> None:
    for name, value in pairs:
        if name in values and name != "filename":
            raise Problem.field(name[:60], "given more than once")
        values.setdefault(name, value)

"""Reads a request's options from wherever HTTP lets them stand: query, JSON, multipart form, or a raw body.

Nothing is replaced or guessed: bytes that are not UTF-8 and options that stand twice are refused.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from .options import (
    Model,
    Options,
    binary_field,
    content_field,
    content_fields,
    read_content,
    read_object,
    read_text,
    validate,
)
from .problems import Problem

RAW = ("", "application/octet-stream", "application/x-www-form-urlencoded")
CHARSETS = ("", "utf-8", "utf8", "us-ascii")
MOST_FIELDS = 64


def read_options(model: type[Model], request: Request, **known: str) -> Model:
    """Return the request as a *model*. *known* comes from the path and may not be given again."""
    contents = content_fields(model)
    values: dict[str, Any] = dict(known)
    _add(values, _query(request, contents))
    if request.method not in ("GET", "HEAD"):
        _add(values, _body(request, model, given=not contents.keys().isdisjoint(values)))
    return validate(model, values)


def _query(request: Request, contents: Container[str]) -> Iterable[tuple[str, str]]:
    query = request.environ.get("QUERY_STRING", "")
    try:  # WSGI shows bytes as Latin-1 (PEP 3333), and as such they come back whole
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Problem("invalid_option", f"the query has more than {MOST_FIELDS} fields") from None
    for key, value in pairs:
        name = read_text(key.encode("latin-1"), "query")
        if value or name in contents:  # a form sends the fields that were left empty too
            yield name, read_text(value.encode("latin-1"), name)


def _body(request: Request, model: type[Options], *, given: bool) -> Iterable[tuple[str, Any]]:
    kind, content, binary = request.mimetype, content_field(model), binary_field(model)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise Problem(
            "unsupported_type",
            f"Content-Encoding {encoding[:40]!r}: send the body as it is",
        )
    if not binary:
        _check_charset(request.mimetype_params)
    data = _read(request)
    if kind == "application/json":
        return read_object(data, "body").items()
    if kind == "multipart/form-data":
        return _form(request, data, model)
    if binary:  # whatever it is called: what it is, its first bytes say
        return [] if given and not data else [(binary, data)]
    if content and (kind in RAW or kind.startswith("text/")):
        return [] if given and not data else [(content, read_text(data, content))]
    if given and not data:
        return []
    allowed = "application/json or multipart/form-data" if content_fields(model) else "application/json"
    allowed = f"text, {allowed}" if content else allowed
    raise Problem("unsupported_type", f"Content-Type {kind[:60]!r}: send {allowed}")


def _check_charset(parameters: Mapping[str, str], what: str = "") -> None:
    charset = parameters.get("charset", "").lower()
    if charset not in CHARSETS:
        raise Problem("unsupported_type", f"{what}charset {charset[:40]!r}: send UTF-8")


def _read(request: Request) -> bytes:
    most = request.max_content_length
    try:
        data = request.get_data(cache=False)
        if len(data) == most and request.content_length is None and request.environ["wsgi.input"].read(1):
            raise RequestEntityTooLarge  # Werkzeug cuts a chunked body off
    except RequestEntityTooLarge:
        raise Problem("body_too_large", f"the body has more than {most} bytes") from None
    return data


def _form(request: Request, data: bytes, model: type[Options]) -> Iterable[tuple[str, Any]]:
    contents = content_fields(model)
    for name, filename, kind, value in _parts(request, data):
        if name in contents:
            check_type(name, kind, contents[name])
        if value or name in contents:
            yield name, read_content(model, name, value) if name in contents else read_text(value, name)
        if filename and name in contents and "filename" in model.model_fields:
            yield "filename", filename


def check_type(name: str, kind: str, wanted: str | None) -> None:
    """Refuse what says by its type, *kind*, that it is something else than *wanted*; *name* is the field to blame."""
    if not wanted:
        return
    media, parameters = parse_options_header(kind)
    if media.lower() not in ("", "text/plain", "application/octet-stream", wanted):
        raise Problem("unsupported_type", f"{name}: Content-Type {media[:60]!r}: send {wanted}")
    _check_charset(parameters, f"{name}: ")


def _parts(request: Request, data: bytes) -> Iterable[tuple[str, str | None, str, bytes]]:
    """Yield (name, file name, type, value). Werkzeug's own form would replace what is not UTF-8."""
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "replace")
    try:
        decoder = MultipartDecoder(boundary, max_parts=MOST_FIELDS)
        decoder.receive_data(data)
        decoder.receive_data(None)
        name, filename, kind, value = "", None, "", b""
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, Field | File):
                name, value = event.name or "", b""
                filename = event.filename if isinstance(event, File) else None
                kind = event.headers.get("Content-Type", "")
            elif isinstance(event, Data):
                value += event.data
                if not event.more_data:
                    yield name, filename, kind, value
    except (ValueError, RequestEntityTooLarge) as error:
        raise Problem("malformed_body", f"not a multipart form: {error}") from None


def _add(values: dict[str, Any], pairs: Iterable[tuple[str, Any]]) -> None:
    for name, value in pairs:
        if name in values and name != "filename":
            raise Problem.field(name[:60], "given more than once")
        values.setdefault(name, value)

"""Texts and options in UTF-8, ready to be sent. The service validates options, not this client."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .errors import InvalidRequest


def utf8(text: str | bytes, field: str, server: str) -> bytes:
    """Return *text* in UTF-8; bytes are taken as they are. Raises InvalidRequest for a lone surrogate, which
    UTF-8 cannot express.
    """
    if not isinstance(text, str):
        return bytes(memoryview(text))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        why = f"lone surrogate at character {error.start}"
        found = {"field": field, "message": why}
        raise InvalidRequest(f"{server}: {field}: {why}", code="invalid_encoding", errors=[found]) from None


def query(options: Mapping[str, Any], server: str) -> str:
    """Return *options*, without those that are None, as a query with its question mark; empty without options."""
    given = {name: utf8(_plain(value), name, server) for name, value in options.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def json_body(values: Mapping[str, Any]) -> bytes:
    """Return *values* as JSON in UTF-8, with as few escapes as possible."""
    return json.dumps(values, ensure_ascii=False).encode()


def fields(values: Mapping[str, Any], server: str, within: str = "") -> dict[str, str]:
    """Return *values* as strings for JSON. *within* is the path of their object, for errors: ``items.0.``"""
    encoded = {}
    for name, value in values.items():
        if value is not None:
            field = f"{within}{name}"
            text = value.decode(errors="surrogateescape") if isinstance(value, bytes) else _plain(value)
            encoded[name] = utf8(text, field, server).decode()
    return encoded


def _plain(value: Any) -> str:
    """Return an option as in a query: True is 1, a list is separated by commas, range(3, 6) is 3-5."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Mapping):
        return ",".join(f"{kind}:{_plain(lines)}" for kind, lines in value.items())
    if isinstance(value, range) and value.step == 1 and value:
        return f"{value[0]}-{value[-1]}"
    if isinstance(value, set | frozenset):
        value = sorted(value)
    return ",".join(filter(None, map(_plain, value))) if isinstance(value, list | tuple | range) else str(value)

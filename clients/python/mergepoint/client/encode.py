"""What is sent: texts and options in UTF-8. Options are passed on as given: the service validates them."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .errors import InvalidRequest


def utf8(text: str | bytes, field: str, server: str) -> bytes:
    """Return *text* in UTF-8; bytes are taken as they are. A lone surrogate is refused: UTF-8 has none."""
    if not isinstance(text, str):
        return bytes(memoryview(text))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        why = f"lone surrogate at character {error.start}"
        found = {"field": field, "message": why}
        raise InvalidRequest(f"{server}: {field}: {why}", code="invalid_encoding", errors=[found]) from None


def query(options: Mapping[str, Any], server: str) -> str:
    given = {name: utf8(_plain(value), name, server) for name, value in options.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def json_body(values: Mapping[str, Any]) -> bytes:
    """Return *values* as JSON in UTF-8, which escapes hardly anything."""
    return json.dumps(values, ensure_ascii=False).encode()


def fields(values: Mapping[str, Any], server: str, within: str = "") -> dict[str, str]:
    """Return *values* for JSON, which unlike a raw body must hold text; *within* is where they stand: ``items.0.``"""
    made = {}
    for name, value in values.items():
        if value is not None:
            field = f"{within}{name}"
            text = value.decode(errors="surrogateescape") if isinstance(value, bytes) else _plain(value)
            made[name] = utf8(text, field, server).decode()
    return made


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

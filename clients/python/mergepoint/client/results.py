"""What a call returns: the text itself, which also knows what the service said about it."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from .wire import Answer


class _About:
    language: str | None = None
    """The language used: its first alias."""
    plaintext: bool = False
    """The text was passed through unhighlighted."""
    degraded: str | None = None
    """Why this is less than was asked for: ``"deadline"``."""
    cached: bool = False
    """nginx knew the answer already."""
    type: str = ""
    """The content type."""
    request_id: str | None = None


class Highlighted(_About, str):
    """Highlighted code: a ``str``, ready for a page."""


class HighlightedImage(_About, bytes):
    """Highlighted code as a PNG."""


def highlighted(answer: Answer) -> Highlighted | HighlightedImage:
    """Return the body as what its content type says. Raises ValueError if it is not."""
    headers = answer.headers
    result = _typed(answer.body, headers.get("Content-Type", ""), answer)
    result.language = headers.get("Mergepoint-Language")
    result.plaintext = headers.get("Mergepoint-Plaintext") == "1"
    result.degraded = headers.get("Mergepoint-Degraded")
    return result


def batched(item: Mapping[str, Any], answer: Answer) -> Highlighted | HighlightedImage:
    """Return one result of a batch, as `highlighted` would. Raises LookupError, TypeError or ValueError."""
    body = item["body"]
    data = base64.b64decode(body, validate=True) if item.get("encoding") == "base64" else body.encode()
    result = _typed(data, item["type"], answer)
    result.language, result.plaintext, result.degraded = item["language"], item["plaintext"], item["degraded"]
    return result


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*, or an empty one if there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _typed(body: bytes, type: str, answer: Answer) -> Highlighted | HighlightedImage:
    result = HighlightedImage(body) if type.startswith("image/png") else Highlighted(body, "utf-8")
    result.type, result.cached, result.request_id = type, answer.cached, answer.request_id
    return result

"""What a call returns: the text itself, which also knows what the service said about it."""

import base64
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from .wire import Answer


class _About:
    degraded: str | None = None
    """Why this is less than was asked for: ``"deadline"``."""
    cached: bool = False
    """nginx knew the answer already."""
    type: str = ""
    """The content type."""
    request_id: str | None = None


class _AboutCode(_About):
    language: str | None = None
    """The language used: its first alias."""
    plaintext: bool = False
    """The text was passed through unhighlighted."""


class Highlighted(_AboutCode, str):
    """Highlighted code: a ``str``, ready for a page."""


class HighlightedImage(_AboutCode, bytes):
    """Highlighted code as a PNG."""


class Diff(_About, str):
    """What changed between two documents: a ``str``, HTML."""

    changes: list[dict[str, Any]]
    """``id``, ``kind``, ``path``, ``old`` and ``new`` of each."""
    counts: dict[str, int]
    """How many changes there are of each kind."""
    granularity: str
    """What changes as one at most: coarser than asked for if this is degraded."""


class Annotated(_About, str):
    """A document that says where its parts came from: a ``str``, HTML."""

    parts: list[dict[str, str]]
    """``label`` and ``text`` of each, in order."""
    granularity: str


Compared = TypeVar("Compared", Diff, Annotated)


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


def compared(answer: Answer) -> Diff:
    """Return the HTML in the JSON of *answer*. Raises LookupError or TypeError if there is none."""
    told = json_object(answer.body)
    result = Diff(_html(told))
    result.changes, result.counts = list(told["changes"]), dict(told["counts"])
    return _complete(result, told, answer)


def annotated(answer: Answer) -> Annotated:
    """As `compared`, of versions."""
    told = json_object(answer.body)
    result = Annotated(_html(told))
    result.parts = list(told["parts"])
    return _complete(result, told, answer)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*, or an empty one if there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _html(told: Mapping[str, Any]) -> str:
    if not isinstance(told["html"], str):
        raise TypeError("html is no text")
    return told["html"]


def _complete(result: Compared, told: Mapping[str, Any], answer: Answer) -> Compared:
    result.granularity, result.degraded = told["granularity"], told["degraded"]
    result.type, result.cached, result.request_id = "text/html; charset=utf-8", answer.cached, answer.request_id
    return result


def _typed(body: bytes, type: str, answer: Answer) -> Highlighted | HighlightedImage:
    result = HighlightedImage(body) if type.startswith("image/png") else Highlighted(body, "utf-8")
    result.type, result.cached, result.request_id = type, answer.cached, answer.request_id
    return result

"""Results of calls: strings and bytes, with what the service said about them as attributes."""

import base64
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from .server import Answer


class _About:
    degraded: str | None = None
    """``"deadline"`` if this is less than was asked for, because the time was over; else None."""
    cached: bool = False
    """Whether the answer came from nginx's cache."""
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


class HtmlResult(_About, str):
    """HTML made of other HTML: a ``str``."""

    granularity: str
    """The smallest unit that was compared: coarser than asked for if this is degraded."""


class Diff(HtmlResult):
    """What changed between two documents: a ``str``, HTML."""

    changes: list[dict[str, Any]]
    """``id``, ``kind``, ``path``, ``old`` and ``new`` of each."""
    counts: dict[str, int]
    """How many changes there are of each kind."""


class Annotated(HtmlResult):
    """A document whose parts are marked with the version that they came from: a ``str``, HTML."""

    parts: list[dict[str, str]]
    """``label`` and ``text`` of each, in order."""


Html = TypeVar("Html", bound=HtmlResult)


def read_highlighted(answer: Answer) -> Highlighted | HighlightedImage:
    """Return the body as text or picture, by its content type. Raises ValueError if it is not that."""
    headers = answer.headers
    result = _with_type(answer.body, headers.get("Content-Type", ""), answer)
    result.language = headers.get("Mergepoint-Language")
    result.plaintext = headers.get("Mergepoint-Plaintext") == "1"
    result.degraded = headers.get("Mergepoint-Degraded")
    return result


def read_batch_item(item: Mapping[str, Any], answer: Answer) -> Highlighted | HighlightedImage:
    """Return one result of a batch, as `read_highlighted` would. Raises LookupError, TypeError or ValueError."""
    body = item["body"]
    data = base64.b64decode(body, validate=True) if item.get("encoding") == "base64" else body.encode()
    result = _with_type(data, item["type"], answer)
    result.language, result.plaintext, result.degraded = item["language"], item["plaintext"], item["degraded"]
    return result


def read_diff(answer: Answer) -> Diff:
    """Return the HTML in the JSON of *answer*. Raises LookupError or TypeError if there is none."""
    parsed = json_object(answer.body)
    result = Diff(_html(parsed))
    result.changes, result.counts = list(parsed["changes"]), dict(parsed["counts"])
    return _complete(result, parsed, answer)


def read_annotated(answer: Answer) -> Annotated:
    """Return the HTML in the JSON of *answer*. Raises LookupError or TypeError if there is none."""
    parsed = json_object(answer.body)
    result = Annotated(_html(parsed))
    result.parts = list(parsed["parts"])
    return _complete(result, parsed, answer)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*, or an empty one if there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _html(parsed: Mapping[str, Any]) -> str:
    if not isinstance(parsed["html"], str):
        raise TypeError("html is not a string")
    return parsed["html"]


def _complete(result: Html, parsed: Mapping[str, Any], answer: Answer) -> Html:
    result.granularity, result.degraded = parsed["granularity"], parsed["degraded"]
    result.type, result.cached, result.request_id = "text/html; charset=utf-8", answer.cached, answer.request_id
    return result


def _with_type(body: bytes, type: str, answer: Answer) -> Highlighted | HighlightedImage:
    result = HighlightedImage(body) if type.startswith("image/png") else Highlighted(body, "utf-8")
    result.type, result.cached, result.request_id = type, answer.cached, answer.request_id
    return result

"""Errors in the shape that every face gives them: the members of RFC 9457 problem details, without HTTP.

A core raises its own exceptions, each with a ``code`` and, where one option is to blame, a ``field``. Here they
become a ``Problem``, which travels as JSON through the sandbox's sockets and over HTTP alike.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

# The HTTP status of each code. A service adds its own codes; any other code is 422.
STATUS = {
    "bad_request": 400,
    "invalid_encoding": 400,
    "malformed_body": 400,
    "malformed_data": 400,
    "not_found": 404,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "unsupported_type": 415,
    "rate_limited": 429,
    "internal_error": 500,
    "overloaded": 503,
    "unavailable": 503,
}
TITLES = {
    413: "Content Too Large",
    422: "Unprocessable Content",
}  # RFC 9110's names, newer than Python 3.11's


INTERNAL_ERROR = "internal error; quote the request_id when reporting it"


class Problem(Exception):
    """A refusal that a caller can act on: a stable *code*, a sentence, and which fields are to blame."""

    def __init__(self, code: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = [dict(error) for error in errors]

    @classmethod
    def of(cls, error: Exception) -> "Problem":
        """Make a problem of a core's exception, which names its ``code`` and perhaps its ``field``."""
        field = getattr(error, "field", None)
        errors = [{"field": field, "message": str(error)}] if field else []
        return cls(error.code, str(error), errors)  # type: ignore[attr-defined]

    @classmethod
    def field(cls, field: str, message: str, *, code: str = "invalid_option") -> "Problem":
        """One field is to blame."""
        return cls(code, f"{field}: {message}", [{"field": field, "message": message}])

    def as_dict(self) -> dict[str, Any]:
        document: dict[str, Any] = {"code": self.code, "detail": self.detail}
        return document | ({"errors": self.errors} if self.errors else {})


def document(problem: Problem, status: Mapping[str, int], **more: str) -> dict[str, Any]:
    """Return the ``application/problem+json`` object; *status* knows the codes, *more* is added as it is."""
    number = status.get(problem.code, 422)
    title = TITLES.get(number) or HTTPStatus(number).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": number,
        **problem.as_dict(),
        **more,
    }

"""Everything a call can raise: one tree, so that ``except Error`` is enough.

A message begins with the server's name. Errors can be pickled, since job queues keep them.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any


class Error(Exception):
    """A call without a usable answer. *code* is the service's, or else the class's name in snake_case."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        errors: Iterable[Mapping[str, Any]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or re.sub(r"\B(?=[A-Z])", "_", type(self).__name__).lower()
        self.status = status
        self.request_id = request_id
        self.errors = [dict(error) for error in errors]
        self.retry_after = retry_after


class ConnectionFailed(Error):
    """The server could not be reached, or the connection broke before the answer was complete."""


class Timeout(ConnectionFailed):
    """No connection, or no complete answer, in time."""


class InvalidResponse(Error):
    """The answer is not one of Mergepoint's: a redirect, broken JSON, or not HTTP."""


class ResponseTooLarge(InvalidResponse):
    """The answer is longer than *max_response_bytes*; the rest of it was not read."""


class ApiError(Error):
    """The service refused the call. *errors* names the options that are wrong."""


class InvalidRequest(ApiError):
    """The request cannot be answered as it is (4xx)."""


class UnknownLanguage(InvalidRequest):
    """No language has that name; the message gives the nearest one."""


class BodyTooLarge(InvalidRequest):
    """The text is longer than the service accepts."""


class NotFound(InvalidRequest):
    """There is nothing by that name, such as a style sheet."""


class Unauthorized(InvalidRequest):
    """The API key is missing or wrong."""


class Forbidden(InvalidRequest):
    """The API key is known, but may not do this."""


class RateLimited(ApiError):
    """Too many requests, still after the retries; *retry_after* is in seconds."""


class ServerError(ApiError):
    """The fault is not in the request (5xx)."""


class Unavailable(ServerError):
    """Overloaded or down, still after the retries; *retry_after* is in seconds."""


_BY_CODE = {"unknown_language": UnknownLanguage}
_BY_STATUS = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    413: BodyTooLarge,
    429: RateLimited,
    503: Unavailable,
}


def api_error(problem: Mapping[str, Any], *, server: str, status: int, **about: Any) -> ApiError:
    """Return the error that *problem* (RFC 9457) describes; a code unknown here gives the class of its *status*.

    *problem* is unchecked: it is whatever the server sent.
    """
    known = {name: value for name, value in problem.items() if isinstance(value, str)}
    code, errors = known.get("code"), problem.get("errors")
    by_status = _BY_STATUS.get(status, ServerError if status >= 500 else InvalidRequest)
    detail = known.get("detail") or known.get("title") or "an error without an explanation"
    return _BY_CODE.get(code or "", by_status)(
        f"{server}: {detail[:1000]} ({status}{f' {code}' if code else ''})",
        code=code,
        status=status,
        errors=[error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else (),
        **about,
    )

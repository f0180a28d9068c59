"""The HTTP status of each error code."""

from mergepoint.kit import problems

from ..errors import AuthError

STATUS = {
    "invalid_login": 401,
    "login_required": 401,
    "invalid_credential": 401,
    "forbidden": 403,
    "identity_refused": 403,
    "never_later": 403,
    "other_site": 403,
    "scope_missing": 403,
    "already_taken": 409,
    "invalid_token": 403,
}


def status_of(error: AuthError) -> int:
    """Return the HTTP status of *error*; 422 where its code has none of its own."""
    return {**problems.STATUS, **STATUS}.get(error.code, 422)

"""Refusals, in words for callers: every exception has a ``code``, and ``Invalid`` the ``field`` that is wrong."""


class AuthError(ValueError):
    """A refusal; each kind has a ``code`` of its own."""

    code = "refused"


class InvalidLogin(AuthError):
    """The account is unknown, the password wrong, or too many attempts were made; which of these, is not said."""

    code = "invalid_login"

    def __init__(self) -> None:
        super().__init__("name or password is wrong, or too many were tried; wait a moment and try again")


class LoginRequired(AuthError):
    """Nobody is logged in, or the credential is no longer valid."""

    code = "login_required"

    def __init__(self, message: str = "log in, or send an API key as a bearer token") -> None:
        super().__init__(message)


class InvalidCredential(AuthError):
    """The bearer token is malformed, unknown, expired or revoked."""

    code = "invalid_credential"

    def __init__(self) -> None:
        super().__init__("this key or token is not valid, or no longer; create a new one, or log in again")


class Forbidden(AuthError):
    """The caller is known, but may not do this."""

    code = "forbidden"


class IdentityRefused(Forbidden):
    """Whoever asked for a job may no longer do what it does. The message is for the log."""

    code = "identity_refused"


class NeverLater(Forbidden):
    """What is for administrators does not become a job."""

    code = "never_later"

    def __init__(self) -> None:
        super().__init__("what is for administrators does not run later")


class ScopeMissing(Forbidden):
    """A key whose scopes do not allow jobs."""

    code = "scope_missing"

    def __init__(self) -> None:
        super().__init__("this key lacks the scope 'jobs'")


class OtherSite(Forbidden):
    """A page of another site would use a session."""

    code = "other_site"

    def __init__(self) -> None:
        super().__init__("this was sent by another site; send it from a page of this site")


class RateExceeded(AuthError):
    """A key was used more often than its rate allows; *retry_after* is in seconds."""

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        super().__init__("this key is used more often than its rate allows; wait as long as Retry-After says")
        self.retry_after = retry_after


class Overloaded(AuthError):
    """Too many passwords wait to be checked, or too many people log in at once."""

    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("too many people log in right now; try again in a second")


class StoreUnavailable(AuthError):
    """The database cannot be reached or has failed; nothing was changed."""

    code = "unavailable"

    def __init__(self) -> None:
        super().__init__("accounts cannot be read or changed right now; try again later")


class NotFound(AuthError, LookupError):
    """It does not exist, or belongs to another user."""

    code = "not_found"


class Invalid(AuthError):
    """The value of *field* is wrong."""

    code = "invalid_option"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Taken(Invalid):
    """Another user has this name or address."""

    code = "already_taken"


class InvalidToken(AuthError):
    """A link, a handover or a form was forged, used before, or is too old."""

    code = "invalid_token"

    def __init__(self, message: str = "this is not valid, is too old, or was used before; ask for a new one") -> None:
        super().__init__(message)


class CookieMissing(InvalidToken):
    """The browser did not send back the cookie that came with a form."""

    def __init__(self) -> None:
        super().__init__(
            "your browser did not send back the cookie that this page sets, and nobody stays logged in without one; "
            "allow cookies for this site and try again"
        )


class FormTooOld(InvalidToken):
    """The form is of another session or site, or more than twelve hours old."""

    def __init__(self) -> None:
        super().__init__("this form is too old, or from elsewhere; load the page again")

"""What can be wrong, in the words of callers: every exception has a ``code``, some the ``field`` to blame."""


class AuthError(ValueError):
    """A refusal; each kind has a ``code`` of its own."""

    code = "refused"


class InvalidLogin(AuthError):
    """Unknown account, wrong password, throttled: nobody is told which."""

    code = "invalid_login"

    def __init__(self) -> None:
        super().__init__("name or password is wrong, or too many were tried; wait a moment and try again")


class LoginRequired(AuthError):
    """Nobody is logged in, or the credential is no longer good."""

    code = "login_required"

    def __init__(self, message: str = "log in, or send an API key as a bearer token") -> None:
        super().__init__(message)


class InvalidCredential(AuthError):
    """A bearer token that is none, is expired, or was revoked."""

    code = "invalid_credential"

    def __init__(self) -> None:
        super().__init__("this key or token is not valid, or no longer")


class Forbidden(AuthError):
    """Somebody is logged in, but may not do that."""

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
        super().__init__("this key is used more often than its rate allows")
        self.retry_after = retry_after


class Overloaded(AuthError):
    """Too many passwords to check; try again in a second."""

    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("too many people log in right now; try again in a second")


class StoreUnavailable(AuthError):
    """The database does not do what it is asked for; nothing was changed."""

    code = "unavailable"

    def __init__(self) -> None:
        super().__init__("accounts cannot be read or changed right now; try again later")


class NotFound(AuthError, LookupError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"


class Invalid(AuthError):
    """One field is to blame."""

    code = "invalid_option"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Taken(Invalid):
    """A name or an address that somebody has already."""

    code = "already_taken"


class InvalidToken(AuthError):
    """A link, a handover or a form that was forged, was used already, or is too old."""

    code = "invalid_token"

    def __init__(self, message: str = "this is not valid, no longer, or was used already") -> None:
        super().__init__(message)


class CookieMissing(InvalidToken):
    """The browser did not send back the cookie that came with a form."""

    def __init__(self) -> None:
        super().__init__(
            "your browser did not send back the cookie that this page sets, and nobody stays logged in without one; "
            "allow cookies for this site and try again"
        )


class FormTooOld(InvalidToken):
    """A form of another session, or of half a day ago, or of another site."""

    def __init__(self) -> None:
        super().__init__("this form is too old, or from elsewhere; load the page again")

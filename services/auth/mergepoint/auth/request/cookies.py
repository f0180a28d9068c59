"""Our cookies: the session's, that of forms without a session, and short-lived ones of logins at providers."""

from flask import Response, g, request

from .context import cookie_name, settings

FORM_COOKIE = "-form"  # binds a form to a browser that has no session
FORM_SECONDS = 12 * 3600


def has_cookie() -> bool:
    """Whether the browser has sent a cookie that one of our pages sets."""
    return any(request.cookies.get(cookie_name(suffix)) for suffix in ("", FORM_COOKIE))


def set_session_cookie(response: Response, token: str | None) -> None:
    """Give the browser the *token* of its session; with None, remove the cookie."""
    set_cookie(response, "", token, settings().session_lifetime)


def set_cookie(response: Response, suffix: str, value: str | None, seconds: int = 0) -> None:
    """Set our cookie with this *suffix* for some *seconds*; with None as its value, remove it."""
    response.set_cookie(
        cookie_name(suffix),
        value or "",
        max_age=seconds if value else 0,
        path="/",
        secure=settings().secure,
        httponly=True,
        samesite="Lax",
    )


def finish(response: Response) -> Response:
    """Set the cookie of a form that was shown; remove that of a session which is over; forbid caching."""
    if "form_cookie" in g:
        set_cookie(response, FORM_COOKIE, g.form_cookie, FORM_SECONDS)
    stale = request.cookies.get(cookie_name()) and g.get("session", False) is None
    if stale and not any(value.startswith(f"{cookie_name()}=") for value in response.headers.getlist("Set-Cookie")):
        set_session_cookie(response, None)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Vary", "Accept, Authorization, Cookie, Origin")
    return response

"""Refuses requests that another site made a browser send (CSRF): by ``Sec-Fetch-Site``, by ``Origin``, and by a token.

A view says by ``rule`` what differs for it; this knows no view by its name.
"""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, g, request

from ..errors import CookieMissing, Forbidden, FormTooOld, InvalidToken
from ..storage.hashing import digest
from .body import csrf_field
from .context import auth, cookie_name, credentials, find_full_session, find_session, settings
from .cookies import FORM_COOKIE, FORM_SECONDS, has_cookie
from .responses import SAFE_METHODS

# Paths that pages of the origins in AUTH_ORIGINS may call.
CROSS_ORIGIN = ("/auth/me", "/auth/logout")

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """How a view differs from others.

    *exempt*: it needs no token, since it changes nothing. *way_in*: its form leads to a session, and since it was
    opened another tab may have begun or ended one. *json_needs_no_token*: not even beside a session, which JSON needs
    elsewhere. *harmless_when_logged_in*: it then only leads on to another page.
    """

    exempt: bool = False
    way_in: bool = False
    json_needs_no_token: bool = False
    harmless_when_logged_in: bool = False


def rule(**fields: bool) -> Callable[[View], View]:
    """Mark a view with the Rule of these *fields*."""

    def mark(view: View) -> View:
        view.csrf_rule = Rule(**fields)  # type: ignore[attr-defined]
        return view

    return mark


def is_way_in() -> bool:
    """Whether the view of the request leads to a session."""
    return _current_rule().way_in


def refuse_other_sites() -> None:
    """Raise Forbidden, CookieMissing or FormTooOld for a request that changes something and may be another site's."""
    if request.method in SAFE_METHODS:
        return
    allowed = settings().origin_set if request.path in CROSS_ORIGIN else frozenset()
    if not is_of_this_site(allowed):
        raise Forbidden("this was sent by another site; send it from a page of this site")
    if _needs_token() and not _token_is_good():
        raise CookieMissing if is_way_in() and not has_cookie() else FormTooOld


def csrf_token() -> str:
    """Return a token for a form or a script of ours; the answer sets the cookie that it may need."""
    if find_session() is None and not request.cookies.get(cookie_name(FORM_COOKIE)):
        g.setdefault("form_cookie", secrets.token_urlsafe(16))
    return auth().tokens.sign("csrf", {"of": _session_binding()})


def _current_rule() -> Rule:
    found: Rule = getattr(current_app.view_functions.get(request.endpoint or ""), "csrf_rule", Rule())
    return found


def is_of_this_site(allowed: Collection[str] = ()) -> bool:
    """Whether a page of this site, or of an origin that is *allowed*, has the request sent; or no page."""
    site, source = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None:  # browsers without Sec-Fetch-Site send Origin with POST; programs send neither
        return source is None or source == settings().public_url or source in allowed
    return site == "same-origin" or source in allowed


def _needs_token() -> bool:
    """Other sites can make a browser send a form with our cookies, but neither a bearer token nor JSON."""
    if credentials().bearer is not None or _current_rule().exempt:
        return False
    if request.mimetype != "application/json":
        return True
    return find_session() is not None and not _current_rule().json_needs_no_token


def _token_is_good() -> bool:
    token = request.headers.get("X-CSRF-Token") or csrf_field()
    if is_way_in() and _is_from_here():
        return True
    if _current_rule().harmless_when_logged_in and find_full_session():
        return True
    if not isinstance(token, str):
        return False
    try:
        values = auth().tokens.unsign("csrf", token, seconds=FORM_SECONDS)
    except InvalidToken:
        return False
    bindings = [_session_binding(), _form_binding()] if is_way_in() else [_session_binding()]
    return any(secrets.compare_digest(str(values.get("of")), binding) for binding in bindings)


def _is_from_here() -> bool:
    """Whether the browser says that the form was on a page of this site, whoever was logged in, and has our cookie."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin" and has_cookie()


def _session_binding() -> str:
    """Return what a form's token is bound to: the session, or, without one, the cookie of forms."""
    own = find_session()
    return f"session {own.id}" if own else _form_binding()


def _form_binding() -> str:
    form: str = g.get("form_cookie") or request.cookies.get(cookie_name(FORM_COOKIE)) or ""
    return f"form {digest(form)}" if form else "nothing"

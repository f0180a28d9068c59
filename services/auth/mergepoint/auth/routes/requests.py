"""What all routes share: who asks, from where, what they sent, and that it was not another site that sent it."""

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Request, Response, current_app, g, make_response, render_template, request
from werkzeug.datastructures import Headers

from mergepoint.kit import problems
from mergepoint.kit.options import Model, read_object, validate
from mergepoint.kit.problems import Problem

from ..access.gate import Credentials
from ..access.policy import Caller
from ..audit import Origin
from ..config import Settings
from ..core import Auth
from ..errors import AuthError, CookieMissing, Forbidden, FormTooOld, InvalidToken, LoginRequired
from ..sessions.sessions import Session
from ..storage.hashing import hashed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CSRF_SECONDS = 12 * 3600
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 64
SAFE = ("GET", "HEAD", "OPTIONS")
# Endpoints of forms that lead in: since they were opened, another tab may have changed who is here.
WAYS_IN = ("login", "register", "check_code")
OPEN = ("/auth/me", "/auth/logout")  # to pages of the origins that AUTH_ORIGINS names
STATUS = {
    "invalid_login": 401,
    "login_required": 401,
    "invalid_credential": 401,
    "forbidden": 403,
    "already_taken": 409,
    "invalid_token": 403,
}


def status_of(error: AuthError) -> int:
    """What an error is in HTTP."""
    return {**problems.STATUS, **STATUS}.get(error.code, 422)


def auth() -> Auth:
    """The core of this application."""
    core: Auth = current_app.extensions["auth"]
    return core


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def origin(caller: Caller | None = None) -> Origin:
    """Where the request comes from, as nginx tells it, for the audit log."""
    return Origin(
        address=request.headers.get("X-Real-IP", request.remote_addr or ""),
        request_id=g.request_id,
        agent=request.headers.get("User-Agent", ""),
        actor_id=caller.user.id if caller else None,
    )


def cookie_name(what: str = "") -> str:
    """Names with __Host- are refused by browsers unless they are for one host, the whole of it, and for https."""
    return ("__Host-mergepoint" if settings().secure else "mergepoint") + what


def credentials() -> Credentials:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if kind.lower() == "bearer" else None
    return Credentials(cookie=request.cookies.get(cookie_name()) or None, bearer=bearer)


def caller() -> Caller | None:
    """Who asks, if anybody; raise InvalidCredential for a bad bearer token."""
    if "caller" not in g:
        g.caller = auth().gate.caller(credentials())
        if g.caller and g.caller.key and "auth" not in g.caller.key.scopes:
            raise Forbidden("this key lacks the scope 'auth'")
    found: Caller | None = g.caller
    return found


def user() -> Caller:
    """Who asks, or LoginRequired."""
    if (found := caller()) is None:
        raise LoginRequired
    return found


def administrator() -> Caller:
    """Who asks, if that is an administrator."""
    found = user()
    if not found.user.admin or (found.key and "admin" not in found.key.scopes):
        raise Forbidden("this is for administrators")
    return found


def session() -> Session | None:
    """The session of the request, also one that still lacks its second factor."""
    if "session" not in g:
        g.session = auth().gate.session(credentials())
    found: Session | None = g.session
    return found


def logged_in() -> Session | None:
    """The session of the request, if nothing is missing to it."""
    found = session()
    return found if found and not found.pending else None


def wants_page() -> bool:
    """Whether a person in a browser reads the answer: one that sent a bearer token is none, as in nginx."""
    if credentials().bearer is not None or (request.method not in SAFE and request.mimetype != FORM):
        return False
    accepted = request.accept_mimetypes
    return "text/html" in accepted.values() and accepted["text/html"] >= accepted["application/json"]


def sent(model: type[Model], **known: Any) -> Model:
    """Return the body, JSON or a form, as a *model*. Nothing of the query counts: it would be in logs."""
    return validate(model, {**sent_fields(), **known})


def sent_fields() -> dict[str, Any]:
    if "fields" not in g:
        g.fields = dict(_fields(request))
    return {name: value for name, value in g.fields.items() if name != "csrf"}


def _fields(request: Request) -> Mapping[str, Any]:
    data = request.get_data()
    if request.mimetype == "application/json" or (data and request.mimetype not in (FORM, "")):
        if request.mimetype != "application/json":
            raise Problem("unsupported_type", f"Content-Type {request.mimetype[:60]!r}: send JSON or a form")
        return read_object(data, "body", null=True)  # which clears what it names
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Problem("malformed_body", "not a form in UTF-8") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise Problem.field(name[:60], "given more than once")
        if value:  # a form sends the fields that were left empty too
            fields[name] = value
    return fields


def refuse_other_sites() -> None:
    """Raise Forbidden when a browser says that another site is behind a request that changes something."""
    if request.method in SAFE:
        return
    site, source = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    named = settings().origin_set if request.path in OPEN else frozenset()
    if site is None:  # of a browser that does not know it, POST has an Origin; a program has neither
        good = source is None or source == settings().public_url or source in named
    else:
        good = site == "same-origin" or source in named
    if not good:
        raise Forbidden("this was sent by another site")
    if _needs_token() and not _token_is_good():
        raise CookieMissing if request.endpoint in WAYS_IN and not has_cookie() else FormTooOld


def _needs_token() -> bool:
    """A cookie comes along whoever wrote the request; a bearer token and a program's JSON do not come by themselves."""
    if credentials().bearer is not None or request.endpoint == "check":
        return False
    return request.mimetype != "application/json" or (session() is not None and request.endpoint != "login")


def _token_is_good() -> bool:
    token = request.headers.get("X-CSRF-Token") or (sent_fields() and False) or g.get("fields", {}).get("csrf")
    if request.endpoint in WAYS_IN and (_is_from_here() or (request.endpoint == "check_code" and logged_in())):
        return True  # the latter only leads on
    if not isinstance(token, str):
        return False
    try:
        values = auth().tokens.unsign("csrf", token, seconds=CSRF_SECONDS)
    except InvalidToken:
        return False
    bound = [_bound_to(), _bound_to_form()] if request.endpoint in WAYS_IN else [_bound_to()]
    return any(secrets.compare_digest(str(values.get("of")), one) for one in bound)


def _is_from_here() -> bool:
    """Whether a browser that keeps our cookies says that a page of this site had the form, whoever was here then."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin" and has_cookie()


def has_cookie() -> bool:
    """Whether the browser has sent a cookie that one of our pages sets."""
    return any(request.cookies.get(cookie_name(what)) for what in ("", "-form"))


def _bound_to() -> str:
    """What a form belongs to: the session, else a cookie of its own."""
    own = session()
    return f"session {own.id}" if own else _bound_to_form()


def _bound_to_form() -> str:
    form: str = g.get("form_cookie") or request.cookies.get(cookie_name("-form")) or ""
    return f"form {hashed(form)}" if form else "nothing"


def csrf_token() -> str:
    """Return a token for a form or a script of ours; the answer sets the cookie that it may need."""
    if session() is None and not request.cookies.get(cookie_name("-form")):
        g.setdefault("form_cookie", secrets.token_urlsafe(16))
    return auth().tokens.sign("csrf", {"of": _bound_to()})


def set_cookie(response: Response, token: str | None) -> None:
    """Give the browser its session, or with None take it away."""
    _set(response, cookie_name(), token, settings().session_lifetime)


def _set(response: Response, name: str, value: str | None, seconds: int) -> None:
    response.set_cookie(
        name,
        value or "",
        max_age=seconds if value else 0,
        path="/",
        secure=settings().secure,
        httponly=True,
        samesite="Lax",
    )


def set_short_cookie(response: Response, what: str, value: str | None, seconds: int) -> None:
    """Set a cookie for some minutes, or with None take it away."""
    _set(response, cookie_name(what), value, seconds)


def finish(response: Response) -> Response:
    """Set what cookies are due: of a form that was shown; none for a session that is over."""
    if "form_cookie" in g:
        _set(response, cookie_name("-form"), g.form_cookie, CSRF_SECONDS)
    stale = request.cookies.get(cookie_name()) and g.get("session", False) is None
    if stale and not any(value.startswith(f"{cookie_name()}=") for value in response.headers.getlist("Set-Cookie")):
        set_cookie(response, None)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Vary", "Accept, Authorization, Cookie, Origin")
    return response


def page(name: str, status: int = 200, /, **values: Any) -> Response:
    """Return a page of ours, made from templates/*name*.html."""
    who = session()
    values |= {"me": who.user if who and not who.pending else None, "csrf": csrf_token()}
    response = make_response(render_template(f"{name}.html", **values), status)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response


class Redirect(Response):
    """An answer whose Location is as it is written: Werkzeug would escape `[` and drop an empty query."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self.headers["Location"]
        return headers


def see(path: str) -> Response:
    """Send the browser on, with GET. *path* is an address in ASCII."""
    return Redirect(status=303, headers={"Location": path})

"""Who asks: the caller, their session, and what the audit log says about the request."""

from flask import current_app, g, request

from ..access.gate import Credentials
from ..access.policy import Caller
from ..audit import RequestContext
from ..config import Settings
from ..core import Auth
from ..errors import Forbidden, LoginRequired
from ..sessions.sessions import Session

SCOPE = "auth"  # that a key needs for this service


def auth() -> Auth:
    """Return the core of this application."""
    core: Auth = current_app.extensions["auth"]
    return core


def settings() -> Settings:
    """Return the settings of this application."""
    found: Settings = current_app.extensions["settings"]
    return found


def request_context(caller: Caller | None = None) -> RequestContext:
    """Return where the request comes from, as nginx says, and that *caller* acts."""
    return RequestContext(
        address=request.headers.get("X-Real-IP", request.remote_addr or ""),
        request_id=g.request_id,
        agent=request.headers.get("User-Agent", ""),
        actor_id=caller.user.id if caller else None,
    )


def cookie_name(suffix: str = "") -> str:
    """Return the name of our cookie. Browsers accept ``__Host-`` only over https, for one host and all its paths."""
    return ("__Host-mergepoint" if settings().secure else "mergepoint") + suffix


def credentials() -> Credentials:
    """Return the credentials that the request brings."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if kind.lower() == "bearer" else None
    return Credentials(cookie=request.cookies.get(cookie_name()) or None, bearer=bearer)


def find_caller() -> Caller | None:
    """Return who asks; None for nobody. Raise InvalidCredential for a bad bearer token, Forbidden without the scope."""
    if "caller" not in g:
        g.caller = auth().gate.caller(credentials())
        if g.caller and g.caller.key and SCOPE not in g.caller.key.scopes:
            raise Forbidden(f"this key lacks the scope {SCOPE!r}")
    found: Caller | None = g.caller
    return found


def require_user() -> Caller:
    """Return who asks, or raise LoginRequired."""
    if (found := find_caller()) is None:
        raise LoginRequired
    return found


def require_session() -> Caller:
    """Return who asks, if by a session: no key may change the credentials of its user."""
    who = require_user()
    if who.session_id is None:
        raise Forbidden("this takes a session, not a key")
    return who


def require_administrator() -> Caller:
    """Return who asks, if that is an administrator; a key also needs the scope ``admin``."""
    found = require_user()
    if not found.user.admin or (found.key and "admin" not in found.key.scopes):
        raise Forbidden("this is for administrators")
    return found


def find_session() -> Session | None:
    """Return the session of the request, even if its second factor is still missing."""
    if "session" not in g:
        g.session = auth().gate.session(credentials())
    found: Session | None = g.session
    return found


def find_full_session() -> Session | None:
    """Return the session of the request, unless its second factor is still missing."""
    found = find_session()
    return found if found and not found.pending else None

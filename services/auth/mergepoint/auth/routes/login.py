"""/auth/login and /auth/logout."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..accounts.user import User
from ..errors import AuthError, InvalidLogin, LoginRequired, Overloaded
from ..request import csrf
from ..request.body import body_fields, read_body
from ..request.context import auth, find_full_session, find_session, request_context, settings
from ..request.cookies import set_session_cookie
from ..request.pages import page
from ..request.responses import redirect_to, wants_page
from ..request.return_address import link_through, resolve
from ..request.statuses import status_of
from ..sessions.redirects import LOGIN, LONGEST


class LoginOptions(Options):
    """Name and password. *next* is the path of this site to go to afterwards."""

    login: str = Field(max_length=1000, description="name or e-mail address")
    password: str = Field(max_length=4000)
    next: str = Field("", max_length=LONGEST)


class NoOptions(Options):
    """No options."""


blueprint = Blueprint("login", __name__)


@blueprint.get("/auth/login")
def login_page() -> Response:
    target = resolve(request.args.get("next"))
    if found := find_full_session():
        return redirect_to(target) if wants_page() else jsonify({"user": found.user.public})
    return show(target) if wants_page() else jsonify(_ways_to_log_in())


@blueprint.post("/auth/login")
@csrf.rule(way_in=True, json_needs_no_token=True)
@describe("Log in with a name and a password", LoginOptions, produces=["application/json", "text/html"])
def login() -> Response:
    options = read_body(LoginOptions)
    target = resolve(options.next)
    if wants_page() and _is_logged_in(options.login):
        return redirect_to(target)
    try:
        user, unchanged = auth().login.authenticate(options.login, options.password, request_context())
        return begin_session(user, target, how="password", pending=user.guarded, precondition=unchanged)
    except (InvalidLogin, Overloaded) as error:
        if wants_page():
            return show(target, error)
        raise


@blueprint.get("/auth/logout")
def logout_page() -> Response:
    return page("logout") if wants_page() else jsonify({"post": "/auth/logout"})


@blueprint.post("/auth/logout")
@describe("End this session", NoOptions, produces=["application/json", "text/html"])
def logout() -> Response:
    if found := find_session():
        auth().sessions.end(found.user.id, found.id, request_context())
    response = redirect_to("/auth/login") if wants_page() else jsonify({"user": None})
    set_session_cookie(response, None)
    return response


def show(target: str, error: AuthError | None = None) -> Response:
    """Return the login page, with the name that was typed."""
    status = status_of(error) if error else 200
    about = {
        "target": target,
        "login": _typed_login(),
        "action": None if request.path == LOGIN else LOGIN,
        **_ways_to_log_in(),
    }
    if isinstance(error, LoginRequired):  # the visitor has done nothing wrong
        return page("login", status, notice="Log in to go on.", **about)
    return page("login", status, error=error, **about)


def is_login() -> bool:
    """Whether the request is a login itself, by the form or as JSON."""
    return request.method == "POST" and request.path == LOGIN


def begin_session(user: User, target: str, *, how: str, pending: bool, **more: Any) -> Response:
    """Begin a session in place of the browser's own, if any, and go on; *more* are options of ``Sessions.begin``."""
    before = find_session()
    instead_of = before.id if before else None
    token = auth().sessions.begin(user, request_context(), how=how, pending=pending, instead_of=instead_of, **more)
    if wants_page():
        response = redirect_to(link_through("/auth/second-factor", target) if pending else target)
    else:
        body: dict[str, Any] = {"user": None if pending else user.public, "token": token, "second_factor": pending}
        response = jsonify(body)
    set_session_cookie(response, token)
    return response


def _is_logged_in(login: str) -> bool:
    """Whether the user with this name or address is logged in, so that a form opened before need not be checked."""
    found = find_full_session()
    named = auth().accounts.find(login) if found and 0 < len(login) <= 320 else None
    return bool(found and named and found.user.id == named.id)


def _ways_to_log_in() -> dict[str, Any]:
    """Return the ways to log in and register here."""
    return {"registration": settings().registration, "providers": list(settings().providers)}


def _typed_login() -> str:
    """Return the name that was sent with the form which is shown again."""
    return str(body_fields().get("login", "")) if is_login() else ""

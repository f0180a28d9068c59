"""/auth/login and /auth/logout."""

from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..accounts.user import User
from ..errors import AuthError, InvalidLogin, LoginRequired, Overloaded
from ..sessions.redirects import LOGIN, LONGEST
from . import requests
from .comeback import link_through, resolve
from .requests import auth, logged_in, origin, page, see, sent, sent_fields, session, set_cookie, status_of, wants_page


class LoginOptions(Options):
    """Who wants in. *next* is where to go then, a path of this site."""

    login: str = Field(max_length=1000, description="name or e-mail address")
    password: str = Field(max_length=4000)
    next: str = Field("", max_length=LONGEST)


class NoOptions(Options):
    """Nothing to say."""


def add(app: Flask) -> None:
    @app.get("/auth/login")
    def login_page() -> Response:
        target = resolve(request.args.get("next"))
        if found := logged_in():
            return see(target) if wants_page() else jsonify({"user": found.user.public})
        return show(target) if wants_page() else jsonify(_ways())

    @app.post("/auth/login")
    @describe("Log in with a name and a password", LoginOptions, produces=["application/json", "text/html"])
    def login() -> Response:
        options = sent(LoginOptions)
        target = resolve(options.next)
        if wants_page() and _is_here(options.login):
            return see(target)
        try:
            user, unchanged = auth().login.enter(options.login, options.password, origin())
            return welcome(user, target, how="password", pending=user.guarded, spend=unchanged)
        except (InvalidLogin, Overloaded) as error:
            if wants_page():
                return show(target, error)
            raise

    @app.get("/auth/logout")
    def logout_page() -> Response:
        return page("logout") if wants_page() else jsonify({"post": "/auth/logout"})

    @app.post("/auth/logout")
    @describe("End this session", NoOptions, produces=["application/json", "text/html"])
    def logout() -> Response:
        if found := session():
            auth().sessions.end(found.user.id, found.id, origin())
        response = see("/auth/login") if wants_page() else jsonify({"user": None})
        set_cookie(response, None)
        return response


def show(target: str, error: AuthError | None = None) -> Response:
    """The login page; what was typed as a name is kept."""
    status = status_of(error) if error else 200
    about = {"target": target, "login": _typed(), "action": None if request.path == LOGIN else LOGIN, **_ways()}
    if isinstance(error, LoginRequired):  # they have done nothing wrong
        return page("login", status, notice="Log in to go on.", **about)
    return page("login", status, error=error, **about)


def welcome(user: User, target: str, *, how: str, pending: bool, **more: Any) -> Response:
    """Begin a session (*more*: see ``Sessions.begin``), in place of one that the browser may have, and go on."""
    before = session()
    instead_of = before.id if before else None
    token = auth().sessions.begin(user, origin(), how=how, pending=pending, instead_of=instead_of, **more)
    if wants_page():
        response = see(link_through("/auth/second-factor", target) if pending else target)
    else:
        body: dict[str, Any] = {"user": None if pending else user.public, "token": token, "second_factor": pending}
        response = jsonify(body)
    set_cookie(response, token)
    return response


def _is_here(login: str) -> bool:
    """Whether the account of that name or address is logged in: then an older form has nothing to ask any longer."""
    found = logged_in()
    named = auth().accounts.find(login) if found and 0 < len(login) <= 320 else None
    return bool(found and named and found.user.id == named.id)


def _ways() -> dict[str, Any]:
    """How somebody may log in here."""
    return {"registration": requests.settings().registration, "providers": list(requests.settings().providers)}


def _typed() -> str:
    """The name that was sent with the form that is shown again."""
    return str(sent_fields().get("login", "")) if request.endpoint == "login" else ""

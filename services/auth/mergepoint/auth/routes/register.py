"""/auth/register, /auth/password, /auth/email: accounts made and changed by links, or by anybody where that is open."""

from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..accounts.user import Spend
from ..errors import AuthError, Forbidden, InvalidToken, RateExceeded
from ..limits.throttle import Rate
from ..sessions.redirects import HOME, LONGEST
from . import links
from .account import by_session
from .comeback import read_target, resolve
from .login import welcome
from .requests import auth, logged_in, origin, page, see, sent, sent_fields, set_cookie, settings, status_of, wants_page

REGISTRATIONS = Rate(10, 60.0)  # of one network


class RegisterOptions(Options):
    """Somebody new. *invitation* is from a link; *next* is where to go then, a path of this site."""

    name: str = Field(max_length=1000)
    password: str = Field(max_length=4000)
    email: str | None = Field(None, max_length=1000)
    invitation: str = Field("", max_length=4000)
    next: str = Field("", max_length=LONGEST)


class ChooseOptions(Options):
    """A password to begin with, or another one; *token* is from a link."""

    token: str = Field(max_length=4000)
    new_password: str = Field(max_length=4000)


class AddressOptions(Options):
    """Another address, or none; today's password proves that it is you."""

    password: str = Field(max_length=4000)
    email: str | None = Field(None, max_length=1000)


class ProofOptions(Options):
    """From a link in a letter."""

    token: str = Field(max_length=4000)


def add(app: Flask) -> None:
    @app.get("/auth/register")
    def register_page() -> Response:
        if wants_page() and "next" in request.args and logged_in():
            return see(read_target())
        _may_register(request.args.get("invitation", ""))
        target = resolve(request.args.get("next"))
        return _form("register", invitation=request.args.get("invitation", ""), target=target)

    @app.post("/auth/register")
    @describe("Make an account and log in", RegisterOptions, produces=["application/json", "text/html"])
    def register() -> Response:
        options = sent(RegisterOptions)
        invited = _may_register(options.invitation)
        if wait := auth().throttle.take(f"register {origin().network}", REGISTRATIONS):
            raise RateExceeded(wait)
        address = invited or options.email
        try:
            user = auth().accounts.create(
                options.name, origin(), password=options.password, email=address, email_proven=bool(invited),
                spend=_spend("invitation", options.invitation) if options.invitation else None,
            )  # fmt: skip
        except AuthError as error:
            target = resolve(options.next)
            return _again("register", error, invitation=options.invitation, target=target, **_typed("name", "email"))
        if not user.email_proven:
            links.prove_address(user)
        return welcome(user, resolve(options.next), how="registration", pending=False)

    @app.get("/auth/password")
    def password_page() -> Response:
        token = request.args.get("token", "")
        auth().once.look("password", token)
        return _form("password", token=token)

    @app.post("/auth/password")
    @describe("Choose a password by a link; every session ends", ChooseOptions, produces=["application/json"])
    def choose_password() -> Response:
        options = sent(ChooseOptions)
        values = auth().once.look("password", options.token)
        user = auth().accounts.get(int(values["user"]))
        try:
            spend = auth().password_links.redemption(options.token)
            auth().accounts.set_password(user, options.new_password, origin(), how="by a link", spend=spend)
        except InvalidToken:
            raise
        except AuthError as error:
            return _again("password", error, token=options.token)
        response = see("/auth/login") if wants_page() else jsonify({"user": user.public})
        set_cookie(response, None)
        return response

    @app.post("/auth/account/email")
    @describe("Change your address; a link then proves it", AddressOptions, produces=["application/json"])
    def change_email() -> Response:
        who, options = by_session(), sent(AddressOptions)
        try:
            auth().login.prove(who.user, options.password, origin(who))
            auth().accounts.set_email(who.user, options.email, origin(who))
        except AuthError as error:
            return _again("account", error)
        changed = auth().accounts.get(who.user.id)
        links.prove_address(changed)
        return see(HOME) if wants_page() else jsonify({"user": changed.public})

    @app.get("/auth/email")
    def email_page() -> Response:
        token = request.args.get("token", "")
        return _form("email", token=token, address=_own(token)["email"])

    @app.post("/auth/email")
    @describe("Prove an address by a link", ProofOptions, produces=["application/json"])
    def prove_email() -> Response:
        token, owner = sent(ProofOptions).token, by_session().user
        if owner.email != _own(token)["email"]:
            raise InvalidToken
        auth().once.spend("email", token)
        auth().accounts.set_email(owner, owner.email, origin(), proven=True)
        return see(HOME) if wants_page() else jsonify({"email": owner.email})


def _may_register(invitation: str) -> str:
    """Return the address that an invitation is for, if it is for one; raise Forbidden where nobody may register."""
    if invitation and settings().registration != "closed":
        return str(auth().once.look("invitation", invitation)["email"])
    if settings().registration != "open":
        raise Forbidden("registration is closed; ask an administrator")
    return ""


def _own(token: str) -> dict[str, str | int]:
    """What such a link says to whom it is about. Nobody else proves it: a stranger who named this address would get it
    proven by its owner's click, and then the owner's account elsewhere with it.
    """
    values = auth().once.look("email", token)
    if values["user"] != by_session().user.id:
        raise InvalidToken
    return values


def _spend(purpose: str, token: str) -> Spend:
    return lambda connection: auth().once.spend_with(connection, purpose, token)


def _form(name: str, /, **values: Any) -> Response:
    return page(name, **values) if wants_page() else jsonify({"post": request.path})


def _again(name: str, error: AuthError, /, **values: Any) -> Response:
    """The form once more, with what is wrong."""
    if not wants_page():
        raise error
    return page(name, status_of(error), error=error, **values)


def _typed(*names: str) -> dict[str, Any]:
    return {name: sent_fields().get(name, "") for name in names}

"""/auth/register, /auth/password, /auth/email: accounts made and changed, mostly by links."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..accounts.user import Precondition
from ..errors import AuthError, Forbidden, InvalidToken, RateExceeded
from ..limits.throttle import Rate
from ..request import csrf
from ..request.body import body_fields, read_body
from ..request.context import auth, find_full_session, request_context, require_session, settings
from ..request.cookies import set_session_cookie
from ..request.pages import page
from ..request.responses import redirect_to, wants_page
from ..request.return_address import read_target, resolve
from ..request.statuses import status_of
from ..sessions.redirects import HOME, LONGEST
from . import links
from .login import begin_session

REGISTRATIONS = Rate(10, 60.0)  # of one network


class RegisterOptions(Options):
    """A new user. *invitation* is the token of a link; *next* is the path of this site to go to afterwards."""

    name: str = Field(max_length=1000)
    password: str = Field(max_length=4000)
    email: str | None = Field(None, max_length=1000)
    invitation: str = Field("", max_length=4000)
    next: str = Field("", max_length=LONGEST)


class ChooseOptions(Options):
    """A new password; *token* is that of a link."""

    token: str = Field(max_length=4000)
    new_password: str = Field(max_length=4000)


class AddressOptions(Options):
    """Another address, or none; the current password proves that it is you."""

    password: str = Field(max_length=4000)
    email: str | None = Field(None, max_length=1000)


class ProofOptions(Options):
    """The token of a link in a letter."""

    token: str = Field(max_length=4000)


blueprint = Blueprint("register", __name__)


@blueprint.get("/auth/register")
def register_page() -> Response:
    if wants_page() and "next" in request.args and find_full_session():
        return redirect_to(read_target())
    _may_register(request.args.get("invitation", ""))
    target = resolve(request.args.get("next"))
    return _form("register", invitation=request.args.get("invitation", ""), target=target)


@blueprint.post("/auth/register")
@csrf.rule(way_in=True)
@describe("Make an account and log in", RegisterOptions, produces=["application/json", "text/html"])
def register() -> Response:
    options = read_body(RegisterOptions)
    invited = _may_register(options.invitation)
    if wait := auth().throttle.take(f"register {request_context().network}", REGISTRATIONS):
        raise RateExceeded(wait)
    address = invited or options.email
    try:
        user = auth().accounts.create(
            options.name, request_context(), password=options.password, email=address, email_proven=bool(invited),
            precondition=_redemption("invitation", options.invitation) if options.invitation else None,
        )  # fmt: skip
    except AuthError as error:
        target = resolve(options.next)
        return _again("register", error, invitation=options.invitation, target=target, **_typed_values("name", "email"))
    if not user.email_proven:
        links.send_address_proof(user)
    return begin_session(user, resolve(options.next), how="registration", pending=False)


@blueprint.get("/auth/password")
def password_page() -> Response:
    token = request.args.get("token", "")
    auth().one_time_tokens.peek("password", token)
    return _form("password", token=token)


@blueprint.post("/auth/password")
@describe("Choose a password by a link; every session ends", ChooseOptions, produces=["application/json"])
def choose_password() -> Response:
    options = read_body(ChooseOptions)
    values = auth().one_time_tokens.peek("password", options.token)
    user = auth().accounts.get(int(values["user"]))
    try:
        redemption = auth().password_links.redemption(options.token)
        auth().accounts.set_password(
            user, options.new_password, request_context(), how="by a link", precondition=redemption
        )
    except InvalidToken:
        raise
    except AuthError as error:
        return _again("password", error, token=options.token)
    response = redirect_to("/auth/login") if wants_page() else jsonify({"user": user.public})
    set_session_cookie(response, None)
    return response


@blueprint.post("/auth/account/email")
@describe("Change your address; a link then proves it", AddressOptions, produces=["application/json"])
def change_email() -> Response:
    who, options = require_session(), read_body(AddressOptions)
    try:
        auth().login.prove(who.user, options.password, request_context(who))
        auth().accounts.set_email(who.user, options.email, request_context(who))
    except AuthError as error:
        return _again("account", error)
    changed = auth().accounts.get(who.user.id)
    links.send_address_proof(changed)
    return redirect_to(HOME) if wants_page() else jsonify({"user": changed.public})


@blueprint.get("/auth/email")
def email_page() -> Response:
    token = request.args.get("token", "")
    return _form("email", token=token, address=_read_own_token(token)["email"])


@blueprint.post("/auth/email")
@describe("Prove an address by a link", ProofOptions, produces=["application/json"])
def prove_email() -> Response:
    token, owner = read_body(ProofOptions).token, require_session().user
    if owner.email != _read_own_token(token)["email"]:
        raise InvalidToken
    auth().one_time_tokens.redeem("email", token)
    auth().accounts.set_email(owner, owner.email, request_context(), proven=True)
    return redirect_to(HOME) if wants_page() else jsonify({"email": owner.email})


def _may_register(invitation: str) -> str:
    """Return the address that an invitation is for, "" for none; raise Forbidden where registration is closed."""
    if invitation and settings().registration != "closed":
        return str(auth().one_time_tokens.peek("invitation", invitation)["email"])
    if settings().registration != "open":
        raise Forbidden("registration is closed; ask an administrator")
    return ""


def _read_own_token(token: str) -> dict[str, str | int]:
    """Return the values of a link's token, if it is for the caller; else raise InvalidToken.

    If others could use the link, a stranger could enter an address, have its owner click, and get the owner's accounts
    at providers linked.
    """
    values = auth().one_time_tokens.peek("email", token)
    if values["user"] != require_session().user.id:
        raise InvalidToken
    return values


def _redemption(purpose: str, token: str) -> Precondition:
    return lambda connection: auth().one_time_tokens.redeem_in(connection, purpose, token)


def _form(name: str, /, **values: Any) -> Response:
    return page(name, **values) if wants_page() else jsonify({"post": request.path})


def _again(name: str, error: AuthError, /, **values: Any) -> Response:
    """Show the form again with the error; raise it for a program."""
    if not wants_page():
        raise error
    return page(name, status_of(error), error=error, **values)


def _typed_values(*names: str) -> dict[str, Any]:
    return {name: body_fields().get(name, "") for name in names}

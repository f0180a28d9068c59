"""/auth/account: the caller's own account, password and picture."""

from typing import Any

from flask import Blueprint, Response, g, jsonify
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..accounts import pictures
from ..accounts.user import User
from ..errors import AuthError
from ..request.body import read_body
from ..request.context import auth, request_context, require_session, require_user
from ..request.cookies import set_session_cookie
from ..request.pages import page
from ..request.responses import redirect_to, wants_page
from ..request.statuses import status_of


class NewPasswordOptions(Options):
    """Another password; the current one proves that it is you."""

    password: str = Field(max_length=4000, description="the current one")
    new_password: str = Field(max_length=4000)


class PictureOptions(Options):
    """The address that the avatar is made from."""

    picture: str | None = Field(None, max_length=1000, description="an https address; null removes the picture")


blueprint = Blueprint("account", __name__)


@blueprint.get("/auth/account")
@describe("Your account", produces=["application/json", "text/html"])
def account() -> Response:
    who = require_user()
    return page("account") if wants_page() else jsonify({"user": who.user.public})


@blueprint.post("/auth/account/password")
@describe("Change your password; other sessions end", NewPasswordOptions, produces=["application/json", "text/html"])
def change_password() -> Response:
    who, options = require_session(), read_body(NewPasswordOptions)
    try:
        auth().login.prove(who.user, options.password, request_context(who))
        auth().accounts.set_password(who.user, options.new_password, request_context(who), how="by its owner")
    except AuthError as error:
        if not wants_page():
            raise
        return page("account", status_of(error), error=error)
    token = auth().sessions.begin(auth().accounts.get(who.user.id), request_context(), how="renewed")
    return answer_with_session(who.user, token, "account", "Your password is changed. Every other session has ended.")


@blueprint.post("/auth/account/picture")
@describe("Say where your picture is, or that there is none", PictureOptions, produces=["application/json"])
def change_picture() -> Response:
    who, options = require_user(), read_body(PictureOptions)
    auth().accounts.set_picture(
        who.user, options.picture and pictures.check_address(options.picture), request_context(who)
    )
    return redirect_to("/auth/account") if wants_page() else jsonify({"user": auth().accounts.get(who.user.id).public})


def answer_with_session(who: User, token: str, name: str, notice: str, **values: Any) -> Response:
    """Answer with the *token* of a new session, after all others have ended; *name* is the page to show."""
    if wants_page():
        g.session = auth().sessions.find(token)  # the forms of this page belong to it
        response = page(name, notice=notice, **values)
    else:
        response = jsonify({"user": who.public, "token": token, **values})
    set_session_cookie(response, token)
    return response

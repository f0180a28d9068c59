"""/auth/account: one's own name, address and password."""

from typing import Any

from flask import Flask, Response, g, jsonify
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..access.policy import Caller
from ..accounts import pictures
from ..accounts.user import User
from ..errors import AuthError, Forbidden
from .requests import auth, origin, page, see, sent, set_cookie, status_of, user, wants_page


class PasswordOptions(Options):
    """Another password; the one of today proves that it is you."""

    password: str = Field(max_length=4000, description="today's")
    new_password: str = Field(max_length=4000)


class PictureOptions(Options):
    """Where the avatar is made from."""

    picture: str | None = Field(None, max_length=1000, description="an https address; none: no picture")


def add(app: Flask) -> None:
    @app.get("/auth/account")
    @describe("Your account", produces=["application/json", "text/html"])
    def account() -> Response:
        who = user()
        return page("account") if wants_page() else jsonify({"user": who.user.public})

    @app.post("/auth/account/password")
    @describe("Change your password; other sessions end", PasswordOptions, produces=["application/json", "text/html"])
    def change_password() -> Response:
        who, options = by_session(), sent(PasswordOptions)
        try:
            auth().login.prove(who.user, options.password, origin(who))
            auth().accounts.set_password(who.user, options.new_password, origin(who), how="by its owner")
        except AuthError as error:
            if not wants_page():
                raise
            return page("account", status_of(error), error=error)
        token = auth().sessions.begin(auth().accounts.get(who.user.id), origin(), how="renewed")
        return renewed(who.user, token, "account", "Your password is changed. Every other session has ended.")

    @app.post("/auth/account/picture")
    @describe("Say where your picture is, or that there is none", PictureOptions, produces=["application/json"])
    def change_picture() -> Response:
        who, options = user(), sent(PictureOptions)
        auth().accounts.set_picture(who.user, options.picture and pictures.checked(options.picture), origin(who))
        return see("/auth/account") if wants_page() else jsonify({"user": auth().accounts.get(who.user.id).public})


def by_session() -> Caller:
    """Who asks, if by a session: no key may change what logging in takes."""
    who = user()
    if who.session_id is None:
        raise Forbidden("this takes a session, not a key")
    return who


def renewed(who: User, token: str, name: str, notice: str, **values: Any) -> Response:
    """Answer with a new session: its privileges, or what guards them, have changed, and the others are gone."""
    if wants_page():
        g.session = auth().sessions.find(token)  # whose forms this page has
        response = page(name, notice=notice, **values)
    else:
        response = jsonify({"user": who.public, "token": token, **values})
    set_cookie(response, token)
    return response

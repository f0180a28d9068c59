"""/auth/second-factor/passkeys: for the script of our pages, since passkeys need one."""

from typing import Any

from flask import Flask, Response, jsonify
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..sessions.redirects import LONGEST
from .account import by_session
from .comeback import resolve
from .factor import PasswordOptions, changed, pending, proven
from .login import NoOptions, welcome
from .requests import auth, origin, sent

PATH = "/auth/second-factor/passkeys"


class NewPasskeyOptions(Options):
    """What the browser made, and the token that came with the challenge."""

    token: str = Field(max_length=4000)
    name: str = Field(description="to recognise it by")
    credential: dict[str, Any]


class UsedPasskeyOptions(Options):
    """What the browser signed, and the token that came with the challenge."""

    token: str = Field(max_length=4000)
    credential: dict[str, Any]
    next: str = Field("", max_length=LONGEST)


def add(app: Flask) -> None:
    @app.post(f"{PATH}/begin")
    @describe("What a browser needs to make a passkey", PasswordOptions, produces=["application/json"])
    def begin_passkey() -> Response:
        options, token = auth().passkeys.begin(proven(sent(PasswordOptions).password).user)
        return jsonify({"options": options, "token": token})

    @app.post(PATH)
    @describe("Add a passkey; the first brings recovery codes", NewPasskeyOptions, produces=["application/json"])
    def add_passkey() -> Response:
        who, options = by_session(), sent(NewPasskeyOptions)
        codes = auth().passkeys.register(who.user, options.token, options.credential, options.name, origin(who))
        return changed(who, "The passkey is added.", codes)

    @app.delete(f"{PATH}/<id>")
    @app.post(f"{PATH}/<id>/remove")
    @describe("Remove a passkey", PasswordOptions, produces=["application/json"])
    def remove_passkey(id: str) -> Response:
        who = proven(sent(PasswordOptions).password)
        auth().passkeys.remove(who.user, id, origin(who))
        return changed(who, "The passkey is removed.")

    @app.post(f"{PATH}/challenge")
    @describe("What a browser needs to use a passkey", NoOptions, produces=["application/json"])
    def challenge_passkey() -> Response:
        options, token = auth().passkeys.challenge(pending().user)
        return jsonify({"options": options, "token": token})

    @app.post(f"{PATH}/check")
    @describe("Show a passkey; a session that lacked it is replaced", UsedPasskeyOptions, produces=["application/json"])
    def check_passkey() -> Response:
        found, options = pending(), sent(UsedPasskeyOptions)
        auth().passkeys.check(found.user, options.token, options.credential, origin())
        response = welcome(found.user, resolve(options.next), how="passkey", pending=False, after=found)
        return _with(response, next=resolve(options.next))


def _with(response: Response, **more: str) -> Response:
    body = {**(response.get_json() or {}), **more}
    response.set_data(jsonify(body).get_data())
    return response

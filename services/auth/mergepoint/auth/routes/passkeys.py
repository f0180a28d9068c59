"""/auth/second-factor/passkeys, for the script of our pages: passkeys need one."""

from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..request.body import read_body
from ..request.context import auth, request_context, require_session
from ..request.return_address import resolve
from ..sessions.redirects import LONGEST
from .login import NoOptions, begin_session
from .second_factor import PasswordProofOptions, require_pending_session, require_proof, restart_sessions

PATH = "/auth/second-factor/passkeys"


class NewPasskeyOptions(Options):
    """The credential that the browser made, and the token that came with the challenge."""

    token: str = Field(max_length=4000)
    name: str = Field(description="to recognise it by")
    credential: dict[str, Any]


class UsedPasskeyOptions(Options):
    """The challenge that the browser signed, and the token that came with it."""

    token: str = Field(max_length=4000)
    credential: dict[str, Any]
    next: str = Field("", max_length=LONGEST)


blueprint = Blueprint("passkeys", __name__)


@blueprint.post(f"{PATH}/begin")
@describe("What a browser needs to make a passkey", PasswordProofOptions, produces=["application/json"])
def begin_passkey() -> Response:
    options, token = auth().passkeys.begin(require_proof(read_body(PasswordProofOptions).password).user)
    return jsonify({"options": options, "token": token})


@blueprint.post(PATH)
@describe("Add a passkey; the first brings recovery codes", NewPasskeyOptions, produces=["application/json"])
def add_passkey() -> Response:
    who, options = require_session(), read_body(NewPasskeyOptions)
    codes = auth().passkeys.register(who.user, options.token, options.credential, options.name, request_context(who))
    return restart_sessions(who, "The passkey is added.", codes)


@blueprint.delete(f"{PATH}/<id>")
@blueprint.post(f"{PATH}/<id>/remove")
@describe("Remove a passkey", PasswordProofOptions, produces=["application/json"])
def remove_passkey(id: str) -> Response:
    who = require_proof(read_body(PasswordProofOptions).password)
    auth().passkeys.remove(who.user, id, request_context(who))
    return restart_sessions(who, "The passkey is removed.")


@blueprint.post(f"{PATH}/challenge")
@describe("What a browser needs to use a passkey", NoOptions, produces=["application/json"])
def challenge_passkey() -> Response:
    options, token = auth().passkeys.challenge(require_pending_session().user)
    return jsonify({"options": options, "token": token})


@blueprint.post(f"{PATH}/check")
@describe("Show a passkey; a session that lacked it is replaced", UsedPasskeyOptions, produces=["application/json"])
def check_passkey() -> Response:
    found, options = require_pending_session(), read_body(UsedPasskeyOptions)
    auth().passkeys.check(found.user, options.token, options.credential, request_context())
    response = begin_session(found.user, resolve(options.next), how="passkey", pending=False, after=found)
    return _with(response, next=resolve(options.next))


def _with(response: Response, **more: str) -> Response:
    body = {**(response.get_json() or {}), **more}
    response.set_data(jsonify(body).get_data())
    return response

"""/auth/second-factor: codes of an authenticator and recovery codes, checked and set up."""

from typing import Any

import segno
from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..access.policy import Caller
from ..errors import AuthError, Forbidden, Invalid, LoginRequired
from ..request import csrf
from ..request.body import read_body
from ..request.context import auth, find_full_session, find_session, request_context, require_session
from ..request.pages import page
from ..request.responses import redirect_to, wants_page
from ..request.return_address import read_target, resolve
from ..request.statuses import status_of
from ..sessions.redirects import LONGEST
from ..sessions.sessions import Session
from .account import answer_with_session
from .login import begin_session

PATH = "/auth/second-factor"
FRESH = 600.0  # seconds after a login for which no further proof is asked for


class CodeOptions(Options):
    """A code of the authenticator, or a recovery code. *next* is where to go then."""

    code: str = Field(max_length=100)
    next: str = Field("", max_length=LONGEST)


class PasswordProofOptions(Options):
    """The password, needed again more than ten minutes after the login."""

    password: str = Field("", max_length=4000)


class ConfirmOptions(Options):
    """A code of the new authenticator, and the token that came with its secret."""

    setup: str = Field(max_length=4000)
    code: str = Field(max_length=100)


blueprint = Blueprint("second_factor", __name__)


@blueprint.get("/auth/second-factor")
@describe("Your second factors", produces=["application/json", "text/html"])
def second_factor() -> Response:
    found = find_session()
    if found and found.pending:
        return _ask(found)
    if found and wants_page() and "next" in request.args:  # another tab was first
        return redirect_to(read_target())
    return _show(require_session())


@blueprint.post("/auth/second-factor")
@blueprint.post("/auth/second-factor/check")
@csrf.rule(way_in=True, harmless_when_logged_in=True)
@describe("Show a code; a session that lacked it is replaced", CodeOptions, produces=["application/json"])
def check_code() -> Response:
    options = read_body(CodeOptions)
    if wants_page() and find_full_session():  # another tab was first
        return redirect_to(resolve(options.next))
    found = require_pending_session()
    try:
        how = auth().factors.check(found.user, options.code, request_context())
    except AuthError as error:
        if not wants_page():
            raise
        return _ask(found, error)
    return begin_session(found.user, resolve(options.next), how=how, pending=False, after=found)


@blueprint.post("/auth/second-factor/totp")
@describe(
    "A secret for an authenticator, as text, URI and picture", PasswordProofOptions, produces=["application/json"]
)
def begin_totp() -> Response:
    who = require_proof(read_body(PasswordProofOptions).password)
    begun = auth().factors.begin(who.user)
    return _show_totp(*begun) if wants_page() else jsonify(dict(zip(("secret", "uri", "setup"), begun, strict=True)))


@blueprint.post("/auth/second-factor/totp/confirm")
@describe("Turn codes on; returns recovery codes", ConfirmOptions, produces=["application/json"])
def confirm_totp() -> Response:
    who, options = require_session(), read_body(ConfirmOptions)
    try:
        codes = auth().factors.confirm(who.user, options.setup, options.code, request_context(who))
    except Invalid as error:
        if not wants_page():
            raise
        return _show_totp(*auth().factors.again(who.user, options.setup), error=error)
    return restart_sessions(who, "Codes of your authenticator are on. Every other session has ended.", codes)


@blueprint.post("/auth/second-factor/totp/remove")
@describe("Turn codes off", PasswordProofOptions, produces=["application/json"])
def remove_totp() -> Response:
    who = require_proof(read_body(PasswordProofOptions).password)
    auth().factors.remove(who.user, request_context(who))
    return restart_sessions(who, "Codes of your authenticator are off.")


@blueprint.post("/auth/second-factor/recovery")
@describe("Other recovery codes; the old ones are good no longer", PasswordProofOptions, produces=["application/json"])
def recovery() -> Response:
    who = require_proof(read_body(PasswordProofOptions).password)
    if not who.user.guarded:
        raise Forbidden("there is no second factor yet")
    codes = auth().factors.new_recovery_codes(who.user, request_context(who))
    return _show(who, codes=codes) if wants_page() else jsonify({"recovery_codes": codes})


def require_pending_session() -> Session:
    """Return the session whose second factor is still missing, or raise LoginRequired."""
    found = find_session()
    if found is None or not found.pending:
        raise LoginRequired("log in with your password first")
    return found


def require_proof(password: str) -> Caller:
    """Return who asks, if the *password* is right or their login is recent; raise Forbidden or InvalidLogin."""
    who, now = require_session(), auth().clock()
    if password:
        auth().login.prove(who.user, password, request_context(who))
        auth().sessions.prove(str(who.session_id))
        return who
    found = find_session()
    if found is None or now - found.proven > FRESH:
        raise Forbidden("send your password as well: you logged in more than ten minutes ago")
    return who


def restart_sessions(who: Caller, notice: str, codes: list[str] | None = None) -> Response:
    """End all sessions of the caller, whose second factors have changed, and begin a new one."""
    more = {"recovery_codes": codes} if codes and not wants_page() else {}
    token = auth().sessions.begin(
        auth().accounts.get(who.user.id), request_context(), how="renewed", after=find_session(), alone=True
    )
    return answer_with_session(
        who.user, token, "second_factor", notice, **more, **(_about(who, codes) if wants_page() else {})
    )


def _ask(found: Session, error: AuthError | None = None) -> Response:
    keys = auth().passkeys.of(found.user.id)
    if not wants_page():
        totp, left = auth().factors.about(found.user.id)
        return jsonify({"pending": True, "totp": totp, "passkeys": len(keys), "recovery_codes_left": left})
    status = status_of(error) if error else 200
    target = resolve(request.args.get("next") or request.form.get("next"))
    action = None if request.path == PATH else f"{PATH}/check"  # without an action, browsers keep the #fragment
    return page("check", status, error=error, target=target, passkeys=keys, action=action)


def _show_totp(secret: str, uri: str, setup: str, error: AuthError | None = None) -> Response:
    picture = segno.make(uri).svg_data_uri(scale=5, light="#fff")
    status = status_of(error) if error else 200
    return page("totp", status, secret=secret, uri=uri, setup=setup, picture=picture, error=error)


def _show(who: Caller, codes: list[str] | None = None, **values: Any) -> Response:
    about = _about(who, codes)
    if wants_page():
        return page("second_factor", **about, **values)
    about |= {"passkeys": [key.public for key in about["passkeys"]]}
    return jsonify({name: value for name, value in about.items() if name != "codes"})


def _about(who: Caller, codes: list[str] | None = None) -> dict[str, Any]:
    totp, left = auth().factors.about(who.user.id)
    keys = auth().passkeys.of(who.user.id)
    return {"pending": False, "totp": totp, "recovery_codes_left": left, "passkeys": keys, "codes": codes}

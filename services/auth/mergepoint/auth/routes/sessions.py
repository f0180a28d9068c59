"""/auth/sessions, the caller's sessions, and /auth/handover, by which another program gets one of its own."""

from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..errors import Forbidden, InvalidToken
from ..request.body import read_body
from ..request.context import auth, request_context, require_user
from ..request.pages import page
from ..request.responses import redirect_to, wants_page
from .login import NoOptions


class HandoverOptions(Options):
    """The program that a handover is for."""

    audience: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="the program that redeems it")


class RedeemOptions(Options):
    """A handover, and the program that redeems it."""

    token: str = Field(max_length=4000)
    audience: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")


blueprint = Blueprint("sessions", __name__)


@blueprint.get("/auth/sessions")
@describe("Where you are logged in", produces=["application/json", "text/html"])
def sessions() -> Response:
    who = require_user()
    found = auth().sessions.list(who.user.id)
    if wants_page():
        return page("sessions", sessions=found, current=who.session_id)
    return jsonify({"sessions": [{**one.public, "current": one.id == who.session_id} for one in found]})


@blueprint.delete("/auth/sessions/<id>")
@blueprint.post("/auth/sessions/<id>/end")
@describe("End one session", NoOptions, produces=["application/json"])
def end_session(id: str) -> Response:
    who = require_user()
    auth().sessions.end(who.user.id, id, request_context(who), event="session_ended")
    return redirect_to("/auth/sessions") if wants_page() else jsonify({"ended": 1})


@blueprint.delete("/auth/sessions")
@blueprint.post("/auth/sessions/end")
@describe("End all sessions but this one", NoOptions, produces=["application/json"])
def end_sessions() -> Response:
    who = require_user()
    ended = auth().sessions.end_all(who.user.id, request_context(who), keep=who.session_id)
    return redirect_to("/auth/sessions") if wants_page() else jsonify({"ended": ended})


@blueprint.post("/auth/handover")
@describe("A token for another program, good once and for seconds", HandoverOptions, produces=["application/json"])
def handover() -> Response:
    who, options = require_user(), read_body(HandoverOptions)
    if who.session_id is None:
        raise Forbidden("a handover comes from a session, not from a key")
    values: dict[str, str | int] = {"user": who.user.id, "session": who.session_id, "audience": options.audience}
    auth().audit.tell("handover_made", request_context(who), user_id=who.user.id, audience=options.audience)
    return jsonify(
        {"token": auth().one_time_tokens.sign("handover", values), "audience": options.audience, "seconds": 30}
    )


@blueprint.post("/auth/handover/redeem")
@describe("Redeem a handover for a session", RedeemOptions, produces=["application/json"])
def redeem() -> Response:
    options = read_body(RedeemOptions)
    values = auth().one_time_tokens.peek("handover", options.token)
    found = auth().sessions.still(int(values["user"]), str(values["session"]))
    if found is None or values["audience"] != options.audience:
        raise InvalidToken
    token = auth().sessions.begin(
        found.user, request_context(), how="handover", audience=options.audience, after=found,
        precondition=lambda connection: auth().one_time_tokens.redeem_in(connection, "handover", options.token),
    )  # fmt: skip
    body: dict[str, Any] = {"user": found.user.public, "token": token}
    return jsonify(body)

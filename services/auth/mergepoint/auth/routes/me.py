"""/auth/me, the user for scripts and programs; /auth/check, whether a text has the form of an API key."""

from flask import Blueprint, Response, jsonify, request

from mergepoint.kit.dispatch import run
from mergepoint.kit.web.body import read_options
from mergepoint.kit.web.openapi import describe

from .. import tasks
from ..accounts.pictures import avatar
from ..request import csrf
from ..request.context import find_caller, settings
from ..request.csrf import csrf_token

blueprint = Blueprint("me", __name__)


@blueprint.get("/auth/me")
@describe("Who is logged in; user is null when nobody is", produces=["application/json"])
def me() -> Response:
    found = find_caller()
    if found is None:
        return jsonify({"user": None, "csrf": csrf_token()})
    about = {**found.user.public, "avatar": avatar(found.user.picture, *settings().thumbnail)}
    if found.key:
        return jsonify({"user": about, "key": found.key.public})
    return jsonify({"user": about, "csrf": csrf_token()})


@blueprint.post("/auth/check")
@csrf.rule(exempt=True)
@describe(
    "Whether a text has the form of an API key, checksum included", tasks.KeyOptions, produces=["application/json"]
)
def check() -> Response:
    answer = run(tasks.check, read_options(tasks.KeyOptions, request))
    return Response(answer.body, content_type=answer.type)

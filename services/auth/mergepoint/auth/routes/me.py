"""/auth/me: who is logged in, for scripts and programs."""

from flask import Flask, Response, jsonify, request

from mergepoint.kit.dispatch import run
from mergepoint.kit.web.body import read_options
from mergepoint.kit.web.openapi import describe

from ..accounts.pictures import avatar
from ..tasks import KeyOptions
from ..tasks import auth as check_key
from .requests import caller, csrf_token, settings


def add(app: Flask) -> None:
    @app.get("/auth/me")
    @describe("Who is logged in; user is null when nobody is", produces=["application/json"])
    def me() -> Response:
        found = caller()
        if found is None:
            return jsonify({"user": None, "csrf": csrf_token()})
        about = {**found.user.public, "avatar": avatar(found.user.picture, *settings().thumbnail)}
        if found.key:
            return jsonify({"user": about, "key": found.key.public})
        return jsonify({"user": about, "csrf": csrf_token()})

    @app.post("/auth/check")
    @describe("Whether a text has the form of an API key, checksum included", KeyOptions, produces=["application/json"])
    def check() -> Response:
        answer = run(check_key, read_options(KeyOptions, request))
        return Response(answer.body, content_type=answer.type)

"""/auth/me: who is logged in, for scripts and programs."""

from flask import Flask, Response, jsonify

from mergepoint.kit.openapi import describe

from .requests import caller, csrf_token


def add(app: Flask) -> None:
    @app.get("/auth/me")
    @describe("Who is logged in; user is null when nobody is", produces=["application/json"])
    def me() -> Response:
        found = caller()
        if found is None:
            return jsonify({"user": None, "csrf": csrf_token()})
        if found.key:
            return jsonify({"user": found.user.public, "key": found.key.public})
        return jsonify({"user": found.user.public, "csrf": csrf_token()})

"""/auth/userbox.js: who is logged in, on any page; and which other origins may ask."""

from flask import Flask, Response, request, send_from_directory

from .files import STATIC
from .requests import OPEN, settings


def add(app: Flask) -> None:
    @app.get("/auth/userbox.js")
    def userbox() -> Response:
        response = send_from_directory(STATIC, "userbox.js")
        response.headers["Cache-Control"] = "public, max-age=300"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    @app.after_request
    def allow_named_origins(response: Response) -> Response:
        source = request.headers.get("Origin")
        if request.path in OPEN and source in settings().origin_set:
            response.headers["Access-Control-Allow-Origin"] = str(source)
            response.headers["Access-Control-Allow-Credentials"] = "true"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = "GET, POST"
                response.headers["Access-Control-Allow-Headers"] = "Content-Type, X-CSRF-Token"
                response.headers["Access-Control-Max-Age"] = "600"
        return response

"""/auth/static/: the style sheet and scripts of our pages."""

from pathlib import Path

from flask import Flask, Response, send_from_directory

STATIC = Path(__file__).parents[1] / "static"


def add(app: Flask) -> None:
    @app.get("/auth/static/<name>")
    def static_file(name: str) -> Response:
        response = send_from_directory(STATIC, name)
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

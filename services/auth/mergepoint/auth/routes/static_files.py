"""/auth/static/: the style sheet and the scripts of our pages."""

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

STATIC = Path(__file__).parents[1] / "static"


blueprint = Blueprint("static_files", __name__)


@blueprint.get("/auth/static/<name>")
def static_file(name: str) -> Response:
    response = send_from_directory(STATIC, name)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response

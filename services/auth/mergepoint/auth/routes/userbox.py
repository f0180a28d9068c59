"""/auth/userbox.js, which shows the user on any page, and the headers for origins that may ask who that is."""

from flask import Blueprint, Response, request, send_from_directory

from ..request.context import settings
from ..request.csrf import CROSS_ORIGIN
from .static_files import STATIC

blueprint = Blueprint("userbox", __name__)


@blueprint.get("/auth/userbox.js")
def userbox() -> Response:
    response = send_from_directory(STATIC, "userbox.js")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.after_app_request
def allow_named_origins(response: Response) -> Response:
    source = request.headers.get("Origin")
    if request.path in CROSS_ORIGIN and source in settings().origin_set:
        response.headers["Access-Control-Allow-Origin"] = str(source)
        response.headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type, X-CSRF-Token"
            response.headers["Access-Control-Max-Age"] = "600"
    return response

"""The HTTP face: routes, negotiation, links, caching. The work is done by tasks, in the sandbox."""

import base64
import binascii
import zlib

from flask import Flask, Response, request

from mergepoint.kit.config import load
from mergepoint.kit.options import read_text
from mergepoint.kit.problems import Problem
from mergepoint.kit.web import caching
from mergepoint.kit.web.body import read_options
from mergepoint.kit.web.openapi import describe
from mergepoint.kit.web.pure import PURE, PureTasks, accepted, pure_app

from . import service
from .config import Settings
from .formats import FORMATS
from .options import BatchOptions, GuessOptions, HighlightOptions, ListOptions, StylesheetOptions

EXTENSIONS = {found.extension: found.name for found in FORMATS.values() if found.chosen_by_type}
# The types that Accept may choose; a client that accepts any gets the first.
ACCEPTABLE = {found.type.partition(";")[0]: found.name for found in FORMATS.values() if found.chosen_by_type}
LIST_AGE = 3600
GUESSED = "auto"  # as the language of a link


def create_app(settings: Settings | None = None) -> Flask:
    """Return the service as a WSGI application; its sandbox starts here, before the process has threads."""
    settings = settings or load(Settings)
    running = service.describe(settings).start()
    app = pure_app(running)
    pure = PureTasks(running)
    _add_calls(app, pure, settings)
    _add_lists(app, pure, settings)
    return app


def _add_calls(app: Flask, pure: PureTasks, settings: Settings) -> None:
    control = caching.fresh_for(settings.max_age)

    @app.route("/highlight", methods=PURE)
    @describe("Highlight a text", HighlightOptions, produces=list(ACCEPTABLE))
    def highlight() -> Response:
        options = read_options(HighlightOptions, request)
        if options.format is None:
            options = options.model_copy(update={"format": accepted(request, ACCEPTABLE)})
        response = pure.answer(request, "highlight", options, control)
        response.headers["Vary"] = "Accept"
        return response

    @app.get(f"/highlight/<language>/<data>.<any({', '.join(EXTENSIONS)}):extension>")
    @describe(
        "Highlight a text that is in the link",
        HighlightOptions,
        produces=list(ACCEPTABLE),
        path_options=("code", "format"),
    )
    def link(language: str, data: str, extension: str) -> Response:
        code = read_text(_unpack(data, settings.max_bytes), "data")
        known = {"code": code, "format": EXTENSIONS[extension]}
        if language != GUESSED:
            known["language"] = language
        return pure.answer(request, "highlight", read_options(HighlightOptions, request, **known), control)

    @app.route("/highlight/batch", methods=["POST", "QUERY"])
    @describe("Highlight up to 100 texts", BatchOptions, produces=["application/json"])
    def batch() -> Response:
        return pure.answer(request, "batch", read_options(BatchOptions, request), control)

    @app.route("/highlight/guess", methods=PURE)
    @describe("Guess the language of a text", GuessOptions, produces=["application/json"])
    def guess() -> Response:
        return pure.answer(request, "guess", read_options(GuessOptions, request), control)


def _add_lists(app: Flask, pure: PureTasks, settings: Settings) -> None:
    def control(version: str | None) -> str:
        return caching.IMMUTABLE if version == service.VERSION else caching.listed_for(LIST_AGE, settings.max_age)

    def add_list(name: str, summary: str) -> None:
        @app.get(f"/highlight/{name}", endpoint=name)
        @describe(summary, ListOptions, produces=["application/json"])
        def listing() -> Response:
            options = read_options(ListOptions, request)
            return pure.answer(request, name, options, control(options.v))

    add_list("languages", "Every language")
    add_list("formats", "Every format")
    add_list("styles", "Every style")

    @app.get("/highlight/styles/<name>.css")
    @describe("A style sheet for css=classes", StylesheetOptions, produces=["text/css"])
    def stylesheet(name: str) -> Response:
        options = read_options(StylesheetOptions, request, name=name)
        return pure.answer(request, "stylesheet", options, control(options.v))


def _unpack(data: str, most: int) -> bytes:
    """Return the text in a link: base64url of the text itself or of its zlib deflate (RFC 1950)."""
    try:
        packed = base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Problem.field("data", "not base64url (RFC 4648, section 5)", code="malformed_data") from None
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, most + 1)
    except zlib.error:
        return packed
    if len(text) > most:
        raise Problem("body_too_large", f"the text has more than {most} bytes")
    return text if inflater.eof and not inflater.unused_data else packed

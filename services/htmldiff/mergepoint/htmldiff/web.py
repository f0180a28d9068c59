"""The HTTP face: routes, negotiation, caching, the content security policy. The tasks do the work."""

from flask import Flask, Response, request

from mergepoint.kit.config import load
from mergepoint.kit.web import caching
from mergepoint.kit.web.body import read_options
from mergepoint.kit.web.openapi import describe
from mergepoint.kit.web.pure import PURE, PureTasks, accepted, pure_app

from . import service
from .config import Settings
from .options import AnnotateOptions, ApplyOptions, HtmldiffOptions, PairOptions
from .writing import page

# The types that Accept may choose; a client that accepts any gets the first.
ACCEPTABLE = {"text/html": "html", "application/json": "json"}
# An answer opened directly runs nothing, whatever it holds; it may show pictures, since a change may be one.
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:"
SHEET_AGE = 3600


def create_app(settings: Settings | None = None) -> Flask:
    """Return the service as a WSGI application; its sandbox starts here, before the process has threads."""
    settings = settings or load(Settings)
    running = service.describe(settings).start()
    app = pure_app(running)
    _add_calls(app, PureTasks(running), settings)
    return app


def _add_calls(app: Flask, pure: PureTasks, settings: Settings) -> None:
    sources = settings.sources_of()

    def answer(name: str, options: PairOptions | AnnotateOptions) -> Response:
        age = settings.max_age
        if isinstance(options, PairOptions):
            options, age = sources.fill(options)
        control = caching.fresh_for(age) if age or not settings.max_age else caching.NO_STORE
        if "format" in type(options).model_fields and options.format is None:  # type: ignore[union-attr]
            options = options.model_copy(update={"format": accepted(request, ACCEPTABLE)})
        response = pure.answer(request, name, options, control)
        response.headers["Vary"] = "Accept"
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.route("/htmldiff", methods=PURE)
    @describe("Show what changed between two documents", HtmldiffOptions, produces=list(ACCEPTABLE))
    def htmldiff() -> Response:
        return answer("htmldiff", read_options(HtmldiffOptions, request))

    @app.route("/htmldiff/apply", methods=["POST", "QUERY"])
    @describe("Make just some of the changes", ApplyOptions, produces=["text/html"])
    def apply() -> Response:
        return answer("apply", read_options(ApplyOptions, request))

    @app.route("/htmldiff/annotate", methods=["POST", "QUERY"])
    @describe("Say which version each part came from", AnnotateOptions, produces=list(ACCEPTABLE))
    def annotate() -> Response:
        return answer("annotate", read_options(AnnotateOptions, request))

    @app.get("/htmldiff/diff.css")
    @describe("A style sheet for answers that are put into a page", produces=["text/css"])
    def stylesheet() -> Response:
        response = Response(page.CSS, content_type="text/css; charset=utf-8")
        return caching.mark(
            response, caching.etag(service.VERSION, page.CSS), caching.listed_for(SHEET_AGE, settings.max_age)
        )

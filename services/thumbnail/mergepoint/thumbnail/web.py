"""The HTTP face: routes, negotiation, caching. The work is done by tasks, in the sandbox."""

import numpy as np
import PIL
from flask import Flask, Response, request

from mergepoint.kit import caching
from mergepoint.kit.body import read_options
from mergepoint.kit.config import load
from mergepoint.kit.dispatch import server
from mergepoint.kit.openapi import describe
from mergepoint.kit.pure import Pure
from mergepoint.kit.sandbox import Sandbox
from mergepoint.kit.web import base_app

from .config import Settings
from .encoding import TYPES
from .options import RenderOptions, ThumbnailOptions, spec_of
from .tasks import bounded, limited
from .warmth import SAMPLE, warm

VERSION = "0.1.0"
LIBRARIES = {"pillow": PIL.__version__, "numpy": np.__version__}
STATUS = {"unsupported_type": 415}
PICTURES = ["POST", "QUERY"]
# What auto may choose beside what every reader takes, if Accept names it; the smallest file first.
NEGOTIATED = {"image/avif": "AVIF", "image/webp": "WEBP"}


def create_app(settings: Settings | None = None) -> Flask:
    """Return the service as a WSGI application; its sandbox starts here, before the process has threads."""
    settings = settings or load(Settings)
    sandbox = Sandbox(
        server(limited(settings.limits), most=settings.max_output_bytes),
        prepare=warm,
        children=settings.children,
        stragglers=settings.children,
        memory=settings.memory_bytes,
    )
    sandbox.start()
    tasks = bounded(sandbox, settings.limits)
    app = base_app(
        "thumbnail",
        version=VERSION,
        libraries=LIBRARIES,
        check=lambda: tasks["thumbnail"](ThumbnailOptions(image=SAMPLE, width=1)),
        status=STATUS,
        max_bytes=settings.max_bytes,
        pure=True,
    )
    app.extensions["sandbox"] = sandbox
    _add_calls(app, Pure(tasks, version=VERSION, libraries=LIBRARIES), settings)
    return app


def _add_calls(app: Flask, pure: Pure, settings: Settings) -> None:
    control = caching.fresh_for(settings.max_age)

    @app.route("/thumbnail", methods=PICTURES)
    @describe("Make a picture small", ThumbnailOptions, produces=list(TYPES.values()))
    def thumbnail() -> Response:
        options = read_options(ThumbnailOptions, request)
        wanted = RenderOptions(image=options.image, spec=spec_of(options, _accepted()))
        response = pure.answer(request, "render", wanted, control)
        if options.format == "auto":
            response.headers["Vary"] = "Accept"
        return response


def _accepted() -> tuple[str, ...]:
    """Return the formats that Accept names; what it takes only by a wildcard, it has not asked for."""
    named = {kind for kind, quality in request.accept_mimetypes if quality > 0}
    return tuple(format for kind, format in NEGOTIATED.items() if kind in named)

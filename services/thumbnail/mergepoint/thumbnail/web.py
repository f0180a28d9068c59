"""The HTTP face: routes, negotiation, caching. The tasks do the work, in the sandbox."""

import json
from collections.abc import Mapping
from dataclasses import replace

from flask import Flask, Response, request
from werkzeug.routing import PathConverter

from mergepoint.kit.config import load
from mergepoint.kit.dispatch import Function, run
from mergepoint.kit.problems import Problem
from mergepoint.kit.web import caching
from mergepoint.kit.web.body import read_options
from mergepoint.kit.web.openapi import describe
from mergepoint.kit.web.pure import PureTasks, pure_app

from . import service
from .config import Settings
from .files.header import Header
from .formats import TYPES
from .links import revalidation
from .links.delivery import LinkVerifier, deliver_unprocessed, lifetime, raw_path, read_source, set_filename
from .links.grammar import Grammar, UnknownOption
from .links.link import Link
from .negotiation import accepted_formats
from .options import InfoOptions, MeasureOptions, RenderOptions, SetOptions, ThumbnailOptions, merge
from .spec import Spec

PICTURES = ["POST", "QUERY"]


class Rest(PathConverter):
    """The rest of a path, line breaks included. Its value is not used, since links are read from the raw path."""

    regex = "(?s:.+)"
    part_isolating = False


def create_app(settings: Settings | None = None) -> Flask:
    """Return the service as a WSGI application. Its sandbox starts here, before the process has threads."""
    settings = settings or load(Settings)
    running = service.describe(settings).start()
    app = pure_app(running)
    pure = PureTasks(running)
    _add_calls(app, pure, settings, settings.grammar())
    _add_more(app, pure, settings)
    _add_links(app, pure, running.tasks, settings)
    return app


def _add_calls(app: Flask, pure: PureTasks, settings: Settings, grammar: Grammar) -> None:
    control = caching.fresh_for(settings.max_age)

    @app.route("/thumbnail", methods=PICTURES)
    @describe("Make a picture small", ThumbnailOptions, produces=list(TYPES.values()))
    def thumbnail() -> Response:
        options = read_options(ThumbnailOptions, request)
        spec = merge(_preset(grammar, options.preset), options, _accepted_formats())
        wanted = RenderOptions(image=options.image, spec=spec)
        return _vary_on_accept(pure.answer(request, "render", wanted, control), spec.format is None)


def _preset(grammar: Grammar, name: str | None) -> Spec:
    try:
        return grammar.preset(name) if name else Spec()
    except UnknownOption as error:
        raise Problem.of(error) from None


def _add_more(app: Flask, pure: PureTasks, settings: Settings) -> None:
    control = caching.fresh_for(settings.max_age)

    @app.route("/thumbnail/info", methods=PICTURES)
    @describe("Say what a picture is", InfoOptions, produces=["application/json"])
    def info() -> Response:
        return pure.answer(request, "info", read_options(InfoOptions, request), control)

    @app.route("/thumbnail/set", methods=PICTURES)
    @describe("Make a picture small in several widths and formats", SetOptions, produces=["application/zip"])
    def make_set() -> Response:
        return pure.answer(request, "set", read_options(SetOptions, request), control)


def _add_links(app: Flask, pure: PureTasks, tasks: Mapping[str, Function], settings: Settings) -> None:
    verifier = LinkVerifier(settings.signer(), settings.grammar(), unsigned=settings.unsigned)
    sources = settings.sources_of()

    app.url_map.converters["rest"] = Rest

    @app.get("/thumbnail/<signature>/<rest:rest>", merge_slashes=False)
    @describe("Make a picture small that is somewhere else: imgproxy's URLs", produces=list(TYPES.values()))
    def link(signature: str, rest: str) -> Response:
        wanted = verifier.verify(raw_path(request).removeprefix("/thumbnail"))
        negotiated = settings.auto_format and wanted.spec.format is None
        if negotiated:
            wanted = replace(wanted, spec=replace(wanted.spec, takes=_accepted_formats()))
        made_by = _fingerprint_inputs("render", wanted)
        known = revalidation.find_known(request.if_none_match.as_set(), made_by)
        found = read_source(wanted, sources, settings.max_bytes, known[1] if known else None)
        control = lifetime(wanted, found)
        if known and found.unchanged:
            return _vary_on_accept(caching.not_modified(known[0], control), negotiated)
        suffix = revalidation.suffix(made_by, found.version)
        if wanted.raw or wanted.unprocessed:
            same = deliver_unprocessed(wanted, _measure(tasks, found.body), found.body, settings.limits)
            if same:
                tag = caching.etag(service.VERSION, same.type, same.body) + suffix
                response = Response(same.body, content_type=same.type, headers=dict(same.meta))
                return _vary_on_accept(set_filename(caching.mark(response, tag, control), wanted), negotiated)
        options = RenderOptions(image=found.body, spec=wanted.spec, limits=wanted.limits)
        response = _vary_on_accept(pure.answer(request, "render", options, control, suffix), negotiated)
        return response if response.status_code == 304 else set_filename(response, wanted)

    @app.get("/thumbnail/info/<signature>/<rest:rest>", merge_slashes=False)
    @describe("Say what a picture is that is somewhere else", produces=["application/json"])
    def info_link(signature: str, rest: str) -> Response:
        wanted = verifier.verify(raw_path(request).removeprefix("/thumbnail/info"))
        made_by = _fingerprint_inputs("info", wanted)
        known = revalidation.find_known(request.if_none_match.as_set(), made_by)
        found = read_source(wanted, sources, settings.max_bytes, known[1] if known else None)
        control = lifetime(wanted, found)
        if known and found.unchanged:
            return caching.not_modified(known[0], control)
        suffix = revalidation.suffix(made_by, found.version)
        return pure.answer(request, "info", InfoOptions(image=found.body), control, suffix)


def _vary_on_accept(response: Response, negotiated: bool) -> Response:
    """Add ``Vary: Accept`` if the format was *negotiated*."""
    if negotiated:
        response.headers["Vary"] = "Accept"
    return response


def _fingerprint_inputs(name: str, link: Link) -> list[str]:
    """Return everything that an answer to *link* depends on, except its source."""
    options = RenderOptions(image=b"", spec=link.spec, limits=link.limits)
    how = repr((link.raw, link.unprocessed, link.filename, link.attachment, link.most_bytes))
    return [service.VERSION, *service.LIBRARIES.values(), name, options.model_dump_json(), how]


def _measure(tasks: Mapping[str, Function], body: bytes) -> Header | None:
    """Return the header of *body*; None if it is no picture."""
    try:
        said = json.loads(run(tasks["measure"], MeasureOptions(image=body)).body)
    except Problem:
        return None
    return Header(said["format"], said["width"], said["height"], said["frames"])


def _accepted_formats() -> tuple[str, ...]:
    return accepted_formats(request.accept_mimetypes)

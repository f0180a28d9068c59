"""The suite for gunicorn, as the command line has set it up. It is no service: nothing in nginx or compose knows it."""

import itertools
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from gunicorn.errors import AppImportError
from gunicorn.util import import_app

from mergepoint.kit.config import BAD_CONFIGURATION, load

from .application import Suite
from .config import Settings
from .services import BadSettings

log = structlog.get_logger()


def create_app() -> "Served":
    """Return the suite with the settings of the environment."""
    settings = load(Settings)
    try:
        return Served(Suite(settings.names, threads=settings.threads, debug=settings.debug), settings)
    except BadSettings as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_CONFIGURATION)


class Served:
    """The *suite* with what is around it while one develops: a profiler, a debugger."""

    def __init__(self, suite: Suite, settings: Settings) -> None:
        self._suite, self._settings = suite, settings
        self._app: WSGIApplication = suite
        if settings.profile:
            self._app = _profiled(self._app, settings.profile)
        if settings.debug:
            self._app = _debugged(self._app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._app(environ, start_response)

    def after_fork(self) -> None:
        """Load the other applications, in the worker: what they start on import, such as threads, ends with a fork."""
        if self._settings.mounts:
            self._suite.mount({prefix: _load(prefix, place) for prefix, place in self._settings.mounts})


def _load(prefix: str, place: str) -> WSGIApplication:
    try:
        app: WSGIApplication = import_app(place)
    except (Exception, SystemExit) as error:
        log.error("not loaded", detail=f"--mount {prefix}={place}", exc_info=error)
        raise AppImportError(f"--mount {prefix}={place}: {type(error).__name__}: {error}") from error
    return app


def _profiled(app: WSGIApplication, folder: str) -> WSGIApplication:
    from werkzeug.middleware.profiler import ProfilerMiddleware

    numbers = itertools.count(len(list(Path(folder).glob("*.prof"))) + 1)

    def name(environ: WSGIEnvironment) -> str:
        path = re.sub(r"[^A-Za-z0-9_-]+", ".", environ["PATH_INFO"])[:60].strip(".") or "root"
        return f"{next(numbers):05}.{environ['REQUEST_METHOD'][:20]}.{path}.prof"

    how: Any = {"filename_format": name}  # its types know only texts
    return ProfilerMiddleware(app, stream=None, profile_dir=folder, **how)


def _debugged(app: WSGIApplication) -> WSGIApplication:
    from werkzeug.debug import DebuggedApplication

    return DebuggedApplication(app, evalex=True)

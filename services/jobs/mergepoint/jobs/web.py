"""The HTTP face, put together: the core and the settings, the paths of routes/, refusals."""

import os
from importlib.metadata import version

import structlog
from flask import Flask, Response

from mergepoint.kit.config import load
from mergepoint.kit.fetch.post import Poster
from mergepoint.kit.problems import Problem
from mergepoint.kit.web.app import base_app

from . import start
from .config import Settings
from .core import Jobs
from .errors import JobsError, NoAnswer, NoLonger, StoreUnavailable
from .identities import Identities
from .metrics import metrics_of
from .routes import accept, callbacks, watch
from .service import VERSION
from .statuses import STATUS

LIBRARIES = {"sqlalchemy": version("sqlalchemy")}

log = structlog.get_logger()


def create_app(
    settings: Settings | None = None, jobs: Jobs | None = None, identities: Identities | None = None
) -> Flask:
    """Return the service as a WSGI application; the database is brought up to date here, before workers are forked."""
    settings = settings or load(Settings)
    jobs = jobs or start.open_core(settings)
    identities = identities or start.identities(settings, os.environ.get("MERGEPOINT_BIND", ""))
    app = base_app(
        "jobs",
        version=VERSION,
        libraries=LIBRARIES,
        check=jobs.store.check,
        status=STATUS,
        max_bytes=settings.max_bytes,
        collect=metrics_of(jobs, settings.service_names),
    )
    app.extensions |= {"jobs": jobs, "settings": settings, "identities": identities}
    app.extensions["callbacks"] = Poster(settings.callbacks)
    for routes in (accept, callbacks, watch):
        app.register_blueprint(routes.blueprint)
    _add_refusals(app)
    return app


def _add_refusals(app: Flask) -> None:
    answer = app.extensions["answer_problem"]

    @app.errorhandler(JobsError)
    def refuse(error: JobsError) -> Response:
        headers = {}
        if (seconds := getattr(error, "retry_after", None)) is not None:
            headers["Retry-After"] = str(seconds)
        if error.code == "login_required":
            headers["WWW-Authenticate"] = 'Bearer realm="mergepoint"'
        if isinstance(error, StoreUnavailable):
            log.error("unavailable", detail=str(error.__cause__)[:500])
        problem = Problem.of(error)
        if message := getattr(error, "message", None):
            problem.errors = [{"field": problem.errors[0]["field"], "message": message}]
        response: Response = answer(problem, headers)
        if isinstance(error, NoAnswer | NoLonger):
            response.headers["Mergepoint-Job"] = error.job_id  # so that no client tries again
        return response

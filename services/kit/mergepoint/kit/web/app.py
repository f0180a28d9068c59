"""The Flask application that every service starts from: health, errors, request ids, metrics, OpenAPI.

It knows HTTP and nothing of what a service does; that is passed in.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, make_response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client import REGISTRY as LOCAL
from prometheus_client import values as metric_values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from werkzeug.exceptions import HTTPException

from .. import problems
from ..problems import Problem
from . import openapi
from .endpoints import endpoint_name

log = structlog.get_logger()
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
RETRY_AFTER = {503: "1"}
# What the pages of other origins may read, beside a service's own headers (Fetch Standard, CORS-exposed header names).
EXPOSED = ("Cache-Status", "ETag", "Mergepoint-Degraded", "Retry-After", "Server-Timing", "X-Request-Id")
CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    400: "bad_request",
}
DETAILS = {  # nginx's own words (nginx/snippets/http/answer.conf)
    404: "there is nothing at this path",
    405: "this path does not take this method; use one that Allow lists",
    413: "the body is larger than this path takes; send a smaller one",
}

REQUESTS = Counter("mergepoint_requests", "Requests answered", ["service", "endpoint", "status"])
SECONDS = Histogram(
    "mergepoint_request_seconds",
    "Time to answer",
    ["service", "endpoint"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def base_app(
    name: str,
    *,
    version: str,
    libraries: Mapping[str, str],
    check: Callable[[], object] = lambda: None,
    status: Mapping[str, int] | None = None,
    max_bytes: int,
    exposed_headers: Sequence[str] | None = None,
    template_folder: Path | None = None,
    collect: Callable[[], Iterable[Metric]] | None = None,
) -> Flask:
    """Return an application with everything but the service's own routes.

    *check* raises when the service cannot do its job. *status* maps the service's error codes to HTTP. With
    *exposed_headers*, names beside EXPOSED, pages of any origin may call the service and read these. A service with
    pages gives the absolute path of their *template_folder*: Flask finds no package in a namespace (``mergepoint``)
    that has several folders. *collect* returns numbers that no process of ours counts, such as a database's, for
    ``/metrics``. Other error handlers make the answer of a Problem by
    ``app.extensions["answer_problem"]``.
    """
    app = Flask(name, static_folder=None, template_folder=template_folder)
    app.config["MAX_CONTENT_LENGTH"] = max_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    codes = {**problems.STATUS, **(status or {})}
    _add_request_ids(app, name)
    _add_problems(app, codes)
    if exposed_headers is not None:
        _allow_any_origin(app, sorted({*EXPOSED, *exposed_headers}))
    _add_operations(app, name, version, libraries, check, collect)
    return app


def _add_request_ids(app: Flask, service: str) -> None:
    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        took = time.perf_counter() - g.began
        response.headers["X-Request-Id"] = g.request_id
        timings = [f"{what};dur={seconds * 1000:.2f}" for what, seconds in g.pop("timings", ())]
        response.headers["Server-Timing"] = ", ".join([*timings, f"total;dur={took * 1000:.2f}"])
        endpoint = endpoint_name(request.endpoint or "none")
        REQUESTS.labels(service, endpoint, response.status_code).inc()
        SECONDS.labels(service, endpoint).observe(took)
        return response


def _endpoint() -> str | None:
    return endpoint_name(request.endpoint) if request.endpoint else None


def record_timing(what: str, began: float) -> None:
    """Add the time since *began* (``time.perf_counter``) to the Server-Timing header of this answer, as *what*."""
    g.setdefault("timings", []).append((what, time.perf_counter() - began))


def _add_problems(app: Flask, codes: Mapping[str, int]) -> None:
    def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
        document = problems.document(problem, codes, request_id=g.request_id)
        status = document["status"]
        response = make_response(document, status)
        response.headers.update(headers or {})
        response.headers["Content-Type"] = "application/problem+json"
        response.headers["Cache-Control"] = "no-store"
        if status in RETRY_AFTER:
            response.headers["Retry-After"] = RETRY_AFTER[status]
        log.info("refused", status=status, code=problem.code, endpoint=_endpoint())
        return response

    app.extensions["answer_problem"] = answer

    @app.errorhandler(Problem)
    def refuse(problem: Problem) -> Response:
        return answer(problem)

    @app.errorhandler(HTTPException)
    def from_werkzeug(error: HTTPException) -> Response | HTTPException:
        if (error.code or 500) < 400:
            return error
        headers = {key: value for key, value in error.get_headers() if key == "Allow"}
        return answer(
            Problem(CODES.get(error.code or 500, "bad_request"), _detail(error)),
            headers,
        )

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected", endpoint=_endpoint(), exc_info=error)
        return answer(Problem("internal_error", problems.INTERNAL_ERROR))


def _detail(error: HTTPException) -> str:
    """Return what was wrong, by ourselves where Werkzeug has only its general words."""
    given = error.description or ""
    return DETAILS.get(error.code or 500, given) if given == type(error).description else given


def _allow_any_origin(app: Flask, exposed: Sequence[str]) -> None:
    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Access-Control-Expose-Headers"] = ", ".join(exposed)
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = "Content-Type, X-Request-Id, If-None-Match"
            response.headers["Access-Control-Max-Age"] = "86400"
        return response


def _add_operations(
    app: Flask,
    name: str,
    version: str,
    libraries: Mapping[str, str],
    check: Callable[[], object],
    collect: Callable[[], Iterable[Metric]] | None,
) -> None:
    more = CollectorRegistry()
    if collect:
        more.register(_Collector(collect))

    @app.get(f"/{name}/health")
    @openapi.describe(
        "Whether the service can do its job, and its versions",
        produces=["application/json"],
    )
    def health() -> Any:
        try:
            check()
        except Exception as error:
            log.error("unhealthy", exc_info=error)
            raise Problem("unavailable", f"{name} cannot do its job now") from error
        body = {
            "status": "ok",
            "service": name,
            "version": version,
            "libraries": dict(libraries),
        }
        return body, {"Cache-Control": "no-store"}

    @app.get(f"/{name}/openapi.json")
    def document() -> Any:
        return openapi.document(app, name, version), {"Cache-Control": "no-cache"}

    @app.get(f"/{name}/docs")
    def docs() -> Any:
        page = openapi.page(openapi.document(app, name, version))
        return page, {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-cache",
        }

    @app.get("/metrics")
    def metrics() -> Any:
        return generate_latest(_registry()) + generate_latest(more), {"Content-Type": CONTENT_TYPE_LATEST}


class _Collector(Collector):
    """Numbers that are counted when they are asked for."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        return self._collect()


def _registry() -> CollectorRegistry:
    """All workers' metrics when gunicorn.conf.py has set up a folder for them, else this process's."""
    if metric_values.ValueClass is not metric_values.MutexValue:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry
    return LOCAL

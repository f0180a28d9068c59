"""Answers that depend on nothing but the request: their type by Accept, their ETag, and 304."""

import time
from collections.abc import Mapping

from flask import Flask, Request, Response
from werkzeug.datastructures import MIMEAccept

from ..dispatch import run
from ..options import Options, binary_field
from ..service import RunningService
from . import caching
from .app import base_app, record_timing
from .media import JSON

PURE = ["GET", "POST", "QUERY"]
UNACCEPTABLE = (0.0, -9)


def pure_app(running: RunningService) -> Flask:
    """Return the application of a pure service with everything but its own routes. Any web page may call it."""
    service = running.service
    app = base_app(
        service.name,
        version=service.version,
        libraries=service.libraries,
        check=running.check,
        status=service.status,
        max_bytes=service.max_bytes,
        exposed_headers=service.exposed_headers,
    )
    app.extensions["sandbox"] = running.sandbox
    return app


class PureTasks:
    """Answers requests by the tasks of a *running* service."""

    def __init__(self, running: RunningService) -> None:
        self._tasks = running.tasks
        self._service = running.service

    def answer(self, request: Request, name: str, options: Options, control: str, suffix: str = "") -> Response:
        """Return the answer of the task *name* to *options*, or 304 without running it.

        The ETag is made from the options and versions, and ends in *suffix*. *control* is the Cache-Control of an
        answer that is not degraded. Raises the Problems of the task.
        """
        versions = self._service.version, *self._service.libraries.values()
        tag = caching.etag(*versions, name, *_parts(options)) + suffix
        if caching.knows(request, tag):
            return caching.not_modified(tag, control)
        began = time.perf_counter()
        answer = run(self._tasks[name], options)
        record_timing(name, began)
        response = Response(answer.body, content_type=answer.type, headers=dict(answer.meta))
        if "Mergepoint-Degraded" in answer.meta:
            return caching.mark(response, None, caching.NO_STORE)
        return caching.mark(response, tag, control)


def _parts(options: Options) -> list[str | bytes]:
    binary = binary_field(type(options))
    if not binary:
        return [options.model_dump_json()]
    return [options.model_dump_json(exclude={binary}), getattr(options, binary)]


def accepted(request: Request, acceptable: Mapping[str, str]) -> str:
    """Return the format that ``Accept`` chooses among *acceptable* (media type → format); the first if it does not.

    JSON is chosen only if nothing else is: libraries ask for it by themselves, and their users do not know.
    """
    sent = request.headers.get("Accept", "")
    default = next(iter(acceptable))
    if sent in acceptable:
        return acceptable[sent]
    if sent in ("", "*/*"):
        return acceptable[default]
    liked = {kind: _liking(request.accept_mimetypes, kind) for kind in acceptable}
    chosen = max((kind for kind in acceptable if kind != JSON), key=liked.__getitem__, default=default)
    if liked[chosen] == UNACCEPTABLE:
        chosen = JSON if liked.get(JSON, UNACCEPTABLE) != UNACCEPTABLE else default
    return acceptable[chosen]


def _liking(accept: MIMEAccept, kind: str) -> tuple[float, int]:
    """Return the quality of *kind* and how closely it is named: the closest name says both (RFC 9110, 12.5.1)."""
    names = {kind: 0, f"{kind.partition('/')[0]}/*": -1, "*/*": -2, "*": -2}
    for item, quality in accept:  # the closest first
        name = item.partition(";")[0].strip().lower()
        if name in names:
            return (quality, names[name]) if quality > 0 else UNACCEPTABLE
    return UNACCEPTABLE

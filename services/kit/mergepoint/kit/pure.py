"""Answers that depend on nothing but the request: which type is acceptable, what tags it, when a 304 will do."""

import time
from collections.abc import Mapping

from flask import Request, Response

from . import caching
from .dispatch import Task, run
from .options import Options, binary_field
from .web import timed

PURE = ["GET", "POST", "QUERY"]


class Pure:
    """Answers requests by *tasks*; *version* and *libraries* are all that has a say in the bytes of an answer."""

    def __init__(self, tasks: Mapping[str, Task], *, version: str, libraries: Mapping[str, str]) -> None:
        self._tasks = tasks
        self._version = version
        self._libraries = libraries

    def answer(self, request: Request, name: str, options: Options, control: str, suffix: str = "") -> Response:
        """Return what the task *name* makes of *options*, or 304: the tag is made from the options, not the answer, and
        *suffix* is added to it."""
        tag = caching.etag(self._version, *self._libraries.values(), name, *_parts(options)) + suffix
        if caching.knows(request, tag):
            return caching.not_modified(tag, control)
        began = time.perf_counter()
        answer = run(self._tasks[name], options)
        timed(name, began)
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
    """Return the format that ``Accept`` chooses among *acceptable* (media type → format); the first if it does not."""
    accept = request.headers.get("Accept", "")
    default = next(iter(acceptable))
    if accept in acceptable:
        return acceptable[accept]
    if accept in ("", "*/*"):
        return acceptable[default]
    return acceptable[request.accept_mimetypes.best_match(list(acceptable), default)]

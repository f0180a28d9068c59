"""Answers that depend on nothing but the request: which type is acceptable, what tags it, when a 304 will do."""

import time
from collections.abc import Mapping

from flask import Request, Response
from werkzeug.datastructures import MIMEAccept

from ..dispatch import Task, run
from ..options import Options, binary_field
from . import caching
from .app import timed
from .media import JSON

PURE = ["GET", "POST", "QUERY"]
UNACCEPTABLE = (0.0, -9)


class PureTasks:
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

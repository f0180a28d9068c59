"""The two ways in: nginx's hop for a request with ``Prefer: respond-async``, and ``POST /jobs``: the same as JSON."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import Field

from mergepoint.kit.options import Binary, Options, read_object, validate
from mergepoint.kit.problems import Problem
from mergepoint.kit.web.openapi import describe

from ..errors import Invalid
from ..requests.headers import ALLOWED, check_headers
from ..requests.job_request import JobRequest, Owner, check_method
from ..requests.paths import service_of
from ..requests.preferences import preferences, wait_of
from ..requests.terms import ATTEMPTS, DEADLINE, attempts_of, deadline_of, time_of
from .callbacks import check_callback
from .context import accepted, body, jobs, no_such_path, owner, settings
from .request import drain, job_id, of_request, prefer

HOP = {"at": "Mergepoint-At", "deadline": "Mergepoint-Deadline", "attempts": "Mergepoint-Attempts",
       "callback": "Mergepoint-Callback"}  # fmt: skip

Result = TypeVar("Result")
blueprint = Blueprint("accept", __name__)
blueprint.after_request(drain)


class JobOptions(Options):
    """A request to perform later."""

    path: str = Field(description="path and query of a service that runs later, such as /highlight?language=python")
    method: str = Field("POST", description="GET, HEAD, POST, QUERY, PUT, PATCH or DELETE")
    headers: dict[str, str] = Field(default_factory=dict, description=f"of {', '.join(ALLOWED)}")
    body: str = Field("", description="the body, if it is text")
    body_base64: Binary = Field(b"", description="the body, if it is not, in base64")
    at: str | None = Field(None, description="not before this time (RFC 3339)")
    deadline: float | None = Field(None, strict=True, description="seconds of an attempt, 1 to 3600; 300 by default")
    attempts: float | None = Field(None, strict=True, description="how often it may be tried, 1 to 20; 5 by default")
    callback: str | None = Field(
        None, description="the URL that is told when the job is finished, by a message of Standard Webhooks"
    )


@blueprint.post("/jobs")
@describe("Perform a request later", JobOptions, produces=["application/json"], status=HTTPStatus.ACCEPTED)
def create() -> Response:
    if request.mimetype != "application/json":
        raise Problem("unsupported_type", f"Content-Type {request.mimetype[:60]!r}: send JSON")
    for name in request.args:
        raise Invalid(name[:60], "stands in the query; here all options stand in the JSON")
    options = validate(JobOptions, dict(read_object(body(), "body")))
    if options.body and options.body_base64:
        raise Invalid("body_base64", "stands beside body; send one of them")
    asker, wait = owner(), wait_of(prefer())
    made = JobRequest(
        service=service_of(options.path, settings().service_names),
        method=check_method(options.method),
        target=options.path,
        body=options.body_base64 or options.body.encode(),
        headers=check_headers(options.headers.items()),
        **_terms(asker, {"at": options.at, "deadline": options.deadline, "attempts": options.attempts,
                         "callback": options.callback}),
        **of_request(asker),
    )  # fmt: skip
    job, _ = jobs().accept(job_id(), asker, made)
    return accepted(job, wait, preferred="respond-async" in preferences(prefer()))


@blueprint.post("/jobs/_accept")
def accept() -> Response:
    """nginx's hop: it names the service, and drops these headers from what clients send."""
    headers = request.headers
    service, target = headers.get("Mergepoint-Later-Service", ""), headers.get("Mergepoint-Target", "")
    if not service or not target or "Mergepoint-Job" not in headers:
        raise no_such_path()
    asker, wait = owner(), wait_of(prefer())
    made = JobRequest(
        service=service,
        method=check_method(headers.get("Mergepoint-Method", "")),
        target=target,
        body=body(),
        headers=_named("", lambda: check_headers((name, headers[name]) for name in ALLOWED if headers.get(name))),
        **_terms(asker, {name: headers.get(header) for name, header in HOP.items()}, HOP),
        **of_request(asker),
    )
    job, _ = jobs().accept(job_id(), asker, made)
    return accepted(job, wait)


def _terms(asker: Owner, given: Mapping[str, Any], names: Mapping[str, str] = {}) -> dict[str, Any]:
    """Return when, how long, how often, and who is told; *names* are how callers know the fields."""
    read: dict[str, Callable[[Any], Any]] = {
        "at": lambda value: time_of(value, jobs().now()),
        "deadline": deadline_of,
        "attempts": attempts_of,
        "callback": lambda value: check_callback(value, asker),
    }
    defaults = {"at": None, "deadline": DEADLINE, "attempts": ATTEMPTS, "callback": None}
    found = {}
    for field, value in given.items():
        name = names.get(field, field)
        found[field] = defaults[field] if value is None else _named(name, lambda r=read[field], v=value: r(v))  # type: ignore[misc]
    return found


def _named(name: str, check: Callable[[], Result]) -> Result:
    """Return what *check* does, whose field callers know as *name*; without a name, by what follows its last dot."""
    try:
        return check()
    except Invalid as error:
        raise Invalid(name or error.field.rpartition(".")[2], error.message, error.code) from error

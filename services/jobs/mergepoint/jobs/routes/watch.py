"""/jobs and /jobs/<id>: what owners see of their jobs, and what they may do with them."""

from http import HTTPStatus
from typing import Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from .. import representation
from ..config import NAME
from ..errors import Invalid, LoginRequired
from ..queue.job import STATES
from ..queue.listing import PAGE
from ..requests.paths import service_of
from ..requests.preferences import preferences, wait_of
from ..tasks import PathOptions
from .context import accepted, answer, asker, body, jobs, no_such_path, owner, settings
from .request import drain, job_id, of_request, prefer


class Filters(Options):
    """What a list of jobs is narrowed by."""

    state: Literal["queued", "running", "done", "failed", "cancelled"] | None = Field(None, description="of this state")
    service: str | None = Field(None, description="for this service")
    after: str | None = Field(None, description="the id of the last job of the page before")


FILTERS = tuple(Filters.model_fields)
blueprint = Blueprint("watch", __name__)
blueprint.after_request(drain)


@blueprint.get("/jobs")
@describe("Your jobs, newest first, 50 at a time", Filters, produces=["application/json"])
def list_jobs() -> Response:
    who = asker()
    if who.user is None:
        raise LoginRequired
    filters = _filters()
    found = jobs().list(who, filters)
    callbacks = jobs().callbacks(found)
    page = {"jobs": [representation.describe(job, callbacks.get(job.id)) for job in found]}
    if len(found) == PAGE:
        page |= {"after": found[-1].id}  # type: ignore[dict-item]
    response = jsonify(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/jobs/check")
@describe("May a path be that of a job? Its service", PathOptions, produces=["application/json"])
def check() -> Response:
    return jsonify(service=service_of(body().decode(errors="replace").strip(), settings().service_names))


@blueprint.get("/jobs/<id>")
@describe("A job: its state, attempts, times, progress, and why", produces=["application/json"])
def show(id: str) -> Response:
    job = jobs().show(id, asker())
    return answer(job, ahead=jobs().ahead_of(job))


@blueprint.get("/jobs/<id>/events")
@describe("Server-sent events, one for each change; Last-Event-ID resumes", produces=["text/event-stream"])
def events(id: str) -> Response:
    raise no_such_path()  # nginx asks the companion (waiting/): a caller who waits holds no thread of gunicorn's


@blueprint.delete("/jobs/<id>")
@describe("Cancel a job; the answer of a running one is dropped", produces=["application/json"])
def cancel(id: str) -> Response:
    return answer(jobs().cancel(id, asker()))


@blueprint.post("/jobs/<id>/replay")
@describe("Make a new job of the same request", produces=["application/json"], status=HTTPStatus.ACCEPTED)
def replay(id: str) -> Response:
    who, wait = owner(), wait_of(prefer())
    job = jobs().replay(id, job_id(), who, **of_request(who))
    return accepted(job, wait, preferred="respond-async" in preferences(prefer()))


@blueprint.get("/jobs/<id>/result")
@describe("The answer of the service: its status, content headers and bytes", produces=["*/*"])
def result(id: str) -> Response:
    job, pieces = jobs().result(id, asker())
    response = Response(pieces, status=job.result_status, direct_passthrough=True)
    response.headers.clear()
    response.headers.update(representation.result_headers(job))
    return response


def _filters() -> dict[str, str | None]:
    """Return what the list is narrowed by; raise Invalid for what is not known, given twice or cannot be."""
    for name, values in request.args.lists():
        if name not in FILTERS:
            raise Invalid(name[:60], f"is not known; there are {', '.join(FILTERS)}")
        if len(values) > 1:
            raise Invalid(name, "is given more than once")
    filters = {name: request.args.get(name) or None for name in FILTERS}
    if filters["state"] not in (None, *STATES):
        raise Invalid("state", f"{', '.join(STATES)} are expected")
    if filters["service"] and not NAME.fullmatch(filters["service"]):
        raise Invalid("service", "the name of a service such as highlight is expected")
    return filters

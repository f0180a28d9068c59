"""/jobs and /jobs/<id>: what owners see of their jobs, and what they may do with them."""

from flask import Blueprint, Response, jsonify, request

from mergepoint.kit.web.openapi import describe

from .. import representation
from ..errors import Invalid, LoginRequired
from ..queue.job import STATES
from ..queue.listing import PAGE
from ..requests.paths import service_of
from ..requests.preferences import preferences, wait_of
from ..tasks import PathOptions
from .context import accepted, answer, asker, body, jobs, owner, settings
from .request import drain, job_id, of_request, prefer

FILTERS = ("state", "service", "after")

blueprint = Blueprint("watch", __name__)
blueprint.after_request(drain)


@blueprint.get("/jobs")
@describe("Your jobs, newest first; ?state=, ?service=, ?after= an id", produces=["application/json"])
def list_jobs() -> Response:
    who = asker()
    if who.user is None:
        raise LoginRequired
    for name in request.args:
        if name not in FILTERS:
            raise Invalid(name[:60], f"is not known; there are {', '.join(FILTERS)}")
    filters = {name: request.args.get(name) or None for name in FILTERS}
    if filters["state"] not in (None, *STATES):
        raise Invalid("state", f"{', '.join(STATES)} are expected")
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
@describe("A job: its state, attempts, times, and why", produces=["application/json"])
def show(id: str) -> Response:
    return answer(jobs().show(id, asker()))


@blueprint.delete("/jobs/<id>")
def cancel(id: str) -> Response:
    return answer(jobs().cancel(id, asker()))


@blueprint.post("/jobs/<id>/replay")
@describe("Make a new job of the same request", produces=["application/json"])
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

"""What routes share: the core, the settings and who asks, as the application has them."""

from flask import Response, current_app, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from mergepoint.kit.problems import Problem

from ..config import Settings
from ..core import Jobs
from ..errors import TooLarge
from ..identities import Identities
from ..queue.job import Job
from ..representation import describe
from ..requests.job_request import Owner


def jobs() -> Jobs:
    """Return the core of this application."""
    core: Jobs = current_app.extensions["jobs"]
    return core


def settings() -> Settings:
    """Return the settings of this application."""
    found: Settings = current_app.extensions["settings"]
    return found


def asker() -> Owner:
    """Return who asks."""
    return _identities().asker(request.method, request.headers)


def owner() -> Owner:
    """Return who a new job belongs to."""
    return _identities().owner(request.method, request.headers)


def body() -> bytes:
    """Return the body of the request, or raise TooLarge: Werkzeug cuts a chunked one off."""
    most = settings().max_bytes
    too_large = TooLarge(f"a job takes a body of at most {most} bytes; a larger one can only be sent without Prefer")
    try:
        data = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise too_large from None
    if len(data) > most or (len(data) == most and request.content_length is None and _has_more()):
        raise too_large
    return data


def request_id() -> str:
    """Return the id of the request."""
    return str(g.request_id)


def answer(job: Job, status: int = 200, ahead: int | None = None) -> Response:
    """Return the job as JSON; *ahead*: how many jobs are before it."""
    response = jsonify(describe(job, jobs().callbacks([job]).get(job.id), ahead))
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def accepted(job: Job, wait: int | None = None, *, preferred: bool = True) -> Response:
    """Return the 202 of RFC 7240, 4.1, which was *preferred*; nginx hands a caller who waits to the companion."""
    response = answer(job, 202)
    response.headers["Location"] = f"/jobs/{job.id}"
    if preferred:
        response.headers["Preference-Applied"] = "respond-async"
    if wait:
        response.headers["X-Accel-Redirect"] = f"/_wait/{job.id}?seconds={wait}"
    return response


def no_such_path() -> Problem:
    return Problem("not_found", "there is nothing at this path")


def _has_more() -> bool:
    return bool(request.environ["wsgi.input"].read(1))


def _identities() -> Identities:
    found: Identities = current_app.extensions["identities"]
    return found

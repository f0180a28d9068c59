"""What callers say and ask about callbacks: whether an address may be one, and the secret that signs messages."""

from flask import Blueprint, Response, current_app, jsonify

from mergepoint.kit.fetch.origins import NotAUrl
from mergepoint.kit.fetch.post import NotSent, Poster
from mergepoint.kit.web.openapi import describe

from ..errors import Invalid, LoginRequired
from ..queue.callback_secrets import Secrets
from ..representation import moment
from ..requests.job_request import Owner
from .context import asker, jobs, settings
from .request import drain

blueprint = Blueprint("callbacks", __name__)
blueprint.after_request(drain)


def check_callback(url: str, asker: Owner) -> str:
    """Return *url* if a job of *asker* may have it for its callback; raise Invalid."""
    if not settings().callbacks:
        raise Invalid("callback", "callbacks are off here, since JOBS_CALLBACKS names no origins")
    if asker.user is None:
        raise Invalid("callback", "needs a login: messages are signed with the secret of a user")
    try:
        _poster().check(url)
    except NotAUrl as error:
        raise Invalid("callback", str(error)) from error
    except NotSent as error:
        raise Invalid("callback", str(error)) from error
    return url


@blueprint.get("/jobs/callback-secret")
@describe(
    "The secret that signs your callbacks, as libraries of Standard Webhooks take it", produces=["application/json"]
)
def show() -> Response:
    return _answer(jobs().secrets(_user()))


@blueprint.post("/jobs/callback-secret/rotate")
@describe("Replace that secret; for a day the one before signs as well", produces=["application/json"])
def rotate() -> Response:
    return _answer(jobs().rotate_secret(_user()))


def _user() -> Owner:
    who = asker()
    if who.user is None:
        raise LoginRequired
    return who


def _answer(secrets: Secrets) -> Response:
    shown = {"secret": secrets.secret, "created": moment(secrets.created)}
    if secrets.ends is not None:
        shown["replaced_until"] = moment(secrets.ends)
    response = jsonify(shown)
    response.headers["Cache-Control"] = "no-store"
    return response


def _poster() -> Poster:
    found: Poster = current_app.extensions["callbacks"]
    return found

"""Refusals: a page for a person in a browser, a problem (RFC 9457) for everybody else."""

import contextlib
import math

import structlog
from flask import Blueprint, Response, current_app, g, request

from mergepoint.kit.problems import Problem

from ..errors import (
    AuthError,
    CookieMissing,
    Forbidden,
    FormTooOld,
    IdentityRefused,
    InvalidCredential,
    LoginRequired,
    RateExceeded,
    StoreUnavailable,
)
from ..request.csrf import is_way_in
from ..request.pages import page
from ..request.responses import wants_page
from ..request.return_address import link_through, read_target
from ..request.statuses import status_of
from ..sessions.redirects import HOME, LOGIN
from . import login
from .verify import challenge

blueprint = Blueprint("refusals", __name__)
log = structlog.get_logger()


@blueprint.app_errorhandler(Problem)
def refuse_problem(problem: Problem) -> Response:
    response = _as_problem(problem)
    if not wants_page():
        return response
    with contextlib.suppress(StoreUnavailable):  # a page says who is logged in, which needs the database
        named = "; ".join(f"{one['field']}: {one['message']}" for one in problem.errors)
        return _problem_page(response.status_code, named or problem.detail)
    return response


@blueprint.app_errorhandler(AuthError)
def refuse(error: AuthError) -> Response:
    try:
        if wants_page() and not isinstance(error, StoreUnavailable) and not _is_for_a_script(error):
            return _with_headers(_as_page(error), error)
    except StoreUnavailable as worse:
        error = worse
    if isinstance(error, StoreUnavailable):
        log.error("database", detail=str(error.__cause__)[:500])
    return _with_headers(_as_problem(Problem.of(error)), error)


def _as_problem(problem: Problem) -> Response:
    response: Response = current_app.extensions["answer_problem"](problem)
    return response


def _is_for_a_script(error: AuthError) -> bool:
    """Whether a script of a page must log in: it has no use for the form. snippets/http/decisions.conf has the same."""
    mode = request.headers.get("Sec-Fetch-Mode")
    by = request.headers.get("X-Requested-With", "").lower()
    return isinstance(error, LoginRequired) and (
        (mode or "navigate") != "navigate" or by == "xmlhttprequest" or bool(by and mode is None)
    )


def _with_headers(response: Response, error: AuthError) -> Response:
    if isinstance(error, LoginRequired | InvalidCredential):
        response.headers["WWW-Authenticate"] = challenge(error)
    if isinstance(error, Forbidden) and error.code != Forbidden.code:
        response.headers["Mergepoint-Refusal"] = error.code  # for nginx, which of an answer to it sees the head alone
    if isinstance(error, IdentityRefused):
        log.warning("identity_refused", reason=str(error), job=request.headers.get("Mergepoint-Job", ""))
    if isinstance(error, RateExceeded):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _as_page(error: AuthError) -> Response:
    if isinstance(error, LoginRequired):
        return login.show(read_target(), error)
    if isinstance(error, CookieMissing | FormTooOld) and login.is_login():
        return login.show(read_target(), error)
    return _problem_page(status_of(error), error)


def _problem_page(status: int, error: object) -> Response:
    """Return a page with the error and what helps: the form again, the way on, or a login that leads there."""
    onward = g.get("target") or (read_target() if request.method == "POST" or "next" in request.args else HOME)
    form = request.path if isinstance(error, FormTooOld | CookieMissing) and _is_page(request.path) else None
    if form and is_way_in():
        form, after_login = link_through(form, onward), onward
    else:
        after_login = form or onward
    return page(
        "problem", status, error=error, onward=onward, home=HOME, again=form, login=link_through(LOGIN, after_login)
    )


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return bool(adapter and adapter.test(path, "GET"))

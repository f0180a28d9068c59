"""The HTTP face, put together: the core from the settings, the paths from routes/, refusals as problems or pages."""

import contextlib
import math
import threading
import time
from importlib.metadata import version
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request

from mergepoint.kit.config import load
from mergepoint.kit.problems import Problem
from mergepoint.kit.web.app import base_app

from . import start
from .agents import program
from .config import Settings
from .core import Auth
from .errors import (
    AuthError,
    CookieMissing,
    FormTooOld,
    InvalidCredential,
    LoginRequired,
    RateExceeded,
    StoreUnavailable,
)
from .pictures import avatar
from .redirects import HOME, LOGIN
from .routes import (
    account,
    comeback,
    factor,
    files,
    keys,
    login,
    me,
    oidc,
    passkeys,
    register,
    sessions,
    userbox,
    users,
    verify,
)
from .routes.requests import STATUS, WAYS_IN, finish, page, refuse_other_sites, see, status_of, wants_page
from .service import VERSION

LIBRARIES = {name: version(name) for name in ("argon2-cffi", "sqlalchemy")}
ROUTES = (account, factor, files, keys, login, me, oidc, passkeys, register, sessions, userbox, users, verify)
SWEEP_EVERY = 3600.0

log = structlog.get_logger()


def create_app(settings: Settings | None = None, auth: Auth | None = None) -> Flask:
    """Return the service as a WSGI application; the database is brought up to date here, before workers are forked."""
    settings = settings or load(Settings)
    auth = auth or start.opened(settings)
    app = base_app("auth", version=VERSION, libraries=LIBRARIES, check=auth.store.check, status=STATUS,
                   max_bytes=settings.max_bytes)  # fmt: skip
    app.template_folder = "templates"
    app.root_path = str(__file__).rpartition("/")[0]
    app.extensions |= {"auth": auth, "settings": settings}
    app.add_template_filter(lambda text: text[:1].upper() + text[1:], "capitalize_first")
    app.add_template_filter(lambda at: time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at)), "moment")
    app.add_template_filter(lambda picture: avatar(picture, *settings.thumbnail), "avatar")
    app.jinja_env.globals |= {"providers": list(settings.providers), "linked_with": auth.federation.linked,
                              "link_through": comeback.link_through}  # fmt: skip
    app.add_template_filter(program)
    app.before_request(refuse_other_sites)
    app.after_request(finish)
    for routes in ROUTES:
        routes.add(app)
    _add_refusals(app)
    _sweep_now_and_then(app, auth)

    @app.get("/auth")
    def home() -> Response:
        return see(HOME)

    return app


def _add_refusals(app: Flask) -> None:
    as_json: Any = app.error_handler_spec[None][None][Problem]

    @app.errorhandler(Problem)
    def tell(problem: Problem) -> Response:
        response = app.make_response(as_json(problem))
        if not wants_page():
            return response
        with contextlib.suppress(StoreUnavailable):  # a page says who is logged in
            named = "; ".join(f"{one['field']}: {one['message']}" for one in problem.errors)
            return _problem_page(response.status_code, named or problem.detail)
        return response

    @app.errorhandler(AuthError)
    def refuse(error: AuthError) -> Response:
        try:
            if wants_page() and not isinstance(error, StoreUnavailable) and not _is_for_a_script(error):
                return _with_headers(_as_page(error), error)
        except StoreUnavailable as worse:
            error = worse
        if isinstance(error, StoreUnavailable):
            log.error("database", detail=str(error.__cause__)[:500])
        return _with_headers(app.make_response(as_json(Problem.of(error))), error)


def _is_for_a_script(error: AuthError) -> bool:
    """Whether a script of a page must log in: it has no use for the form. As snippets/http/decisions.conf has it."""
    mode = request.headers.get("Sec-Fetch-Mode")
    by = request.headers.get("X-Requested-With", "").lower()
    return isinstance(error, LoginRequired) and (
        (mode or "navigate") != "navigate" or by == "xmlhttprequest" or bool(by and mode is None)
    )


def _with_headers(response: Response, error: AuthError) -> Response:
    if isinstance(error, LoginRequired | InvalidCredential):
        response.headers["WWW-Authenticate"] = verify.challenge(error)
    if isinstance(error, RateExceeded):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _as_page(error: AuthError) -> Response:
    if isinstance(error, LoginRequired):
        return login.show(comeback.read_target(), error)
    if isinstance(error, CookieMissing | FormTooOld) and request.endpoint == "login":
        return login.show(comeback.read_target(), error)
    return _problem_page(status_of(error), error)


def _problem_page(status: int, error: object) -> Response:
    """What went wrong, and what helps: the form anew, the way on, or a login that leads there."""
    onward = g.get("target") or (comeback.read_target() if request.method == "POST" or "next" in request.args else HOME)
    form = request.path if isinstance(error, FormTooOld | CookieMissing) and _is_page(request.path) else None
    if form and request.endpoint in WAYS_IN:
        form = comeback.link_through(form, onward)
        then = onward
    else:
        then = form or onward
    return page("problem", status, error=error, onward=onward, home=HOME, again=form,
                login=comeback.link_through(LOGIN, then))  # fmt: skip


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return bool(adapter and adapter.test(path, "GET"))


def _sweep_now_and_then(app: Flask, auth: Auth) -> None:
    """Delete what is over, in whichever request comes when it is time."""
    due = [time.monotonic() + SWEEP_EVERY]
    lock = threading.Lock()

    @app.teardown_request
    def sweep(_error: BaseException | None) -> None:
        if time.monotonic() > due[0] and lock.acquire(blocking=False):
            try:
                due[0] = time.monotonic() + SWEEP_EVERY
                auth.sweep()
            except StoreUnavailable:
                log.warning("sweep", detail="the database is away")
            finally:
                lock.release()

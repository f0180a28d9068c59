"""The HTTP face, put together: the core and the settings, the paths of routes/, refusals, and a sweep now and then."""

import threading
import time
from importlib.metadata import version
from pathlib import Path

import structlog
from flask import Flask, Response

from mergepoint.kit.config import load
from mergepoint.kit.web.app import base_app

from . import start
from .config import Settings
from .core import Auth
from .errors import StoreUnavailable
from .request.cookies import finish
from .request.csrf import refuse_other_sites
from .request.pages import add_filters
from .request.responses import redirect_to
from .request.statuses import STATUS
from .routes import (
    account,
    keys,
    login,
    me,
    oidc,
    passkeys,
    refusals,
    register,
    second_factor,
    sessions,
    static_files,
    userbox,
    users,
    verify,
)
from .service import VERSION
from .sessions.redirects import HOME

LIBRARIES = {name: version(name) for name in ("argon2-cffi", "sqlalchemy")}
ROUTES = (
    account, second_factor, static_files, keys, login, me, oidc, passkeys, register, sessions, userbox, users, verify,
    refusals,
)  # fmt: skip
TEMPLATES = Path(__file__).with_name("templates")
SWEEP_EVERY = 3600.0  # seconds

log = structlog.get_logger()


def create_app(settings: Settings | None = None, auth: Auth | None = None) -> Flask:
    """Return the service as a WSGI application; the database is brought up to date here, before workers are forked."""
    settings = settings or load(Settings)
    auth = auth or start.open_core(settings)
    app = base_app(
        "auth",
        version=VERSION,
        libraries=LIBRARIES,
        check=auth.store.check,
        status=STATUS,
        max_bytes=settings.max_bytes,
        template_folder=TEMPLATES,
    )
    app.extensions |= {"auth": auth, "settings": settings, "oidc_clients": oidc.clients_of(settings)}
    add_filters(app)
    app.before_request(refuse_other_sites)
    app.after_request(finish)
    for routes in ROUTES:
        app.register_blueprint(routes.blueprint)
    app.add_url_rule("/auth", view_func=home)
    _sweep_now_and_then(app, auth)
    return app


def home() -> Response:
    return redirect_to(HOME)


def _sweep_now_and_then(app: Flask, auth: Auth) -> None:
    """Delete ended sessions and used-up limits, after the first request of each hour."""
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

"""The whole suite as one WSGI application: services and their pages, and other applications beside them."""

import gc
import os
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

from mergepoint.kit import logs

from . import bodies, headers, services
from .answers import Headers, request_id
from .front import OWN_POLICY, behind, with_security
from .guard import guard
from .injection import inject
from .mounts import check_prefix, dispatch
from .pages import Pages
from .services import NAMES, Service
from .user import Claims, find_user

OWN_PATHS = frozenset({"health", "metrics", "static"})

log = structlog.get_logger()


class Suite:
    """The services *only* (names, or one string of them; all that are installed) as one WSGI application.

    Call it before the process has threads: the sandboxes of the services are forked here. Settings come from the
    environment; *threads* is how many the server has, where AUTH_THREADS does not say it. *mounts* are other
    applications by prefix; they find who asks in ``environ["mergepoint"]["user"]``. ``close`` ends all children.

    Raise ValueError for a name or a prefix that cannot be, services.BadSettings for bad values in the environment.
    """

    def __init__(
        self,
        only: str | Iterable[str] | None = None,
        *,
        mounts: Mapping[str, WSGIApplication] | None = None,
        threads: int | None = None,
        debug: bool = False,
    ) -> None:
        if not structlog.is_configured():
            logs.configure_structlog("suite")
        mounts = dict(mounts or {})
        dispatch(mounts)  # raises for prefixes that cannot be
        names = services.check_names(NAMES if only is None else _split(only))
        for prefix in mounts:
            check_free(prefix, names)
        # numpy starts a thread for each processor unless it is told not to, before it is imported.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if (count := len(os.listdir("/proc/self/task"))) > 1:
            log.warning("started late", detail=f"the process has {count} threads; forking its sandboxes may block")
        self._services, self.missing = _start(names, threads)
        self._debug = debug
        if debug:
            services.let_errors_through(list(self._services.values()))
        self._apps = {name: behind(name, service.app) for name, service in self._services.items()}
        self._open = True
        self.mount(mounts)

    @property
    def names(self) -> tuple[str, ...]:
        """The services that run here."""
        return tuple(self._services)

    def mount(self, applications: Mapping[str, WSGIApplication]) -> None:
        """Put other *applications* beside the services, by their prefixes, in place of those before."""
        self._pages = with_security(Pages(self._apps, self.missing, applications), OWN_POLICY)
        table: dict[str, WSGIApplication] = {"/": self._pages}
        for prefix, app in applications.items():
            check_free(prefix, self._services)
            table[prefix] = self._beside(prefix, app)
        self._elsewhere = dispatch(table)

    def user(self, environ: WSGIEnvironment, audience: str = "suite") -> Claims | None:
        """Return the claims about who asks, or None: a provider for ``inject``. A key needs the scope *audience*."""
        auth = self._services.get("auth")
        return find_user(auth.app, audience)(environ) if auth else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        environ = headers.without_forged(environ)
        environ["HTTP_X_REQUEST_ID"] = request_id(environ)
        if bodies.is_chunked(environ):
            bodies.mark_end(environ)
        name = path[1:].partition("/")[0]
        if app := self._apps.get(name):
            return app(environ, start_response)
        if name in OWN_PATHS:
            return self._pages(environ, start_response)
        return self._elsewhere(environ, start_response)

    def close(self) -> None:
        """End the children of all services, and wait until they are gone."""
        if self._open:
            self._open = False
            _close(self._services.values())

    def _beside(self, prefix: str, app: WSGIApplication) -> WSGIApplication:
        """Return another application as the suite calls it."""
        audience = prefix.strip("/").partition("/")[0] or "suite"
        kept: Callable[[WSGIApplication], WSGIApplication] = (lambda app: app) if self._debug else guard
        inner = kept(inject(_without_credentials(app), user=lambda environ: self.user(environ, audience)))

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            own_id = environ["HTTP_X_REQUEST_ID"]
            clear_contextvars()
            bind_contextvars(request_id=own_id, service=prefix)

            def start(status: str, headers: Headers, *exc_info: Any) -> Callable[[bytes], object]:
                others = [(name, value) for name, value in headers if name.lower() != "x-request-id"]
                return start_response(status, [*others, ("X-Request-Id", own_id)], *exc_info)

            return inner(environ, start)

        return application


def _split(names: str | Iterable[str]) -> Iterable[str]:
    return names.replace(",", " ").split() if isinstance(names, str) else names


def check_free(prefix: str, names: Container[str]) -> None:
    """Raise ValueError if paths below *prefix* belong to one of the services *names*, or to the suite itself."""
    name = check_prefix(prefix)[1:].partition("/")[0]
    if name in names or name in OWN_PATHS:
        raise ValueError(f"{prefix!r}: the paths below /{name} are the suite's own")


def _start(names: Iterable[str], threads: int | None) -> tuple[dict[str, Service], dict[str, str]]:
    """Start the services *names* that are installed; return them, and the others with what is missing."""
    found = services.find_settings(names)
    services.check_settings(found.values())
    gc.collect()
    running, missing = {}, {name: "it is not installed" for name in names if name not in found}
    for name, settings in found.items():
        gc.freeze()  # looking for garbage would write to memory that the sandboxes share with us (measured: 75 MB)
        of_process = {"workers": 1} | ({"threads": threads} if threads else {})
        try:
            running[name] = services.start(name, settings().model_copy(update=of_process))
        except ModuleNotFoundError as error:
            missing[name] = f"it lacks a package, {error.name}"
        except BaseException:
            _close(running.values())
            raise
    for name, reason in missing.items():
        log.warning("left out", detail=f"the service {name} does not run here: {reason}")
    if not running:
        raise ValueError("no service is installed; services/suite/README.md says how")
    return running, missing


def _close(running: Iterable[Service]) -> None:
    running = list(running)
    for service in running:
        service.close()
    for service in running:
        if sandbox := service.app.extensions.get("sandbox"):
            sandbox.wait_for_end()


def _without_credentials(app: WSGIApplication) -> WSGIApplication:
    return lambda environ, start_response: app(headers.without_credentials(environ), start_response)

"""Makes gunicorn keep the suite's promises: its own errors are problems, its log is JSON."""

import importlib
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from gunicorn import util
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker
from prometheus_client.multiprocess import mark_process_dead

from . import logs, problems
from .companion import Companion
from .config import ServiceSettings
from .problems import Problem

LIMITS = {
    errors.LimitRequestLine: ("uri_too_long", 414),
    errors.LimitRequestHeaders: ("headers_too_large", 431),
    errors.ExpectationFailed: ("expectation_failed", 417),
}


class Worker(ThreadWorker):
    """A threaded worker whose own errors are ``application/problem+json`` too."""

    def load_wsgi(self) -> None:
        """Let an application that was made before the fork do what belongs into each worker."""
        super().load_wsgi()
        after_fork: Callable[[], object] | None = getattr(self.wsgi, "after_fork", None)
        if after_fork:
            after_fork()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer a request that never reached the application."""
        if not isinstance(exc, errors.ParseException):
            code, status = "internal_error", 500
            self.log.exception("error before the application")
        else:
            code, status = next(
                (LIMITS[kind] for kind in LIMITS if isinstance(exc, kind)),
                ("bad_request", 400),
            )
        problem = Problem(code, problems.INTERNAL_ERROR if status == 500 else str(exc)[:200])
        request_id = uuid.uuid4().hex
        document = problems.document(problem, {code: status}, request_id=request_id)
        body = json.dumps(document).encode()
        head = (
            f"HTTP/1.1 {status} {document['title']}\r\nConnection: close\r\nCache-Control: no-store\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
            f"X-Request-Id: {request_id}\r\n\r\n"
        )
        try:
            util.write_nonblock(client, head.encode() + body)
        except OSError:
            self.log.debug("the client is gone")


class Logger(GunicornLogger):
    """A logger without an access log: nginx has one. Gunicorn would make up each line before it threw it away."""

    def access(self, resp: object, req: object, environ: object, request_time: object) -> None:
        """Write nothing."""


def log_config(service: str) -> dict[str, Any]:
    """Set up logging for *service* and return the same for gunicorn's ``logconfig_dict``."""
    logs.configure(service)
    return logs.standard(service)


def keep_companion(server: Any, settings: ServiceSettings, bind: str) -> Callable[[], None]:
    """Keep the companion of a service's *settings* running as long as the master *server* does; return what ends it.

    Its function is given the settings and the address that the service is *bind*-ed to, and returns the program.
    """
    module, _, function = settings.companion.partition(":")
    program = getattr(importlib.import_module(module), function)(settings, bind)
    if program is None:
        return lambda: None
    companion = Companion(program)
    manage = server.manage_workers  # the master calls it about once a second, and at the start

    def manage_all() -> None:
        companion.ensure()
        manage()

    server.manage_workers = manage_all
    return companion.end


def warn(lines: Iterable[str]) -> None:
    """Log each of *lines*, once there is a log."""
    for line in lines:
        structlog.get_logger().warning("unknown setting", detail=line)


def forget_worker(_server: object, worker: Any) -> None:
    """Drop a dead worker's gauges (prometheus-client's ``child_exit`` duty)."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]

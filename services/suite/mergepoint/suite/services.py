"""The services that this process can hold: which are installed, and each as a WSGI application of its own."""

import contextlib
import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from mergepoint.kit.config import ServiceSettings, faults, settings_of, unknown

NAMES = ("highlight", "htmldiff", "thumbnail", "auth")
# Those that need more than one process: a database that is shared, programs that run on, a proxy in front.
ELSEWHERE = ("jobs", "events", "admin", "playground")

log = structlog.get_logger()


class BadSettings(ValueError):
    """Variables with bad values, each with a line that names it, the value and the expectation."""


@dataclass(frozen=True)
class Service:
    """A service at work: the Flask application *app*, and what ends its children."""

    name: str
    app: Any
    close: Callable[[], None] = field(repr=False, default=lambda: None)


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the *names* of services, each once; raise ValueError for one that this process cannot hold."""
    found = tuple(dict.fromkeys(names))
    if strange := [name for name in found if name not in NAMES]:
        raise ValueError(f"{strange[0]!r} is none of {', '.join(NAMES)}")
    if not found:
        raise ValueError(f"the names of services are expected, of {', '.join(NAMES)}")
    return found


def find_settings(names: Iterable[str]) -> dict[str, type[ServiceSettings]]:
    """Return the settings' classes of those of *names* that are installed."""
    found = {}
    for name in names:
        with contextlib.suppress(LookupError):
            found[name] = settings_of(name)
    return found


def check_settings(classes: Iterable[type[ServiceSettings]], *, warn: bool = True) -> None:
    """Raise BadSettings if a variable has a bad value; *warn* of each that is no setting."""
    classes = list(classes)
    if wrong := [line for settings in classes for line in faults(settings)]:
        raise BadSettings("\n".join(wrong))
    if not warn:
        return
    for line in (line for settings in classes for line in unknown(settings, os.environ).values()):
        log.warning("unknown setting", detail=line)


def start(name: str, settings: ServiceSettings) -> Service:
    """Start a service; its sandbox is forked here. Raise ModuleNotFoundError if it lacks a package."""
    with bound_contextvars(service=name):
        app = importlib.import_module(f"mergepoint.{name}.web").create_app(settings)
    return Service(name, app, lambda: close(app))


def close(app: Any) -> None:
    """End the children of a service, and what it keeps open."""
    if sandbox := app.extensions.get("sandbox"):
        sandbox.close()
    if auth := app.extensions.get("auth"):
        auth.close()
        auth.held.close()


def let_errors_through(services: Sequence[Service]) -> None:
    """Let a debugger around the services see their exceptions, of which they would make problems."""
    for service in services:
        service.app.config["PROPAGATE_EXCEPTIONS"] = True
        service.app.error_handler_spec[None][None].pop(Exception, None)

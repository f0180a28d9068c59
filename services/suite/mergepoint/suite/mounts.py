"""Several WSGI applications as one, each below a prefix of the path. It knows no framework and no service."""

from collections.abc import Iterable, Mapping
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .answers import head_of, refuse

Mounts = Mapping[str, WSGIApplication] | Iterable[tuple[str, WSGIApplication]]
Table = list[tuple[str, str, WSGIApplication]]


def dispatch(mounts: Mounts) -> WSGIApplication:
    """Return one application of several: *mounts* are prefixes such as ``/api`` or ``/``, each with its application.

    The longest prefix in whole segments wins: ``/apix`` is not below ``/api``. The application sees a copy of the
    environ in which the prefix has moved from PATH_INFO to SCRIPT_NAME (PEP 3333), and links below its prefix follow
    from that. A path below no prefix is 404. An answer to HEAD has no body, whatever the application gives.

    Raise ValueError for a prefix that does not begin with ``/``, ends with one, or is there twice; TypeError for an
    application that cannot be called.
    """
    table = _checked(mounts.items() if isinstance(mounts, Mapping) else mounts)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        found = _find(table, path)
        if found is None:
            return refuse(environ, start_response, "404 Not Found", "not_found", "there is nothing at this path")
        prefix, app = found
        environ = dict(environ)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = path[len(prefix) :]
        if environ["REQUEST_METHOD"] == "HEAD":
            return head_of(app, environ, start_response)
        return app(environ, start_response)

    return application


def _find(table: Table, path: str) -> tuple[str, WSGIApplication] | None:
    """Return the longest prefix that *path* is below, and its application."""
    for prefix, below, app in table:
        if path.startswith(below) or path == prefix or not prefix:
            return prefix, app
    return None


def _checked(mounts: Iterable[tuple[str, WSGIApplication]]) -> Table:
    """Return prefixes as WSGI spells paths, the same with a slash after them, and applications; the longest first."""
    table: dict[str, WSGIApplication] = {}
    for mount, app in mounts:
        prefix = check_prefix(mount)
        if prefix in table:
            raise ValueError(f"{mount!r} is there twice")
        if not callable(app):
            raise TypeError(f"{mount!r}: a WSGI application is expected, not {type(app).__name__}")
        table[prefix] = app
    return [(prefix, f"{prefix}/", table[prefix]) for prefix in sorted(table, key=len, reverse=True)]


def check_prefix(mount: str) -> str:
    """Return *mount* as it stands in PATH_INFO, where bytes of UTF-8 are characters of Latin-1; nothing for ``/``."""
    if not isinstance(mount, str):
        raise TypeError(f"{mount!r}: a prefix such as '/api' is expected")
    if not mount.startswith("/"):
        raise ValueError(f"{mount!r} does not begin with '/'")
    if mount == "/":
        return ""
    if mount.endswith("/"):
        raise ValueError(f"{mount!r} ends with '/'")
    return mount.encode().decode("latin-1")

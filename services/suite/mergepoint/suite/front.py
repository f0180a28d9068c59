"""What nginx does in front of a service that runs apart: headers, paths and methods, the headers of answers."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from . import bodies, headers
from .answers import Headers, refuse, with_defaults
from .pages import NOTHING

# As nginx sends them with every answer of a service (snippets/server/headers.conf, snippets/policies/pure.conf).
SECURITY = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")]
PURE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
OWN_POLICY = "default-src 'none'; frame-ancestors 'none'"
PURE = frozenset({"highlight", "htmldiff", "thumbnail"})
LINKS = "thumbnail"  # its links are signed as they were sent, with empty segments in them


def behind(name: str, app: Any) -> WSGIApplication:
    """Return the service *name* as nginx would show it: with few headers of the request, and paths that are plain."""
    is_pure = name in PURE
    copy = headers.only(headers.PURE if is_pure else headers.PRIVATE)
    secured = with_security(app, PURE_POLICY if is_pure else OWN_POLICY)
    nothing, lengthless = with_security(_nothing, OWN_POLICY), with_security(_lengthless, OWN_POLICY)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ = copy(environ)
        if bodies.is_chunked(environ):
            if "wsgi.input_terminated" not in environ:
                return lengthless(environ, start_response)
            environ["wsgi.input"] = bodies.Bounded(environ["wsgi.input"], app.config["MAX_CONTENT_LENGTH"])
        if name == LINKS:
            environ["RAW_URI"] = raw_path(environ)
        elif _is_odd(environ) or environ["PATH_INFO"] == "/auth/verify":
            return nothing(environ, start_response)
        if is_pure and environ["REQUEST_METHOD"] == "OPTIONS":
            return _preflight(secured, environ, start_response)
        return secured(environ, start_response)

    return application


def _nothing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return refuse(environ, start_response, "404 Not Found", "not_found", NOTHING)


def _lengthless(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return refuse(environ, start_response, "411 Length Required", "length_required", "Content-Length is missing")


def _is_odd(environ: WSGIEnvironment) -> bool:
    """Whether the path has an empty segment, a dot segment or an escaped slash, which two readers may read in two ways.

    The latter can be seen in servers alone that pass the path on as it was sent.
    """
    path = environ["PATH_INFO"]
    if "//" in path or ("/." in path and {".", ".."} & {*path.split("/")}):
        return True
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    return "%2f" in sent.partition("?")[0].lower()


def _preflight(app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer OPTIONS with 204, as nginx does."""

    def start(status: str, sent: Headers, *exc_info: Any) -> Callable[[bytes], object]:
        if status.startswith("200"):
            status = "204 No Content"
            sent = [(name, value) for name, value in sent if name.lower() not in ("content-type", "content-length")]
        return start_response(status, sent, *exc_info)

    return app(environ, start)


def with_security(app: WSGIApplication, policy: str) -> WSGIApplication:
    defaults = [*SECURITY, ("Content-Security-Policy", policy)]

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: Headers, *exc_info: Any) -> Callable[[bytes], object]:
            own_id = [("X-Request-Id", environ["HTTP_X_REQUEST_ID"])]
            return start_response(status, with_defaults(headers, defaults + own_id), *exc_info)

        return app(environ, start)

    return application


def raw_path(environ: WSGIEnvironment) -> str:
    """Return the path below SCRIPT_NAME as the client sent it; escaped anew where the server does not say it."""
    script, path = environ.get("SCRIPT_NAME", ""), environ["PATH_INFO"]
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if not sent.startswith("/"):
        sent = urlsplit(sent).path  # the absolute form (RFC 9112, 3.2.2)
    sent = sent.partition("?")[0]
    if unquote_to_bytes(sent.encode("latin-1", "replace")).decode("latin-1") == script + path:
        below = sent.split("/")[script.count("/") + 1 :]
        return "/" + "/".join(below)
    return quote(path.encode("latin-1", "replace"), safe="/!$&'()*+,;=:@~")

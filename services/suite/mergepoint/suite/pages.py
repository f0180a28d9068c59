"""The suite's own paths, which else nginx answers: front page, health of all, static files, what is not there."""

import hashlib
import html
import importlib.metadata
import importlib.resources
import io
import json
import mimetypes
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .answers import answer, close, refuse, request_id
from .services import ELSEWHERE, NAMES

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_AGE = "public, max-age=300"
ELSEWHERE_DETAIL = "the service {} does not run in one process; it needs the suite behind nginx"
NOTHING = "there is nothing at this path"
TEXT = ("text/html", "text/css")

Page = tuple[bytes, str]  # content and media type


class Pages:
    """Answers the paths that are no service's, for *services* by name and *missing* ones with the reasons.

    *mounts* are prefixes of other applications, to be listed.
    """

    def __init__(
        self, services: Mapping[str, WSGIApplication], missing: Mapping[str, str], mounts: Iterable[str]
    ) -> None:
        self._services, self._missing = services, missing
        front = (_front_page(services, mounts), "text/html; charset=utf-8")
        self._pages: dict[str, Page] = {"/": front, "": front, "/docs": front, **_static_files()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in self._pages:
            return self._show(environ, start_response, *self._pages[path])
        if path == "/health":
            return self._health(environ, start_response)
        if path == "/.well-known/change-password" and "auth" in self._services:
            return self._lead_on(environ, start_response, "/auth/account#password")
        return refuse(environ, start_response, "404 Not Found", "not_found", self._absence(path))

    def _lead_on(self, environ: WSGIEnvironment, start_response: StartResponse, target: str) -> list[bytes]:
        if refused := self._allowed(environ, start_response):
            return refused
        headers = [("Location", target), ("Cache-Control", "no-store")]
        headers += [("Content-Type", "text/plain"), ("Content-Length", "0")]
        return answer(environ, start_response, "303 See Other", headers, b"")

    def _absence(self, path: str) -> str:
        """Return a sentence on why there is nothing at *path*."""
        name = path.split("/")[1] if path.startswith("/") else ""
        if name in self._missing:
            return f"the service {name} does not run here: {self._missing[name]}"
        if name in ELSEWHERE:
            return ELSEWHERE_DETAIL.format(name)
        if name in NAMES and name not in self._services:
            return f"the service {name} does not run here"
        return NOTHING

    def _show(self, environ: WSGIEnvironment, start_response: StartResponse, content: bytes, kind: str) -> list[bytes]:
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = [("ETag", tag), ("Cache-Control", PAGE_AGE), ("Content-Security-Policy", PAGE_POLICY)]
        if refused := self._allowed(environ, start_response):
            return refused
        if tag in environ.get("HTTP_IF_NONE_MATCH", ""):
            return answer(environ, start_response, "304 Not Modified", headers, b"")
        headers += [("Content-Type", kind), ("Content-Length", str(len(content)))]
        return answer(environ, start_response, "200 OK", headers, content)

    def _allowed(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes] | None:
        """Return None if the method reads; else the answer."""
        allow = [("Allow", "GET, HEAD, OPTIONS")]
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return None
        if environ["REQUEST_METHOD"] == "OPTIONS":
            start_response("204 No Content", allow)
            return [b""]
        detail = "this path does not take this method; use one that Allow lists"
        return refuse(environ, start_response, "405 Method Not Allowed", "method_not_allowed", detail, allow)

    def _health(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if refused := self._allowed(environ, start_response):
            return refused
        found = {name: _health_of(app, name, environ) for name, app in sorted(self._services.items())}
        well = all(each["status"] == "ok" for each in found.values())
        status = "200 OK" if well else "503 Service Unavailable"
        said = {"status": "ok" if well else "unavailable", "services": found}
        body = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            *([] if well else [("Retry-After", "2")]),
        ]
        return answer(environ, start_response, status, headers, body)


def _health_of(app: WSGIApplication, name: str, environ: WSGIEnvironment) -> Any:
    """Return the health that the service *name* reports, or that it does not work."""
    asked = {key: value for key, value in environ.items() if not key.startswith(("HTTP_", "CONTENT_", "werkzeug."))}
    asked |= {"REQUEST_METHOD": "GET", "PATH_INFO": f"/{name}/health", "QUERY_STRING": "", "wsgi.input": io.BytesIO()}
    asked |= {"HTTP_X_REQUEST_ID": request_id(environ)}
    statuses: list[str] = []

    def start(status: str, _headers: object, _exc_info: object = None) -> Any:
        statuses.append(status)
        return lambda data: None

    body = app(asked, start)
    try:
        said = b"".join(body)
    finally:
        close(body)
    return json.loads(said) if statuses[-1].startswith("200") else {"status": "unavailable"}


def _static_files() -> dict[str, Page]:
    """Return the files of nginx's static/ by their paths."""
    folder = importlib.resources.files(__package__) / "static"
    return {f"/static/{file.name}": (file.read_bytes(), _type_of(file.name)) for file in folder.iterdir()}


def _type_of(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind in TEXT else kind


def _front_page(services: Iterable[str], mounts: Iterable[str]) -> bytes:
    rows = [
        f'<dt><a href="/{name}/docs">{name}</a></dt><dd>{html.escape(_summary(name))}'
        f' (<a href="/{name}/openapi.json">OpenAPI</a>)</dd>'
        for name in services
    ]
    rows += [
        f'<dt><a href="{html.escape(quote(mount))}/">{html.escape(mount)}</a></dt><dd>An application beside them.</dd>'
        for mount in mounts
    ]
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Mergepoint</title>
  <link rel="icon" href="/static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/style.css">
</head>
<body>
  <header>
    <h1>Mergepoint</h1>
    <p class="lead">Small services that give any language what Python does best, in one process.</p>
    <nav aria-label="Site"><a href="/health">Health</a></nav>
  </header>
  <main>
    <section aria-labelledby="services">
      <h2 id="services">What runs here</h2>
      <dl>{"".join(rows)}</dl>
    </section>
  </main>
</body>
</html>
""".encode()


def _summary(name: str) -> str:
    return importlib.metadata.metadata(f"mergepoint-{name}")["Summary"] or name

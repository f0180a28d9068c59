"""Whether a person reads the answer, and redirects. It knows no template."""

from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.datastructures import Headers

from .body import FORM
from .context import credentials

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  # RFC 9110, 9.2.1


def wants_page() -> bool:
    """Whether a person in a browser reads the answer. A bearer token says that it is a program, as nginx takes it."""
    if credentials().bearer is not None or (request.method not in SAFE_METHODS and request.mimetype != FORM):
        return False
    accepted = request.accept_mimetypes
    return "text/html" in accepted.values() and accepted["text/html"] >= accepted["application/json"]


class Redirect(Response):
    """A redirect whose Location is sent as it is written: Werkzeug would escape `[` and drop an empty query."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self.headers["Location"]
        return headers


def redirect_to(path: str) -> Response:
    """Send the browser to *path*, an address in ASCII, with GET."""
    return Redirect(status=303, headers={"Location": path})

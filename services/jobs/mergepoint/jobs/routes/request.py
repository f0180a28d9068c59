"""What nginx says of a request that becomes a job: its id, its grant, who asks and how the request had come."""

import contextlib
import re
from ipaddress import ip_address
from typing import Any

from flask import Response, request

from ..core import new_id
from ..errors import Invalid
from ..requests.job_request import Owner
from ..requests.terms import key_of
from .context import request_id

ID = re.compile(r"[A-Za-z0-9_-]{22}")
HOST = re.compile(r"[!-~]{1,300}")
SCHEMES = ("http", "https")
LONGEST_GRANT = 8192  # characters
PIECE = 1 << 20  # bytes


def job_id() -> str:
    """Return the id of the job to be made: nginx's, for which auth has made the grant; without nginx a new one."""
    id = request.headers.get("Mergepoint-Job")
    if id is None:
        return new_id()
    if not ID.fullmatch(id):
        raise Invalid("Mergepoint-Job", "22 characters of base64url are expected")
    return id


def of_request(asker: Owner) -> dict[str, Any]:
    """Return the fields of a JobRequest that say who asks, and how."""
    headers = request.headers
    key, host, scheme = (
        headers.get("Idempotency-Key"),
        headers.get("Mergepoint-Host", ""),
        headers.get("Mergepoint-Scheme"),
    )
    return {
        "idempotency_key": None if key is None else key_of(key, is_anonymous=asker.user is None),
        "request_id": request_id(),
        "grant": headers.get("Mergepoint-Grant", "")[:LONGEST_GRANT] or None,
        "host": host if HOST.fullmatch(host) else "",
        "scheme": scheme if scheme in SCHEMES else "",
        "address": _address(headers.get("X-Real-IP", "")),
    }


def prefer() -> str:
    """Return the preferences. nginx joins all lines in a header of its own; without nginx they come as they are."""
    return request.headers.get("Mergepoint-Prefer") or ", ".join(request.headers.getlist("Prefer"))


def drain(response: Response) -> Response:
    """Read what is left of a body before its request is refused.

    nginx passes bodies on as they come. One that is not read it fails to write, and its client gets 503 for 413 or 429.
    """
    stream = request.environ["wsgi.input"]
    with contextlib.suppress(OSError):  # nginx is gone; gunicorn's errors are of this kind
        while stream.read(PIECE):
            pass
    return response


def _address(value: str) -> str:
    try:
        return str(ip_address(value.strip()))
    except ValueError:
        return ""

"""Which paths a job may have: those that nginx reads as it was meant, of a service that runs later.

``PLAIN`` is the pattern of nginx/snippets/parts/strict_path.conf, character by character (a test compares them).
"""

import re
from collections.abc import Container

from ..errors import Invalid

LONGEST = 8000  # characters: a request line has at most 8190 bytes, with method and version
WRITTEN = re.compile(r'[!-"$-~]+')  # RFC 3986 in bytes: printable ASCII, and no fragment
# fmt: off
PLAIN = re.compile(r"(?i)^(?=/)(?:/(?!(?:\.|%2e){1,2}(?:[/?]|\Z))(?:[^/?#%;\x5c]++|%(?![01]|2f|5c|3b|7f|25(?:[0-9a-f]|%3[0-9]|%[46][1-6]){2}|c[01]|e0%[89]|f0%8|e2%80%a[456]|ef%bc%(?:8[ef]|bc)|ef%b9%(?:92|a8))[0-9a-f]{2})++)*+/?(?:\?|\Z)")  # noqa: E501 - as in nginx
# fmt: on
SERVICE = re.compile(r"/([a-z][a-z0-9_-]*)(?=[/?]|\Z)")
ODD = "a path and query of this site is expected, from / on, without empty or dot segments, ;, \\ or #"


def service_of(target: str, services: Container[str]) -> str:
    """Return the service that *target*, a path with its query, is for; raise Invalid for what may not be a job."""
    if len(target) > LONGEST:
        raise Invalid("path", f"has more than {LONGEST} characters")
    if not WRITTEN.fullmatch(target) or not PLAIN.match(target):
        raise Invalid("path", ODD)
    found = SERVICE.match(target)
    if not found or found[1] not in services:
        raise Invalid("path", "is of no service that runs later")
    return found[1]

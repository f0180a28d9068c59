"""Which headers of a request reach whom: nginx decides it in front of services that run apart, here this does.

Servers turn several spellings of a header into one key of the environ (``X-Real-IP`` and ``x_real_ip``), and a few
leave a key as it came. So what counts is the key, in capitals, with underscores.
"""

import re
from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

# What a proxy says about a client, which a client could say of itself.
FORGED = re.compile(r"HTTP_(?:X_REAL_IP|X_FORWARDED(?:_.*)?|FORWARDED|MERGEPOINT(?:_.*)?|PROXY)")
# As nginx passes them on to pure services (snippets/parts/pass.conf), and to those whose answers depend on the caller
# (snippets/policies/private.conf). The length is the server's.
FRAMING = frozenset({"HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING", "HTTP_EXPECT", "HTTP_X_REQUEST_ID"})
PURE = FRAMING | {"HTTP_ACCEPT", "HTTP_IF_NONE_MATCH"}
PRIVATE = FRAMING | {
    "HTTP_ACCEPT",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    "HTTP_AUTHORIZATION",
    "HTTP_COOKIE",
    "HTTP_ORIGIN",
    "HTTP_SEC_FETCH_MODE",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_USER_AGENT",
    "HTTP_X_CSRF_TOKEN",
    "HTTP_X_REQUESTED_WITH",
}
HOST = "mergepoint"  # as nginx names it; what a client calls us decides nothing

OUR_COOKIE = re.compile(r"\s*(?:__(?:Host|Secure)-)?mergepoint(?:-form|-oidc(?:-.*)?)?\s*", re.IGNORECASE)
OUR_TOKEN = re.compile(r"bearer\s+m[ps]_", re.IGNORECASE)


def only(allowed: frozenset[str]) -> Callable[[WSGIEnvironment], WSGIEnvironment]:
    """Return a function that copies an environ with these headers, and no others."""

    def copy(environ: WSGIEnvironment) -> WSGIEnvironment:
        kept = {name: value for name, value in environ.items() if name[:5] != "HTTP_" or name in allowed}
        kept["HTTP_HOST"] = HOST
        return kept

    return copy


def without_forged(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Return a copy of *environ* without the headers by which a proxy, not a client, says something."""
    return {name: value for name, value in environ.items() if not is_forged(name)}


def is_forged(name: str) -> bool:
    """Whether the key *name* of an environ is a header that only a proxy may send."""
    if name[:5] != "HTTP_" and name[:5].upper() != "HTTP_":
        return False
    return FORGED.fullmatch(name.upper().replace("-", "_")) is not None


def without_credentials(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Return a copy of *environ* without our sessions and API keys, with which one could act as the visitor elsewhere.

    Cookies of other names, and other credentials, are the application's own.
    """
    kept = dict(environ)
    if cookies := kept.pop("HTTP_COOKIE", ""):
        others = [pair for pair in cookies.split(";") if not OUR_COOKIE.fullmatch(pair.partition("=")[0])]
        if left := ";".join(others).strip():
            kept["HTTP_COOKIE"] = left
    if OUR_TOKEN.match(kept.get("HTTP_AUTHORIZATION", "")):
        del kept["HTTP_AUTHORIZATION"]
    return kept

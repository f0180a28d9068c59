"""The addresses that a browser may be sent to after logging in: those that nginx lets pass, and no other.

``PLAIN`` and ``RAW`` are the patterns of nginx/snippets/parts/strict_path.conf, character by character (a test compares
them). An address that passes there is returned here unchanged; no address that leaves the site matches.
"""

import re
from urllib.parse import quote

HOME = "/auth/account"
LOGIN = "/auth/login"
# Of an address: nginx takes request lines of 8192 bytes, their end included (large_client_header_buffers).
LONGEST = 8192 - len("POST  HTTP/1.1\r\n")
# What a query can hold as it is (RFC 3986, 3.4), means nothing else in a form, and is changed by no browser
# (https://url.spec.whatwg.org/#query-percent-encode-set). nginx/njs/login.js has the same.
UNESCAPED = "!$()*,-./:;=?@_~"

WRITTEN = re.compile(r'[!-"$-~]+')  # RFC 3986 in bytes: printable ASCII, and no fragment
# fmt: off
PLAIN = re.compile(r"(?i)^(?=/)(?:/(?!(?:\.|%2e){1,2}(?:[/?]|\Z))(?:[^/?#%;\x5c]++|%(?![01]|2f|5c|3b|7f|25(?:[0-9a-f]|%3[0-9]|%[46][1-6]){2}|c[01]|e0%[89]|f0%8|e2%80%a[456]|ef%bc%(?:8[ef]|bc)|ef%b9%(?:92|a8))[0-9a-f]{2})++)*+/?(?:\?|\Z)")  # noqa: E501 - as in nginx
RAW = re.compile(r"^(/(?:[\w.~-]+/)+) (?![^?]*(?:/|%2[fF])(?:\.|%2[eE]){1,2}(?:[/;?]|%2[fF]|%3[bB]|\Z))\1(?i:[^?#%\x5c]++|%(?![01]|5c|7f|25(?:[0-9a-f]|%3[0-9]|%[46][1-6]){2}|c[01]|e0%[89]|f0%8|e2%80%a[45]|ef%bc%(?:8[ef]|bc)|ef%b9%(?:92|a8))[0-9a-f]{2})*+(?:\?|\Z)")  # noqa: E501 - as in nginx
# fmt: on
PREFIX = re.compile(r"/[\w.~-]+/")  # the shortest that a location with raw paths can have


def local(target: str | None) -> str:
    """Return *target* if nginx may let it pass and it fits into a login's address, else the account's page."""
    return target if target and is_address(target) and add_next(LOGIN, target) else HOME


def is_address(target: str) -> bool:
    """Whether *target* is a path and query of this site, as some location of nginx takes them."""
    if not WRITTEN.fullmatch(target):
        return False
    if PLAIN.match(target):
        return True
    prefix = PREFIX.match(target)
    return bool(prefix and RAW.match(f"{prefix[0]} {target}"))


def add_next(path: str, target: str) -> str | None:
    """Return the address of our page *path* that leads on to *target*; None if it is too long for a request."""
    address = f"{path}?next={quote(target, safe=UNESCAPED)}"
    return address if len(address) <= LONGEST else None

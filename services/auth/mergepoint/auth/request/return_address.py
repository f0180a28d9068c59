"""The return address: where a browser wanted to go before it had to log in, through all the pages on the way."""

import contextlib

from flask import g, request

from mergepoint.kit.problems import Problem

from ..sessions.redirects import HOME, add_next, is_address, local
from .body import body_fields
from .context import auth

MAX_IN_COOKIE = 200  # characters of an address: eight such cookies go with every request to the site


def resolve(next: str | None) -> str:
    """Return the address that *next* is, or is the key of; the account's page if it is neither."""
    return local(auth().targets.find(next) or next) if next else HOME


def read_target() -> str:
    """Return where the browser wanted to go, as the form says, else the query, else the address of the page itself."""
    if request.method == "POST":
        with contextlib.suppress(Problem):  # the refusal may be about the body itself
            return resolve(str(body_fields().get("next", "")))
        return HOME
    return resolve(request.args.get("next")) if "next" in request.args else current_address()


def current_address() -> str:
    """Return the address of the request, as it was sent; the account's page if it was no GET, or cannot be one."""
    raw = str(request.environ.get("RAW_URI", ""))
    return raw if request.method == "GET" and is_address(raw) else HOME


def link_through(path: str, target: str) -> str:
    """Return the address of our page *path* that leads on to *target*."""
    return add_next(path, target) or f"{path}?next={put_aside(target)}"


def shorten(target: str) -> str:
    """Return *target*, or, if it is too long for a cookie, the key under which it is put aside."""
    return target if len(target) <= MAX_IN_COOKIE else put_aside(target)


def put_aside(target: str) -> str:
    """Return the key under which *target* is put aside, the same all through one request."""
    if g.get("aside", ("", ""))[0] != target:
        g.aside = (target, auth().targets.put(target) or HOME)
    found: str = g.aside[1]
    return found

"""The way back: where a browser wanted to go before it had to log in, through all the pages on the way."""

import contextlib

from flask import g, request

from mergepoint.kit.problems import Problem

from ..sessions.redirects import HOME, add_next, is_address, local
from .requests import auth, sent_fields

SHORT = 200  # characters that a cookie may carry: eight of them go with every request of the site


def resolve(next: str | None) -> str:
    """Return the address that *next* names, or that is put aside under it; the account's page if that is none."""
    return local(auth().targets.find(next) or next) if next else HOME


def read_target() -> str:
    """Return where the request says that the browser wanted to go: the form, else the query, else the page itself."""
    if request.method == "POST":
        with contextlib.suppress(Problem):  # the body may be what is wrong
            return resolve(str(sent_fields().get("next", "")))
        return HOME
    return resolve(request.args.get("next")) if "next" in request.args else current_address()


def current_address() -> str:
    """Return the address that was asked for, as it was sent; the account's page if it was not to be looked at."""
    sent = str(request.environ.get("RAW_URI", ""))
    return sent if request.method == "GET" and is_address(sent) else HOME


def link_through(path: str, target: str) -> str:
    """Return the address of our page *path* that leads on to *target*."""
    return add_next(path, target) or f"{path}?next={put_aside(target)}"


def shorten(target: str) -> str:
    """Return *target*, or where it is put aside if a cookie should not carry it."""
    return target if len(target) <= SHORT else put_aside(target)


def put_aside(target: str) -> str:
    """Return the key of *target*; one is enough for a page."""
    if g.get("aside", ("", ""))[0] != target:
        g.aside = (target, auth().targets.put(target) or HOME)
    found: str = g.aside[1]
    return found

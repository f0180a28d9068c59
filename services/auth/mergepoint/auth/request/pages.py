"""Our pages, rendered from templates/, with the values and filters that all of them need."""

import time
from typing import Any

from flask import Flask, Response, make_response, render_template

from ..accounts.pictures import avatar
from ..sessions.agents import program
from .context import auth, find_full_session, settings
from .csrf import csrf_token
from .return_address import link_through

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(name: str, status: int = 200, /, **values: Any) -> Response:
    """Render templates/*name*.html with *values*, the user who is logged in (``me``) and a CSRF token (``csrf``)."""
    here = find_full_session()
    values |= {"me": here.user if here else None, "csrf": csrf_token()}
    response = make_response(render_template(f"{name}.html", **values), status)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def add_filters(app: Flask) -> None:
    """Give the templates their filters and functions."""
    app.add_template_filter(program)
    app.add_template_filter(_capitalize_first, "capitalize_first")
    app.add_template_filter(_moment, "moment")
    app.add_template_filter(_avatar, "avatar")
    app.jinja_env.globals |= {
        "providers": list(app.extensions["settings"].providers),
        "linked_with": _linked_with,
        "link_through": link_through,
    }


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def _avatar(picture: str | None) -> str | None:
    return avatar(picture, *settings().thumbnail)


def _linked_with(user_id: int) -> list[str]:
    return auth().federation.linked(user_id)

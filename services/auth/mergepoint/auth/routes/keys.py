"""/auth/keys: the caller's API keys."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import BeforeValidator, Field

from mergepoint.kit.options import Options
from mergepoint.kit.web.openapi import describe

from ..credentials.keys import Key
from ..errors import Invalid
from ..request.body import body_fields, read_body
from ..request.context import auth, request_context, require_user
from ..request.pages import page
from ..request.responses import wants_page
from ..request.statuses import status_of
from .login import NoOptions

DAY = 86400.0


def _words(value: Any) -> Any:
    """Return the words of a text: a form has one field for all scopes."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


Scopes = Annotated[list[str], BeforeValidator(_words)]


class NewKeyOptions(Options):
    """A key to make."""

    name: str = Field(description="to recognise it by")
    scopes: Scopes = Field(description="where it may be used: `highlight`, `jobs:write` …")
    rate: int | None = Field(None, ge=1, le=1_000_000, description="requests a minute")
    days: float | None = Field(None, gt=0, le=3660, description="days until it expires")


class RotateOptions(Options):
    """How long the old key works beside the new one."""

    overlap: float = Field(DAY, ge=0, le=90 * DAY, description="seconds")


blueprint = Blueprint("keys", __name__)


@blueprint.get("/auth/keys")
@describe("Your API keys, without their secrets", produces=["application/json", "text/html"])
def keys() -> Response:
    return (
        _show() if wants_page() else jsonify({"keys": [key.public for key in auth().keys.list(require_user().user.id)]})
    )


@blueprint.post("/auth/keys")
@describe(
    "Make an API key; its secret is in this answer and nowhere else", NewKeyOptions, produces=["application/json"]
)
def create_key() -> Response:
    who, options = require_user(), read_body(NewKeyOptions)
    expires = auth().clock() + options.days * DAY if options.days else None
    try:
        made = auth().keys.create(
            who.user,
            request_context(who),
            name=options.name,
            scopes=options.scopes,
            rate=options.rate,
            expires=expires,
            by=who.key,
        )
    except Invalid as error:
        if not wants_page():
            raise
        return _show(status_of(error), error=error, typed=body_fields())
    return _show_secret(*made)


@blueprint.post("/auth/keys/<id>/rotate")
@describe("Make a key's successor; both work for a while", RotateOptions, produces=["application/json"])
def rotate_key(id: str) -> Response:
    who = require_user()
    overlap = read_body(RotateOptions).overlap
    return _show_secret(*auth().keys.rotate(who.user.id, id, request_context(who), overlap=overlap, by=who.key))


@blueprint.delete("/auth/keys/<id>")
@blueprint.post("/auth/keys/<id>/revoke")
@describe("Revoke a key, at once", NoOptions, produces=["application/json"])
def revoke_key(id: str) -> Response:
    who = require_user()
    auth().keys.revoke(who.user.id, id, request_context(who))
    return _show(notice="The key is revoked.") if wants_page() else jsonify({"revoked": id})


def _show_secret(secret: str, key: Key) -> Response:
    if wants_page():
        return _show(secret=secret)
    return jsonify({"secret": secret, "key": key.public})


def _show(status: int = 200, **values: Any) -> Response:
    return page("keys", status, keys=auth().keys.list(require_user().user.id), now=auth().clock(), **values)

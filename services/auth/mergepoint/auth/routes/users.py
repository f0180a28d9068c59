"""/auth/users and /auth/audit: for administrators."""

from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Model, Options, validate
from mergepoint.kit.web.openapi import describe

from ..access.policy import Caller
from ..accounts.user import User
from ..errors import Forbidden, Invalid
from ..request.body import body_fields, read_body
from ..request.context import auth, request_context, require_administrator
from ..request.pages import page
from ..request.responses import wants_page
from ..request.statuses import status_of
from . import links
from .login import NoOptions


class NewUserOptions(Options):
    """A new user, who chooses a password by a link."""

    name: str
    email: str | None = None
    admin: bool = False


class ChangeOptions(Options):
    """Changes of a user's rights; null leaves a right as it is."""

    admin: bool | None = None
    disabled: bool | None = None


class InviteOptions(Options):
    """An invitation to register, for one address or for anybody."""

    email: str | None = None


class ListOptions(Options):
    """A choice of users: those after an id, or the one with a name or an address."""

    after: int = Field(0, ge=0, le=2**62)
    login: str = Field("", max_length=1000)
    limit: int = Field(100, ge=1, le=1000)


class AuditOptions(Options):
    """A choice of events: those before an id, about a user, of a kind."""

    before: int | None = Field(None, ge=0)
    user: int | None = Field(None, ge=0)
    event: str | None = Field(None, max_length=64)
    limit: int = Field(100, ge=1, le=1000)


blueprint = Blueprint("users", __name__)


@blueprint.get("/auth/users")
@describe("Users, in the order of their ids", ListOptions, produces=["application/json", "text/html"])
def users() -> Response:
    require_administrator()
    found, more = _find_users(query := _read_query(ListOptions))
    if wants_page():
        return page("users", users=found, more=more, asked=query)
    return jsonify({"users": [_describe_user(user) for user in found], "after": found[-1].id if more else None})


@blueprint.post("/auth/users")
@describe("Make a user; returns the link to choose a password", NewUserOptions, produces=["application/json"])
def create_user() -> Response:
    who, options = require_administrator(), read_body(NewUserOptions)
    _refuse_key(who, options.admin)
    try:
        user = auth().accounts.create(
            options.name,
            request_context(who),
            email=options.email,
            email_proven=bool(options.email),
            admin=options.admin,
        )
    except Invalid as error:
        if not wants_page():
            raise
        return _show(status_of(error), error=error, typed=body_fields())
    return _show_link(user, links.send_password_link(user, request_context(who)))


@blueprint.post("/auth/users/invite")
@describe("A link by which somebody may register, once", InviteOptions, produces=["application/json"])
def invite() -> Response:
    who, options = require_administrator(), read_body(InviteOptions)
    link = links.send_invitation(options.email, request_context(who))
    return _show(link=link, notice="This link makes one account.") if wants_page() else jsonify({"link": link})


@blueprint.patch("/auth/users/<int:id>")
@blueprint.post("/auth/users/<int:id>/change")
@describe("Change a user's rights; their sessions end", ChangeOptions, produces=["application/json"])
def change_user(id: int) -> Response:
    who, options = require_administrator(), read_body(ChangeOptions)
    _refuse_key(who, bool(options.admin))
    auth().accounts.change(id, request_context(who), admin=options.admin, disabled=options.disabled)
    user = auth().accounts.get(id)
    return _show(notice=f"{user.name} is changed.") if wants_page() else jsonify({"user": _describe_user(user)})


@blueprint.post("/auth/users/<int:id>/reset")
@describe("A link by which a user chooses another password, once", NoOptions, produces=["application/json"])
def reset_user(id: int) -> Response:
    who = require_administrator()
    user = auth().accounts.get(id)
    _refuse_key(who, user.admin)
    return _show_link(user, links.send_password_link(user, request_context(who)))


@blueprint.post("/auth/users/<int:id>/sessions/end")
@describe("End all sessions of a user", NoOptions, produces=["application/json"])
def end_user_sessions(id: int) -> Response:
    who = require_administrator()
    ended = auth().sessions.end_all(auth().accounts.get(id).id, request_context(who))
    return _show(notice=f"{ended} sessions ended.") if wants_page() else jsonify({"ended": ended})


@blueprint.delete("/auth/users/<int:id>")
@blueprint.post("/auth/users/<int:id>/delete")
@describe("Delete a user and all that is theirs", NoOptions, produces=["application/json"])
def delete_user(id: int) -> Response:
    who = require_administrator()
    if id == who.user.id:
        raise Invalid("id", "you cannot delete yourself; ask another administrator")
    auth().accounts.delete(id, request_context(who))
    return _show(notice="The user is deleted.") if wants_page() else jsonify({"deleted": id})


@blueprint.get("/auth/audit")
@describe("The audit log, newest first", AuditOptions, produces=["application/json", "text/html"])
def audit() -> Response:
    require_administrator()
    query = _read_query(AuditOptions)
    events = auth().audit.read(before=query.before, user_id=query.user, event=query.event, limit=query.limit)
    if not wants_page():
        return jsonify({"events": events})
    ids = {event[of] for event in events for of in ("user_id", "actor_id") if event[of] is not None}
    names = auth().accounts.names(ids)
    return page("audit", events=events, names=names, asked=query)


def _refuse_key(who: Caller, admin: bool) -> None:
    """Raise Forbidden if a key would make an administrator, or reset one: that access would outlast the key."""
    if admin and who.key:
        raise Forbidden("this takes a session, not a key")


def _describe_user(user: User) -> dict[str, Any]:
    return {**user.public, "disabled": user.disabled, "created": user.created}


def _show_link(user: User, link: str) -> Response:
    notice = f"{user.name} chooses a password by this link, once, within a day."
    return _show(link=link, notice=notice) if wants_page() else jsonify({"user": _describe_user(user), "link": link})


def _read_query(model: type[Model]) -> Model:
    return validate(model, {name: value for name, value in request.args.items() if value})


def _find_users(query: ListOptions) -> tuple[list[User], bool]:
    """Return users, and whether there are more."""
    if query.login:
        one = auth().accounts.find(query.login)
        return [one] if one else [], False
    found = auth().accounts.list(after=query.after, limit=query.limit + 1)
    return found[: query.limit], len(found) > query.limit


def _show(status: int = 200, **values: Any) -> Response:
    g.pop("caller", None)  # its user may have been changed just now
    found, more = _find_users(ListOptions())
    return page("users", status, users=found, more=more, **values)

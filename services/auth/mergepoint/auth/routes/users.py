"""/auth/users and /auth/audit: for administrators."""

from typing import Any

from flask import Flask, Response, g, jsonify, request
from pydantic import Field

from mergepoint.kit.options import Model, Options, validate
from mergepoint.kit.web.openapi import describe

from ..access.policy import Caller
from ..accounts.user import User
from ..errors import Forbidden, Invalid
from . import links
from .login import NoOptions
from .requests import administrator, auth, origin, page, sent, sent_fields, status_of, wants_page


class NewUserOptions(Options):
    """A user to make. They choose their own password, by a link."""

    name: str
    email: str | None = None
    admin: bool = False


class ChangeOptions(Options):
    """What changes about a user."""

    admin: bool | None = None
    disabled: bool | None = None


class InviteOptions(Options):
    """An invitation to register, perhaps for one address."""

    email: str | None = None


class ListOptions(Options):
    """Which users: those after an id, or the one with a name or an address."""

    after: int = Field(0, ge=0, le=2**62)
    login: str = Field("", max_length=1000)
    limit: int = Field(100, ge=1, le=1000)


class AuditOptions(Options):
    """Which events: those before an id, about a user, of a kind."""

    before: int | None = Field(None, ge=0)
    user: int | None = Field(None, ge=0)
    event: str | None = Field(None, max_length=64)
    limit: int = Field(100, ge=1, le=1000)


def add(app: Flask) -> None:
    @app.get("/auth/users")
    @describe("Users, in the order of their ids", ListOptions, produces=["application/json", "text/html"])
    def users() -> Response:
        administrator()
        found, more = _found(asked := _asked(ListOptions))
        if wants_page():
            return page("users", users=found, more=more, asked=asked)
        return jsonify({"users": [_told(user) for user in found], "after": found[-1].id if more else None})

    @app.post("/auth/users")
    @describe("Make a user; returns the link to choose a password", NewUserOptions, produces=["application/json"])
    def create_user() -> Response:
        who, options = administrator(), sent(NewUserOptions)
        _refuse_key(who, options.admin)
        try:
            user = auth().accounts.create(
                options.name, origin(who), email=options.email, email_proven=bool(options.email), admin=options.admin
            )
        except Invalid as error:
            if not wants_page():
                raise
            return _show(status_of(error), error=error, typed=sent_fields())
        return _linked(user, links.password(user, origin(who)))

    @app.post("/auth/users/invite")
    @describe("A link by which somebody may register, once", InviteOptions, produces=["application/json"])
    def invite() -> Response:
        who, options = administrator(), sent(InviteOptions)
        link = links.invitation(options.email, origin(who))
        return _show(link=link, notice="This link makes one account.") if wants_page() else jsonify({"link": link})

    @app.patch("/auth/users/<int:id>")
    @app.post("/auth/users/<int:id>/change")
    @describe("Change a user's rights; their sessions end", ChangeOptions, produces=["application/json"])
    def change_user(id: int) -> Response:
        who, options = administrator(), sent(ChangeOptions)
        _refuse_key(who, bool(options.admin))
        auth().accounts.change(id, origin(who), admin=options.admin, disabled=options.disabled)
        user = auth().accounts.get(id)
        return _show(notice=f"{user.name} is changed.") if wants_page() else jsonify({"user": _told(user)})

    @app.post("/auth/users/<int:id>/reset")
    @describe("A link by which a user chooses another password, once", NoOptions, produces=["application/json"])
    def reset_user(id: int) -> Response:
        who = administrator()
        user = auth().accounts.get(id)
        _refuse_key(who, user.admin)
        return _linked(user, links.password(user, origin(who)))

    @app.post("/auth/users/<int:id>/sessions/end")
    @describe("End all sessions of a user", NoOptions, produces=["application/json"])
    def end_user_sessions(id: int) -> Response:
        who = administrator()
        ended = auth().sessions.end_all(auth().accounts.get(id).id, origin(who))
        return _show(notice=f"{ended} sessions ended.") if wants_page() else jsonify({"ended": ended})

    @app.delete("/auth/users/<int:id>")
    @app.post("/auth/users/<int:id>/delete")
    @describe("Delete a user and all that is theirs", NoOptions, produces=["application/json"])
    def delete_user(id: int) -> Response:
        who = administrator()
        if id == who.user.id:
            raise Invalid("id", "nobody deletes themselves")
        auth().accounts.delete(id, origin(who))
        return _show(notice="The user is deleted.") if wants_page() else jsonify({"deleted": id})

    @app.get("/auth/audit")
    @describe("The audit log, newest first", AuditOptions, produces=["application/json", "text/html"])
    def audit() -> Response:
        administrator()
        asked = _asked(AuditOptions)
        events = auth().audit.read(before=asked.before, user_id=asked.user, event=asked.event, limit=asked.limit)
        if not wants_page():
            return jsonify({"events": events})
        ids = {event[of] for event in events for of in ("user_id", "actor_id") if event[of] is not None}
        names = auth().accounts.names(ids)
        return page("audit", events=events, names=names, asked=asked)


def _refuse_key(who: Caller, admin: bool) -> None:
    """A key makes no administrator and lets nobody in as one: it would outlive itself so."""
    if admin and who.key:
        raise Forbidden("this takes a session, not a key")


def _told(user: User) -> dict[str, Any]:
    return {**user.public, "disabled": user.disabled, "created": user.created}


def _linked(user: User, link: str) -> Response:
    notice = f"{user.name} chooses a password by this link, once, within a day."
    return _show(link=link, notice=notice) if wants_page() else jsonify({"user": _told(user), "link": link})


def _asked(model: type[Model]) -> Model:
    return validate(model, {name: value for name, value in request.args.items() if value})


def _found(asked: ListOptions) -> tuple[list[User], bool]:
    """Return users, and whether there are more."""
    if asked.login:
        one = auth().accounts.find(asked.login)
        return [one] if one else [], False
    found = auth().accounts.list(after=asked.after, limit=asked.limit + 1)
    return found[: asked.limit], len(found) > asked.limit


def _show(status: int = 200, **values: Any) -> Response:
    g.pop("caller", None)  # it may have been changed just now
    found, more = _found(ListOptions())
    return page("users", status, users=found, more=more, **values)

"""/auth/oidc/<provider>: logging in with an account elsewhere, and linking one with the account here."""

import secrets
from typing import Any

from flask import Flask, Response, jsonify, request

from mergepoint.kit.openapi import describe

from ..errors import Forbidden, InvalidToken, NotFound
from ..redirects import HOME, local
from ..sessions import Session
from .factor import FRESH, PasswordOptions, proven
from .login import welcome
from .provider import Client
from .requests import auth, cookie_name, origin, page, see, sent, session, set_short_cookie, settings, wants_page

MINUTES = 600  # seconds that somebody may take at the provider
COOKIE = "-oidc"


def add(app: Flask) -> None:
    known = app.extensions["settings"]
    clients = {
        name: Client(provider, f"{known.public_url}/auth/oidc/{name}/callback")
        for name, provider in known.providers.items()
    }

    @app.get("/auth/oidc/<name>")
    def begin_oidc(name: str) -> Response:
        found, here = client(name), session()
        if here is None or here.pending:
            return _send_there(found, name, local(request.args.get("next")))
        if "link" not in request.args:
            return _offer(name, here)
        _check_link(name, here)
        return _send_there(found, name, HOME, link=here.id)

    @app.get("/auth/oidc/<name>/callback")
    def finish_oidc(name: str) -> Response:
        found = client(name)
        own = auth().tokens.unsign("oidc", request.cookies.get(cookie_name(COOKIE), ""), seconds=MINUTES)
        same = secrets.compare_digest(str(own["state"]).encode(), request.args.get("state", "").encode())
        if not same or own["provider"] != name or "code" not in request.args:
            raise InvalidToken("this login was not begun here, or was given up")
        claims = found.claims(
            request.args["code"],
            nonce=str(own["nonce"]),
            verifier=str(own["verifier"]),
            issuer=request.args.get("iss"),
        )
        response = _link(name, claims, str(own["link"])) if own["link"] else _log_in(name, claims, str(own["next"]))
        set_short_cookie(response, COOKIE, None, 0)
        return response

    @app.post("/auth/oidc/<name>/unlink")
    @describe("Log in by this provider no longer", PasswordOptions, produces=["application/json"])
    def unlink_oidc(name: str) -> Response:
        who = proven(sent(PasswordOptions).password)
        auth().federation.unlink(who.user, name, origin(who))
        return see(HOME) if wants_page() else jsonify({"unlinked": name})

    def client(name: str) -> Client:
        if name not in clients:
            raise NotFound(f"no provider is called {name[:40]!r}")
        return clients[name]


def _send_there(client: Client, name: str, target: str, *, link: str = "") -> Response:
    """Send the browser to the provider; what belongs to this try goes into a cookie of its own."""
    own = {"state": secrets.token_urlsafe(16), "nonce": secrets.token_urlsafe(16)}
    own |= {"verifier": secrets.token_urlsafe(48)}
    response = see(client.address(**own))
    own |= {"provider": name, "next": target, "link": link}
    set_short_cookie(response, COOKIE, auth().tokens.sign("oidc", own), MINUTES)
    return response


def _offer(name: str, here: Session) -> Response:
    """Ask who is logged in whether the account elsewhere shall let them in here. What any page could make a browser do,
    a visit, does not: somebody else's account might be the one that it is logged in with there.
    """
    if auth().clock() - here.proven > FRESH:
        raise Forbidden("log out and in again first: you logged in more than ten minutes ago")
    token = auth().tokens.sign("link", {"session": here.id, "provider": name})
    path = f"/auth/oidc/{name}?link={token}"
    return page("link", provider=name, path=path) if wants_page() else jsonify({"link": path})


def _check_link(name: str, here: Session) -> None:
    said = auth().tokens.unsign("link", request.args["link"], seconds=MINUTES)
    if (said["session"], said["provider"]) != (here.id, name):
        raise InvalidToken


def _link(name: str, claims: dict[str, Any], id: str) -> Response:
    here = session()
    if here is None or here.pending or here.id != id:
        raise InvalidToken("this was begun by somebody else, or in another session")
    auth().federation.link(here.user, name, claims, origin())
    return see(HOME)


def _log_in(name: str, claims: dict[str, Any], target: str) -> Response:
    may_register = settings().registration == "open"
    user = auth().federation.user(name, claims, origin(), may_register=may_register)
    return welcome(user, target, how=f"oidc {name}", pending=user.guarded)

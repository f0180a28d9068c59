"""/auth/oidc/<provider>: logging in with an account at a provider, and linking it with a user."""

from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from werkzeug.urls import iri_to_uri

from mergepoint.kit.web.openapi import describe

from ..config import Settings
from ..errors import CookieMissing, Forbidden, InvalidToken, NotFound
from ..federation.flows import FLOW_SECONDS, STATE, Flow
from ..federation.provider import ProviderClient
from ..request.body import read_body
from ..request.context import auth, cookie_name, find_full_session, find_session, request_context, settings
from ..request.cookies import has_cookie, set_cookie
from ..request.pages import page
from ..request.responses import redirect_to, wants_page
from ..request.return_address import resolve, shorten
from ..sessions.redirects import HOME
from ..sessions.sessions import Session
from .login import begin_session
from .second_factor import FRESH, PasswordProofOptions, require_proof

COOKIE = "-oidc-"  # and the flow's state: with one cookie for all, a second tab would end the first one's login

GIVEN_UP = "this login was given up, or refused by the provider; try again"
NOT_BEGUN = "this login was not begun in this browser, or more than ten minutes ago; begin again"


blueprint = Blueprint("oidc", __name__)


@blueprint.get("/auth/oidc/<name>")
def begin_oidc(name: str) -> Response:
    found, here, target = _client(name), find_full_session(), resolve(request.args.get("next"))
    if here is None:
        return _send_there(found, name, target)
    if "link" not in request.args:
        return redirect_to(target) if wants_page() and "next" in request.args else _offer(name, here)
    _check_link(name, here)
    return _send_there(found, name, HOME, link=here.id)


@blueprint.get("/auth/oidc/<name>/callback")
def finish_oidc(name: str) -> Response:
    found, own = _client(name), _find_flow(name)
    g.target = target = resolve(own.target)
    if "code" not in request.args:
        if wants_page() and find_full_session() and not own.link:
            return redirect_to(target)
        raise InvalidToken(GIVEN_UP)
    claims = found.claims(request.args["code"], nonce=own.nonce, verifier=own.verifier, issuer=request.args.get("iss"))
    response = _link(name, claims, own.link) if own.link else _log_in(name, claims, target)
    set_cookie(response, COOKIE + own.state, None, 0)
    return response


@blueprint.post("/auth/oidc/<name>/unlink")
@describe("Log in by this provider no longer", PasswordProofOptions, produces=["application/json"])
def unlink_oidc(name: str) -> Response:
    who = require_proof(read_body(PasswordProofOptions).password)
    auth().federation.unlink(who.user, name, request_context(who))
    return redirect_to(HOME) if wants_page() else jsonify({"unlinked": name})


def clients_of(settings: Settings) -> dict[str, ProviderClient]:
    """Return a client for each provider that the settings name."""
    return {
        name: ProviderClient(
            provider.issuer,
            provider.client_id,
            provider.client_secret,
            callback=f"{settings.public_url}/auth/oidc/{name}/callback",
        )
        for name, provider in settings.providers.items()
    }


def _client(name: str) -> ProviderClient:
    clients: dict[str, ProviderClient] = current_app.extensions["oidc_clients"]
    if name not in clients:
        raise NotFound(f"no provider is called {name[:40]!r}")
    return clients[name]


def _send_there(client: ProviderClient, name: str, target: str, *, link: str = "") -> Response:
    """Send the browser to the provider, with a cookie for this one login."""
    kept = _read_tokens()
    flow, token, over = auth().flows.begin(name, shorten(target), link, kept)
    there = client.address(state=flow.state, nonce=flow.nonce, verifier=flow.verifier)
    response = redirect_to(iri_to_uri(there))  # a provider's address may have characters beyond ASCII
    for state in over:
        set_cookie(response, COOKIE + state, None, 0)
    set_cookie(response, COOKIE + flow.state, token, FLOW_SECONDS)
    return response


def _find_flow(name: str) -> Flow:
    """Return the flow that the provider's redirect belongs to, if this browser has begun it, or raise InvalidToken."""
    state, kept = request.args.get("state", ""), _read_tokens()
    token = kept.get(state)
    if token is None and not state and "error" in request.args:  # against RFC 6749, 4.1.2.1, some omit the state
        last = auth().flows.newest(kept)
        g.target = resolve(last.target) if last else HOME
        raise InvalidToken(GIVEN_UP)
    if token is None:
        raise InvalidToken(NOT_BEGUN) if has_cookie() else CookieMissing
    flow = auth().flows.find(state, token)
    if flow.provider != name:
        raise InvalidToken(NOT_BEGUN)
    return flow


def _read_tokens() -> dict[str, str]:
    """Return the tokens of the logins at providers that this browser has begun, by their states."""
    before = cookie_name(COOKIE)
    found = {name[len(before) :]: value for name, value in request.cookies.items() if name.startswith(before)}
    return {state: value for state, value in found.items() if STATE.fullmatch(state)}


def _offer(name: str, here: Session) -> Response:
    """Ask the user whether to link the account at the provider.

    A visit alone does not link it: any page can cause one, and the browser may be logged in there with another person's
    account.
    """
    if auth().clock() - here.proven > FRESH:
        raise Forbidden("log out and in again first: you logged in more than ten minutes ago")
    token = auth().tokens.sign("link", {"session": here.id, "provider": name})
    path = f"/auth/oidc/{name}?link={token}"
    return page("link", provider=name, path=path) if wants_page() else jsonify({"link": path})


def _check_link(name: str, here: Session) -> None:
    said = auth().tokens.unsign("link", request.args["link"], seconds=FLOW_SECONDS)
    if (said["session"], said["provider"]) != (here.id, name):
        raise InvalidToken


def _link(name: str, claims: dict[str, Any], id: str) -> Response:
    here = find_session()
    if here is None or here.pending or here.id != id:
        raise InvalidToken("this was begun by another user or in another session; begin again")
    auth().federation.link(here.user, name, claims, request_context())
    return redirect_to(HOME)


def _log_in(name: str, claims: dict[str, Any], target: str) -> Response:
    may_register = settings().registration == "open"
    user = auth().federation.user(name, claims, request_context(), may_register=may_register)
    here = find_full_session()
    if here and here.user.id == user.id:  # another tab was faster, and may have the second factor
        return redirect_to(target)
    return begin_session(user, target, how=f"oidc {name}", pending=user.guarded)

"""/auth/verify, which nginx asks before a request may pass; and /auth/jwks.json, to check identities with."""

import time

from flask import Blueprint, Response, jsonify, request

from mergepoint.kit.problems import Problem

from ..errors import InvalidCredential, LoginRequired
from ..request.context import auth, cookie_name, credentials
from ..signing.identity import LOOK_AGAIN, PUBLISHED_BEFORE

# So that whoever keeps them, and a worker that has not looked again yet, know a new key before it signs.
KEEP_KEYS = int(PUBLISHED_BEFORE - LOOK_AGAIN) - 1  # seconds
CHALLENGE = 'Bearer realm="mergepoint"'


blueprint = Blueprint("verify", __name__)


@blueprint.get("/auth/verify")
def verify() -> Response:
    """200, 401, 403 or 429. nginx names policy and service, and never passes on a client's own such headers;
    Mergepoint-Again says that the request was let in before.
    """
    policy, service = request.headers.get("Mergepoint-Policy"), request.headers.get("Mergepoint-Audience")
    if not policy or not service:
        raise Problem("not_found", "there is nothing at this path")
    response = Response(status=200)
    try:
        again = "Mergepoint-Again" in request.headers
        decision = auth().gate.decide(policy, service, credentials(), again=again)
    except (LoginRequired, InvalidCredential) as error:
        response.status_code = 401
        response.headers["WWW-Authenticate"] = challenge(error)
        stale, counted = auth().gate.is_stale(credentials()), False
    else:
        stale, counted = decision.stale_cookie, decision.counted
        response.headers["Mergepoint-Identity"] = decision.identity or "nobody"  # or nginx would not believe it
    if stale:
        response.headers["Mergepoint-Set-Cookie"] = expired_cookie()
    # Until the end of this second, by nginx's clock, which is ours: https://nginx.org/r/proxy_cache_valid
    keep = "0" if counted else f"@{int(time.time())}"
    response.headers["X-Accel-Expires"] = keep
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/auth/jwks.json")
def jwks() -> Response:
    response = jsonify(auth().identities.jwks())
    response.headers["Cache-Control"] = f"public, max-age={KEEP_KEYS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def challenge(error: LoginRequired | InvalidCredential) -> str:
    """RFC 6750, section 3."""
    return CHALLENGE + (', error="invalid_token"' if isinstance(error, InvalidCredential) else "")


def expired_cookie() -> str:
    secure = "; Secure" if cookie_name().startswith("__Host-") else ""
    return f"{cookie_name()}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax{secure}"

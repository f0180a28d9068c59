"""/auth/verify, by which nginx asks whether a request may pass, and /auth/jwks.json, the keys of identities."""

import time

from flask import Blueprint, Response, jsonify, request

from mergepoint.kit.problems import Problem

from ..errors import InvalidCredential, LoginRequired
from ..request.context import auth, cookie_name, credentials
from ..signing.identity import CHECK_INTERVAL, PUBLISHED_BEFORE

# Caches, and workers that have not read the file again, must know a new key before it signs.
KEYS_MAX_AGE = int(PUBLISHED_BEFORE - CHECK_INTERVAL) - 1  # seconds
CHALLENGE = 'Bearer realm="mergepoint"'


blueprint = Blueprint("verify", __name__)


@blueprint.get("/auth/verify")
def verify() -> Response:
    """Answer 200, 401, 403 or 429. nginx sets the headers that name policy and service, and removes those of clients.
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
        response.headers["Mergepoint-Identity"] = (
            decision.identity or "nobody"
        )  # without a value nginx refuses the request
    if stale:
        response.headers["Mergepoint-Set-Cookie"] = expired_cookie()
    # nginx keeps the decision until the end of this second: https://nginx.org/r/proxy_cache_valid
    keep = "0" if counted else f"@{int(time.time())}"
    response.headers["X-Accel-Expires"] = keep
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/auth/jwks.json")
def jwks() -> Response:
    response = jsonify(auth().identities.jwks())
    response.headers["Cache-Control"] = f"public, max-age={KEYS_MAX_AGE}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def challenge(error: LoginRequired | InvalidCredential) -> str:
    """Return the value of WWW-Authenticate (RFC 6750, section 3)."""
    return CHALLENGE + (', error="invalid_token"' if isinstance(error, InvalidCredential) else "")


def expired_cookie() -> str:
    """Return a Set-Cookie value that removes the session's cookie."""
    secure = "; Secure" if cookie_name().startswith("__Host-") else ""
    return f"{cookie_name()}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax{secure}"

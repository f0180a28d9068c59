"""/auth/verify, by which nginx asks whether a request may pass, and /auth/jwks.json, the keys of identities."""

import time

from flask import Blueprint, Response, jsonify, request

from mergepoint.kit.problems import Problem

from ..access.gate import Decision
from ..errors import InvalidCredential, LoginRequired, OtherSite
from ..request.context import auth, cookie_name, credentials
from ..request.csrf import is_of_this_site
from ..signing.identity import CHECK_INTERVAL, PUBLISHED_BEFORE

# Caches, and workers that have not read the file again, must know a new key before it signs.
KEYS_MAX_AGE = int(PUBLISHED_BEFORE - CHECK_INTERVAL) - 1  # seconds
CHALLENGE = 'Bearer realm="mergepoint"'


blueprint = Blueprint("verify", __name__)


@blueprint.get("/auth/verify")
def verify() -> Response:
    """Answer 200, 401, 403 or 429. nginx sets the headers that name policy and service, and removes those of clients.

    Mergepoint-Again says that the request was let in before; Mergepoint-Later, that it is to become the job of this id;
    Mergepoint-Grant, that the job Mergepoint-Job makes it.
    """
    policy, service = request.headers.get("Mergepoint-Policy"), request.headers.get("Mergepoint-Audience")
    if not policy or not service:
        raise Problem("not_found", "there is nothing at this path")
    response = Response(status=200)
    try:
        decision = _decide(policy, service)
    except (LoginRequired, InvalidCredential) as error:
        response.status_code = 401
        response.headers["WWW-Authenticate"] = challenge(error)
        stale, counted = auth().gate.is_stale(credentials()), False
    else:
        stale, counted = decision.stale_cookie, decision.counted
        # Without a value nginx refuses the request.
        response.headers["Mergepoint-Identity"] = decision.identity or "nobody"
        if decision.grant:
            response.headers["Mergepoint-Grant"] = decision.grant
    if stale:
        response.headers["Mergepoint-Set-Cookie"] = expired_cookie()
    # nginx keeps the decision until the end of this second: https://nginx.org/r/proxy_cache_valid
    keep = "0" if counted else f"@{int(time.time())}"
    response.headers["X-Accel-Expires"] = keep
    response.headers["Cache-Control"] = "no-store"
    return response


def _decide(policy: str, service: str) -> Decision:
    headers, gate = request.headers, auth().gate
    if grant := headers.get("Mergepoint-Grant"):
        return gate.decide_by_grant(policy, service, grant, headers.get("Mergepoint-Job", ""))
    if job := headers.get("Mergepoint-Later"):
        brought = credentials()
        if brought.bearer is None and brought.cookie and not _is_own_request():
            raise OtherSite
        return gate.decide_later(policy, service, brought, job)
    return gate.decide(policy, service, credentials(), again="Mergepoint-Again" in headers)


def _is_own_request() -> bool:
    """Whether nobody else's page has sent it: a program, an address that somebody typed, or a page of ours."""
    return request.headers.get("Sec-Fetch-Site") == "none" or is_of_this_site()


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

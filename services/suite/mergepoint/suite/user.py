"""Who asks, for applications that run in the same process as auth: the claims that a service behind nginx is given."""

import base64
import json
from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIEnvironment

import structlog

log = structlog.get_logger()

Claims = dict[str, Any]


def find_user(auth_app: Any, audience: str) -> Callable[[WSGIEnvironment], Claims | None]:
    """Return a provider for ``inject``: the claims about who asks, or None.

    They are those of the identity that auth's gate signs for the service *audience*, whose scope a key needs. None is
    for nobody, for credentials that are not ours, and for a key that lacks the scope or is past its rate. While the
    database is away it raises StoreUnavailable, since nobody knows who asks.
    """
    from mergepoint.auth.errors import AuthError, StoreUnavailable
    from mergepoint.auth.request import context

    gate = auth_app.extensions["auth"].gate

    def user(environ: WSGIEnvironment) -> Claims | None:
        with auth_app.request_context(dict(environ)):
            credentials = context.credentials()
        try:
            decision = gate.decide("optional", audience, credentials)
        except StoreUnavailable:
            raise
        except AuthError as error:
            log.info("not admitted", code=error.code, audience=audience)
            return None
        return _claims(decision.identity) if decision.identity else None

    return user


def _claims(identity: str) -> Claims:
    """Return the claims of an *identity* that was signed just now in this process."""
    claims = identity.split(".")[1]
    found: Claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return found

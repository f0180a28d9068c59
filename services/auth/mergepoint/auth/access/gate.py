"""The gate: finds the caller of a request by its credentials and decides whether the request may pass."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..accounts.user import User
from ..credentials.keys import Key, Keys
from ..errors import InvalidCredential, LoginRequired, RateExceeded
from ..limits.throttle import Rate, Throttle
from ..sessions.sessions import Session, Sessions
from ..signing.identity import IdentityKeys
from .policy import Caller, authorise, check_policy


@dataclass(frozen=True)
class Credentials:
    """The credentials of a request: a session's *cookie*, a *bearer* token (of a key or a session), or neither."""

    cookie: str | None = None
    bearer: str | None = None


@dataclass(frozen=True)
class Decision:
    """The request may pass.

    *identity* is the JWT for the service, None for an anonymous caller. *stale_cookie*: the cookie has no session.
    *counted*: the decision must not be cached, since each request counts against a key's rate.
    """

    identity: str | None = None
    stale_cookie: bool = False
    counted: bool = False


class Gate:
    """Decides about requests."""

    def __init__(
        self,
        sessions: Sessions,
        keys: Keys,
        throttle: Throttle,
        identities: IdentityKeys,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions, self._keys, self._throttle, self._identities = sessions, keys, throttle, identities
        self._clock = clock

    def decide(self, policy: str, service: str, credentials: Credentials, *, again: bool = False) -> Decision:
        """Return a Decision, or raise LoginRequired, InvalidCredential, Forbidden, RateExceeded or Invalid.

        A check *again*, of a request that was let in before, counts neither against a key's rate nor as activity.
        """
        if check_policy(policy) == "public":
            return Decision()
        caller = self.caller(credentials, again=again)
        if caller is None:
            if policy != "optional":
                raise LoginRequired
            return Decision(stale_cookie=self.is_stale(credentials))
        authorise(policy, service, caller)
        counted = caller.key is not None and caller.key.rate is not None
        return Decision(self._identities.sign(claims(caller.user, caller.key), service), counted=counted)

    def caller(self, credentials: Credentials, *, again: bool = False) -> Caller | None:
        """Return who asks; None for nobody. A bad cookie counts as none, a bad bearer token is an error."""
        if credentials.bearer is not None:
            return self._bearer(credentials.bearer, again)
        session = self.session(credentials, again=again)
        return Caller(session.user, session_id=session.id) if session and not session.pending else None

    def session(self, credentials: Credentials, *, again: bool = False) -> Session | None:
        """Return the session of a request, even if its second factor is still missing."""
        token = credentials.bearer or credentials.cookie
        return self._sessions.find(token, notice=not again) if token else None

    def is_stale(self, credentials: Credentials) -> bool:
        """Whether there is a cookie, but no session that it belongs to."""
        return credentials.cookie is not None and credentials.bearer is None and self.session(credentials) is None

    def _bearer(self, token: str, again: bool) -> Caller:
        if found := self._keys.find(token, notice=not again):
            user, key = found
            if not again:
                self._count(key)
            return Caller(user, key=key)
        session = self._sessions.find(token, notice=not again)
        if session is None or session.pending:
            raise InvalidCredential
        return Caller(session.user, session_id=session.id)

    def _count(self, key: Key) -> None:
        if key.rate is not None:
            # A burst of a tenth of a minute's requests, so that a client need not space them evenly.
            wait = self._throttle.take(f"key {key.id}", Rate(max(key.rate // 10, 1), 60 / key.rate))
            if wait:
                raise RateExceeded(wait)


def claims(user: User, key: Key | None = None) -> dict[str, Any]:
    """Return the claims of an identity about *user*; with ``scope`` (RFC 8693, 4.2) when a *key* was used."""
    about = {
        "sub": str(user.id),
        "name": user.name,
        "email": user.email,
        "email_verified": user.email_proven,
        "admin": user.admin and (key is None or "admin" in key.scopes),
    }
    return about | ({"scope": " ".join(key.scopes)} if key else {})

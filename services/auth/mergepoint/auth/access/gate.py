"""The gate: finds the caller of a request by its credentials and decides whether the request may pass."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..accounts.user import User
from ..credentials.keys import Key, Keys, covers
from ..errors import (
    Forbidden,
    IdentityRefused,
    InvalidCredential,
    LoginRequired,
    NeverLater,
    RateExceeded,
    ScopeMissing,
)
from ..limits.throttle import Rate, Throttle
from ..sessions.sessions import Session, Sessions
from ..signing.identity import IdentityKeys
from .grants import Grants
from .policy import Caller, authorise, check_policy

JOBS = "jobs"  # the service that makes requests later: its audience, its scope, and who acts


@dataclass(frozen=True)
class Credentials:
    """The credentials of a request: a session's *cookie*, a *bearer* token (of a key or a session), or neither."""

    cookie: str | None = None
    bearer: str | None = None


@dataclass(frozen=True)
class Decision:
    """The request may pass.

    *identity* is the JWT for the service, None for an anonymous caller. *stale_cookie*: the cookie has no session.
    *counted*: the decision must not be cached, since each request counts against a key's rate. *grant*: the JWT by
    which a job is let through the door, if the request is to become one.
    """

    identity: str | None = None
    stale_cookie: bool = False
    counted: bool = False
    grant: str | None = None


class Gate:
    """Decides about requests."""

    def __init__(
        self,
        sessions: Sessions,
        keys: Keys,
        throttle: Throttle,
        identities: IdentityKeys,
        grants: Grants,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions, self._keys, self._throttle, self._identities = sessions, keys, throttle, identities
        self._grants, self._clock = grants, clock

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

    def decide_later(self, policy: str, service: str, credentials: Credentials, job: str) -> Decision:
        """Return the Decision, with a grant, whether a request may become *job*; raise as ``decide`` does.

        The identity is for jobs, to know the owner by. What is for administrators is refused: NeverLater.
        """
        if check_policy(policy) == "admin":
            raise NeverLater
        caller = self.caller(credentials)
        if caller is None:
            if policy not in ("public", "optional"):
                raise LoginRequired
            return Decision(stale_cookie=self.is_stale(credentials))
        if caller.key and not covers(caller.key.scopes, JOBS):
            raise ScopeMissing
        authorise(policy, service, caller)
        identity = self._identities.sign(claims(caller.user, caller.key), JOBS)
        return Decision(identity, counted=True, grant=self._grants.issue(caller, job))

    def decide_by_grant(self, policy: str, service: str, grant: str, job: str) -> Decision:
        """Return the Decision about a request that *job* makes by its *grant*, or raise IdentityRefused.

        The identity says who acts (RFC 8693, section 4.1), and never an administrator: that does not run later.
        """
        if check_policy(policy) == "public":
            return Decision()
        if policy == "admin":
            raise IdentityRefused("what is for administrators does not run later")
        caller = self._grants.redeem(grant, job)
        try:
            authorise(policy, service, caller)
        except Forbidden as error:
            raise IdentityRefused(str(error)) from error
        told = claims(caller.user, caller.key) | {"admin": False, "act": {"sub": JOBS}}
        return Decision(self._identities.sign(told, service), counted=True)

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

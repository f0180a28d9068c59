"""Grants: what lets a request be made later, by jobs, in the name of whoever asked for it (issue 17, section 4).

No cookie, key or password is kept for that. A grant names the user, the key or session, and one job; whether they may
still do what they asked for is looked up when it is used. A session that has ended since makes no difference.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from ..accounts.accounts import Accounts
from ..accounts.passwords import state_of
from ..accounts.user import User
from ..credentials.keys import Key, Keys
from ..errors import IdentityRefused, InvalidToken, NotFound
from ..signing.grants import GrantTokens
from .policy import Caller


class Grants:
    """Issues grants, and says who a grant is from. They last *lifetime* seconds, those of a key no longer than it."""

    def __init__(
        self,
        tokens: GrantTokens,
        accounts: Accounts,
        keys: Keys,
        *,
        lifetime: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokens, self._accounts, self._keys = tokens, accounts, keys
        self._lifetime, self._clock = lifetime, clock

    def issue(self, caller: Caller, job: str) -> str:
        """Return a grant by which *job*, and no other, may act for *caller*."""
        user, key = caller.user, caller.key
        by = {"key": key.id, "scope": " ".join(key.scopes)} if key else {"sid": caller.session_id}
        expires = self._clock() + self._lifetime
        if key and key.expires is not None:
            expires = min(expires, key.expires)
        claims = {"sub": str(user.id), "job": job, "pwd": self._password_state(user.id), **by}
        return self._tokens.sign(claims, expires=expires)

    def redeem(self, token: str, job: str) -> Caller:
        """Return who lets *job* act for them, as they are now, or raise IdentityRefused."""
        try:
            claims = self._tokens.read(token)
        except InvalidToken as error:
            raise IdentityRefused(str(error)) from error
        if claims["job"] != job:
            raise IdentityRefused("the grant of another job")
        user = self._user(int(claims["sub"]))
        if claims["pwd"] != self._password_state(user.id):
            raise IdentityRefused("the password was changed")
        if "key" not in claims:
            return Caller(user, session_id=claims["sid"])
        return Caller(user, key=self._key(user, claims["key"], claims["scope"].split()))

    def _user(self, id: int) -> User:
        try:
            user = self._accounts.get(id)
        except NotFound as error:
            raise IdentityRefused("the user was deleted") from error
        if user.disabled:
            raise IdentityRefused("the user is disabled")
        return user

    def _key(self, user: User, id: str, scopes: list[str]) -> Key:
        key = self._keys.still(user.id, id)
        if key is None:
            raise IdentityRefused("the key was revoked, or has expired")
        if not set(scopes) <= set(key.scopes):
            raise IdentityRefused("the key may less than it could")
        return replace(key, scopes=tuple(scopes))

    def _password_state(self, id: int) -> str:
        return state_of(self._accounts.password_of(id))

"""Logging in by password: limited by account and network, with a queue for the costly part.

An unknown name, a wrong password and too many attempts raise the same exception after the same time. Nothing locks an
account.
"""

import math
import time
from collections.abc import Callable

from ..accounts.accounts import Accounts
from ..accounts.names import login_key
from ..accounts.passwords import MOST, Passwords
from ..accounts.user import Precondition, User
from ..audit import Audit, RequestContext
from ..errors import InvalidLogin
from ..limits.hash_queue import HashQueue
from ..limits.login_slots import LoginSlots
from ..limits.throttle import NOTED, Rate, Throttle
from ..storage.store import Store

PAIR = Rate(10, 30.0)  # of one account from one network
NETWORK = Rate(30, 1.0)  # of one network, for accounts that did not log in from it lately
KNOWN_FOR = 30 * 86400.0  # seconds for which an account counts as one of a network that it logged in from
# Seconds. A refusal is sent after a multiple of this, so that its time tells nothing; a hash takes less, even on a busy
# machine.
REFUSAL_INTERVAL = 0.25
MAX_LOGIN = 320  # characters: 64 of the local part, @ and 255 of the domain (RFC 5321, 4.5.3.1)


class Login:
    """Checks names with passwords."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        passwords: Passwords,
        throttle: Throttle,
        hash_queue: HashQueue,
        audit: Audit,
        *,
        slots: LoginSlots | None = None,
        pair: Rate = PAIR,
        network: Rate = NETWORK,
        refusal_interval: float = REFUSAL_INTERVAL,
        timer: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store, self._accounts, self._passwords = store, accounts, passwords
        self._throttle, self._hash_queue, self._audit = throttle, hash_queue, audit
        self._slots = slots or LoginSlots()
        self._pair, self._network, self._refusal_interval = pair, network, refusal_interval
        self._timer, self._sleep = timer, sleep

    def check(self, login: str, password: str, context: RequestContext) -> User:
        """Return the user, or raise InvalidLogin; Overloaded when too many people log in at once."""
        return self.authenticate(login, password, context)[0]

    def authenticate(self, login: str, password: str, context: RequestContext) -> tuple[User, Precondition]:
        """Return the user as ``check`` does, and a precondition for the session: the password is still the same."""
        began = self._timer()
        with self._slots.slot(context.network):
            try:
                return self._check(login, password, context)
            except InvalidLogin:
                self.pad_refusal(began)
                raise

    def prove(self, user: User, password: str, context: RequestContext) -> None:
        """Raise InvalidLogin unless *password* is that of *user*, who is logged in; the same limits apply."""
        self.check(user.name, password, context)

    def _check(self, login: str, password: str, context: RequestContext) -> tuple[User, Precondition]:
        found = self._accounts.credentials(login) if 0 < len(login) <= MAX_LOGIN else None
        # By the account's id, so that its name and its address count as one; without an account, by the text typed.
        who = f"user {found[0]}" if found else f"name {login_key(login[:MAX_LOGIN])}"
        if not self._may_try(who, context) or len(password) > MOST:
            raise InvalidLogin
        hashed = found[1] if found else None
        with self._hash_queue.slot(context.network):
            good = self._passwords.check(hashed, password)
            old = bool(good and hashed and self._passwords.is_old(hashed))
            if old and found and hashed:
                hashed = self._accounts.rehash(found[0], hashed, password)
        if not good or not found or not hashed:
            self._audit.tell("login_refused", context, user_id=found[0] if found else None)
            raise InvalidLogin
        self._remember(who, context)
        return self._accounts.get(found[0]), self._accounts.unchanged(found[0], hashed)

    def _may_try(self, who: str, context: RequestContext) -> bool:
        pair, network = f"pair {who} {context.network}", f"network {context.network}"
        with self._store.write() as connection:
            take = self._throttle.try_take
            known = self._throttle.is_known(connection, f"known {pair}")
            if take(connection, pair, self._pair) and (known or take(connection, network, self._network)):
                return True
            if take(connection, f"noted {network}", NOTED):
                self._audit.note(connection, "login_throttled", context)
        return False

    def _remember(self, who: str, context: RequestContext) -> None:
        pair = f"pair {who} {context.network}"
        with self._store.write() as connection:
            self._throttle.forget(connection, pair)
            self._throttle.remember(connection, f"known {pair}", KNOWN_FOR)

    def pad_refusal(self, began: float) -> None:
        """Sleep until a multiple of the refusal interval has passed since *began*."""
        elapsed = self._timer() - began
        self._sleep(max(math.ceil(elapsed / self._refusal_interval), 1) * self._refusal_interval - elapsed)

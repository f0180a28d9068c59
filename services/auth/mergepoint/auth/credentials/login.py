"""Logging in by password: slowed down per account and network, in a line for the costly part, telling nothing apart.

Unknown name, wrong password, throttled: the same exception after the same time. Nothing locks an account.
"""

import math
import time
from collections.abc import Callable

from ..accounts.accounts import Accounts
from ..accounts.names import login_key
from ..accounts.passwords import MOST, Passwords
from ..accounts.user import Spend, User
from ..audit import Audit, Origin
from ..errors import InvalidLogin
from ..limits.hash_queue import Line
from ..limits.login_slots import Room
from ..limits.throttle import NOTED, Rate, Throttle
from ..storage.store import Store

# Of one account from one network: ten at once, then two a minute. Of one network, whatever the accounts: thirty at
# once, then one a second; an account that was used from there before does not count.
PAIR = Rate(10, 30.0)
NETWORK = Rate(30, 1.0)
KNOWN_FOR = 30 * 86400.0
# Refusals come after a multiple of this; it is longer than a hash takes on a busy machine.
BEAT = 0.25


class Login:
    """Checks names with passwords."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        passwords: Passwords,
        throttle: Throttle,
        line: Line,
        audit: Audit,
        *,
        room: Room | None = None,
        pair: Rate = PAIR,
        network: Rate = NETWORK,
        beat: float = BEAT,
        timer: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store, self._accounts, self._passwords = store, accounts, passwords
        self._throttle, self._line, self._audit = throttle, line, audit
        self._room = room or Room()
        self._pair, self._network, self._beat = pair, network, beat
        self._timer, self._sleep = timer, sleep

    def check(self, login: str, password: str, origin: Origin) -> User:
        """Return the user, or raise InvalidLogin; Overloaded when too many try or the line is too long."""
        return self.enter(login, password, origin)[0]

    def enter(self, login: str, password: str, origin: Origin) -> tuple[User, Spend]:
        """As ``check``; and what a session that begins thereby costs: that the password is still the same."""
        began = self._timer()
        with self._room.place(origin.network):
            try:
                return self._check(login, password, origin)
            except InvalidLogin:
                self.even_out(began)
                raise

    def prove(self, user: User, password: str, origin: Origin) -> None:
        """Raise InvalidLogin unless *password* is that of *user*, who is here already: no less slowed down."""
        self.check(user.name, password, origin)

    def _check(self, login: str, password: str, origin: Origin) -> tuple[User, Spend]:
        found = self._accounts.credentials(login) if 0 < len(login) <= 320 else None
        # By the account, so that its name and its address count as one; who has none is counted by what was typed.
        who = f"user {found[0]}" if found else f"name {login_key(login[:320])}"
        if not self._may_try(who, origin) or len(password) > MOST:
            raise InvalidLogin
        hashed = found[1] if found else None
        with self._line.turn(origin.network):
            good = self._passwords.check(hashed, password)
            old = bool(good and hashed and self._passwords.is_old(hashed))
            if old and found and hashed:
                hashed = self._accounts.rehash(found[0], hashed, password)
        if not good or not found or not hashed:
            self._audit.tell("login_refused", origin, user_id=found[0] if found else None)
            raise InvalidLogin
        self._remember(who, origin)
        return self._accounts.get(found[0]), self._accounts.unchanged(found[0], hashed)

    def _may_try(self, who: str, origin: Origin) -> bool:
        pair, network = f"pair {who} {origin.network}", f"network {origin.network}"
        with self._store.write() as connection:
            take = self._throttle.spend
            known = self._throttle.is_known(connection, f"known {pair}")
            if take(connection, pair, self._pair) and (known or take(connection, network, self._network)):
                return True
            if take(connection, f"noted {network}", NOTED):
                self._audit.note(connection, "login_throttled", origin)
        return False

    def _remember(self, who: str, origin: Origin) -> None:
        pair = f"pair {who} {origin.network}"
        with self._store.write() as connection:
            self._throttle.forget(connection, pair)
            self._throttle.remember(connection, f"known {pair}", KNOWN_FOR)

    def even_out(self, began: float) -> None:
        """Wait until a refusal may be told."""
        passed = self._timer() - began
        self._sleep(max(math.ceil(passed / self._beat), 1) * self._beat - passed)

"""The service's core in one piece: every part made once, each handed what it needs. It knows no HTTP.

``Auth.open("sqlite:////…/auth.db", folder)`` is all that a program without a web server needs.
"""

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, select

from .accounts import Accounts
from .audit import Audit, Origin
from .errors import InvalidToken
from .factors import Factors
from .federation import Federation
from .flows import Flows
from .gate import Gate
from .identity import IdentityKeys
from .keys import Keys
from .line import Line
from .login import Login
from .once import Once
from .passkeys import Passkeys
from .passwords import Passwords, generated
from .room import Room
from .schema import users
from .seal import Seal, derived, secret, write_once
from .sessions import Sessions
from .store import Store
from .targets import Targets
from .throttle import Throttle, hashed
from .tokens import Serializer, Tokens
from .user import Spend, User, lock

FIRST_PASSWORD = "first-password"
HASHES = 2  # of passwords at a time in the whole service, however many processes it has


class Auth:
    """All parts: ``accounts``, ``sessions``, ``keys``, ``login``, ``gate``, ``tokens`` …"""

    def __init__(
        self,
        store: Store,
        folder: Path,
        issuer: str,
        *,
        serializer: Serializer = json,
        passwords: Passwords | None = None,
        idle: float = 7 * 86400,
        lifetime: float = 30 * 86400,
        clock: Callable[[], float] = time.time,
        workers: int = 1,
        threads: int = 32,
    ) -> None:
        """*workers* processes will be forked from this one to share the work, each with so many *threads*."""
        own, hashes = secret(folder), max(HASHES // workers, 1)
        self.store, self.folder, self.issuer, self.clock = store, folder, issuer, clock
        self.seal = Seal(derived(own, "seal"))
        self.tokens = Tokens(derived(own, "tokens"), serializer, clock=clock)
        self.once = Once(store, self.tokens, clock)
        self.identities = IdentityKeys(folder, issuer, clock=clock)
        self.audit = Audit(store, clock)
        self.throttle = Throttle(store, clock)
        self.passwords = passwords or Passwords(threads=hashes)
        self.line = Line(HASHES, own=hashes)
        self.accounts = Accounts(store, self.passwords, self.line, self.audit, clock)
        self.sessions = Sessions(store, self.audit, idle=idle, lifetime=lifetime, clock=clock)
        self.keys = Keys(store, self.audit, clock)
        self.login = Login(
            store, self.accounts, self.passwords, self.throttle, self.line, self.audit, room=Room(threads)
        )
        self.factors = Factors(
            store, self.seal, self.tokens, self.throttle, self.audit, issuer=_host(issuer), clock=clock
        )
        self.passkeys = Passkeys(
            store, self.once, self.factors, self.audit, origin=issuer, host=_host(issuer), clock=clock
        )
        self.federation = Federation(store, self.accounts, self.audit, clock)
        self.flows = Flows(self.tokens, derived(own, "flows"), clock)
        self.targets = Targets(folder / "targets", clock)
        self.held = contextlib.ExitStack()  # what goes when this goes; start.py puts the lock on the folder into it
        self.gate = Gate(self.sessions, self.keys, self.throttle, self.identities, clock=clock)

    def first_administrator(self, name: str) -> str | None:
        """Make the first user of all, an administrator, and return the generated password; None if there are users.

        The password is also in the file ``first-password`` in the service's folder, for who missed it.
        """
        if self.accounts.count():
            return None
        path = self.folder / FIRST_PASSWORD
        password = generated()
        self.accounts.create(name, Origin(agent="first start"), password=password, admin=True)
        path.unlink(missing_ok=True)
        write_once(path, f"{name} {password}\n".encode())
        return password

    def password_link(self, user: User) -> str:
        """Return the link by which *user* chooses a password, once and within a day."""
        token = self.once.sign("password", {"user": user.id, "state": _state(self.accounts.password_of(user.id))})
        return f"{self.issuer}/auth/password?token={token}"

    def spend_password_link(self, token: str) -> Spend:
        """Return what takes such a link, in the transaction that it is given. Other links of the same time then go too:
        once there is another password, none is good any longer.
        """

        def spend(connection: Connection) -> None:
            values = self.once.spend_with(connection, "password", token)
            lock(connection, int(values["user"]))
            password = connection.execute(select(users.c.password).where(users.c.id == values["user"])).scalar()
            if values["state"] != _state(password):
                raise InvalidToken

        return spend

    def close(self) -> None:
        """Close connections and end threads; another call opens new ones. Call it before forking."""
        self.store.close()
        self.passwords.close()

    def sweep(self) -> None:
        """Delete what is over; to be called now and then."""
        self.sessions.sweep()
        self.throttle.sweep()


def _state(password: str | None) -> str:
    """What a link that sets a password is bound to."""
    return hashed(password or "")[:16]


def _host(origin: str) -> str:
    """The host of an origin such as https://example.com:8443."""
    host = origin.partition("://")[2]
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]

"""The core in one object: every part created once and given the parts that it needs. It knows no HTTP."""

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from .access.gate import Gate
from .access.grants import Grants
from .accounts.accounts import Accounts
from .accounts.first_administrator import make_first_administrator
from .accounts.passwords import Passwords
from .accounts.user import User
from .audit import Audit
from .credentials.factors import Factors
from .credentials.keys import Keys
from .credentials.login import Login
from .credentials.passkeys import Passkeys
from .credentials.password_links import PasswordLinks
from .federation.federation import Federation
from .federation.flows import Flows
from .limits.hash_queue import HashQueue
from .limits.login_slots import LoginSlots
from .limits.throttle import Throttle
from .sessions.sessions import Sessions
from .sessions.targets import Targets
from .signing.grants import GrantTokens
from .signing.identity import IdentityKeys
from .signing.one_time_tokens import OneTimeTokens
from .signing.seal import Seal, derive_key, load_secret
from .signing.tokens import Serializer, Tokens
from .storage.store import Store

CONCURRENT_HASHES = 2  # in the whole service, however many processes it has


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
        """*folder* holds secrets, *issuer* is the public URL; *idle* and *lifetime* of sessions are seconds.

        *workers* processes will be forked from this one, each with that many *threads*.
        """
        own, hashes = load_secret(folder), max(CONCURRENT_HASHES // workers, 1)
        self.store, self.folder, self.issuer, self.clock = store, folder, issuer, clock
        self.seal = Seal(derive_key(own, "seal"))
        self.tokens = Tokens(derive_key(own, "tokens"), serializer, clock=clock)
        self.one_time_tokens = OneTimeTokens(store, self.tokens, clock)
        self.identities = IdentityKeys(folder, issuer, clock=clock)
        self.audit = Audit(store, clock)
        self.throttle = Throttle(store, clock)
        self.passwords = passwords or Passwords(threads=hashes)
        self.hash_queue = HashQueue(CONCURRENT_HASHES, per_process=hashes)
        self.accounts = Accounts(store, self.passwords, self.hash_queue, self.audit, clock)
        self.password_links = PasswordLinks(self.accounts, self.one_time_tokens, issuer)
        self.sessions = Sessions(store, self.audit, idle=idle, lifetime=lifetime, clock=clock)
        self.keys = Keys(store, self.audit, clock)
        self.login = Login(
            store, self.accounts, self.passwords, self.throttle, self.hash_queue, self.audit, slots=LoginSlots(threads)
        )
        self.factors = Factors(
            store, self.seal, self.tokens, self.throttle, self.audit, issuer=_host(issuer), clock=clock
        )
        self.passkeys = Passkeys(
            store, self.one_time_tokens, self.factors, self.audit, origin=issuer, host=_host(issuer), clock=clock
        )
        self.federation = Federation(store, self.accounts, self.audit, clock)
        self.flows = Flows(self.tokens, derive_key(own, "flows"), clock)
        self.targets = Targets(folder / "targets", clock)
        self.held = contextlib.ExitStack()  # start.py keeps the folder's lock here
        grant_tokens = GrantTokens(derive_key(own, "grants"), clock=clock)
        # As long as the session that a job was asked for with could have lasted.
        self.grants = Grants(grant_tokens, self.accounts, self.keys, lifetime=lifetime, clock=clock)
        self.gate = Gate(self.sessions, self.keys, self.throttle, self.identities, self.grants, clock=clock)

    def first_administrator(self, name: str) -> str | None:
        """Make the first user of all, an administrator, and return the generated password; None if there are users."""
        return make_first_administrator(self.accounts, self.folder, name)

    def password_link(self, user: User) -> str:
        """Return the link by which *user* chooses a password, once and within a day."""
        return self.password_links.create(user)

    def close(self) -> None:
        """Close connections and end threads; a later call opens new ones. Call this before forking."""
        self.store.close()
        self.passwords.close()

    def sweep(self) -> None:
        """Delete ended sessions and used-up limits; call this now and then."""
        self.sessions.sweep()
        self.throttle.sweep()


def _host(origin: str) -> str:
    """Return the host of an *origin* such as https://example.com:8443."""
    host = origin.partition("://")[2]
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]

"""Tokens that are good once: handovers, links that set a password, invitations, addresses to prove."""

import secrets
import time
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from ..errors import InvalidToken
from ..storage.hashing import hashed
from ..storage.schema import spent
from ..storage.store import Store
from .tokens import Tokens

LIFETIMES = {  # seconds
    "handover": 30.0,
    "passkey": 300.0,
    "password": 86400.0,
    "email": 86400.0,
    "invitation": 7 * 86400.0,
}


class Once:
    """Signs tokens, and takes each back once, in whichever process and however often at the same time."""

    def __init__(self, store: Store, tokens: Tokens, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    def sign(self, purpose: str, values: Mapping[str, str | int]) -> str:
        return self._tokens.sign(purpose, {**values, "once": secrets.token_hex(8)})

    def look(self, purpose: str, token: str) -> dict[str, str | int]:
        """Return the values of a good token, which stays good: a page shows what it is for."""
        return self._tokens.unsign(purpose, token, seconds=LIFETIMES[purpose])

    def spend(self, purpose: str, token: str) -> dict[str, str | int]:
        """Return the values of a token that is good from now on no more, or raise InvalidToken."""
        with self._store.write() as connection:
            return self.spend_with(connection, purpose, token)

    def spend_with(self, connection: Connection, purpose: str, token: str) -> dict[str, str | int]:
        """As ``spend``, in the transaction of what the token is spent on: without that it stays good."""
        values = self.look(purpose, token)
        now = self._clock()
        connection.execute(delete(spent).where(spent.c.expires < now))
        row = {"hash": hashed(f"{purpose} {values['once']}"), "expires": now + LIFETIMES[purpose] + 60}
        try:
            connection.execute(insert(spent).values(row))
        except IntegrityError as error:
            raise InvalidToken from error
        return values

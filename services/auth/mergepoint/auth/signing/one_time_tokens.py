"""Tokens that are good once: for handovers, passkeys, and links to set a password, to register, to prove an address."""

import secrets
import time
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from ..errors import InvalidToken
from ..storage.hashing import digest
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


class OneTimeTokens:
    """Signs tokens and redeems each once, even if several processes try at the same time."""

    def __init__(self, store: Store, tokens: Tokens, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    def sign(self, purpose: str, values: Mapping[str, str | int]) -> str:
        """Return a token that carries *values*, for one of the purposes in LIFETIMES."""
        return self._tokens.sign(purpose, {**values, "once": secrets.token_hex(8)})

    def peek(self, purpose: str, token: str) -> dict[str, str | int]:
        """Return the values of a good token without redeeming it; raise InvalidToken if it is forged or too old."""
        return self._tokens.unsign(purpose, token, seconds=LIFETIMES[purpose])

    def redeem(self, purpose: str, token: str) -> dict[str, str | int]:
        """Redeem the token; return its values, or raise InvalidToken."""
        with self._store.write() as connection:
            return self.redeem_in(connection, purpose, token)

    def redeem_in(self, connection: Connection, purpose: str, token: str) -> dict[str, str | int]:
        """Redeem the token in the transaction of *connection*: it stays good unless that is committed."""
        values = self.peek(purpose, token)
        now = self._clock()
        connection.execute(delete(spent).where(spent.c.expires < now))
        row = {"hash": digest(f"{purpose} {values['once']}"), "expires": now + LIFETIMES[purpose] + 60}
        try:
            connection.execute(insert(spent).values(row))
        except IntegrityError as error:
            raise InvalidToken from error
        return values

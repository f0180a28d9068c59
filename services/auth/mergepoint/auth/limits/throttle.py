"""Slows down who tries too often: so many at once, then one every so often; all processes count in the database.

It is the generic cell rate algorithm: one time for each key, *due*, up to which its budget is spent.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ..storage.hashing import hashed
from ..storage.store import Store

TAKE = text(
    """
    INSERT INTO throttle (key, due) VALUES (:key, :now + :every)
    ON CONFLICT (key) DO UPDATE
    SET due = CASE WHEN throttle.due > :now THEN throttle.due ELSE :now END + :every
    WHERE throttle.due <= :now + :ahead
    RETURNING due
    """
)
DUE = text("SELECT due FROM throttle WHERE key = :key")
FORGET = text("DELETE FROM throttle WHERE key = :key")
SWEEP = text("DELETE FROM throttle WHERE due < :now")


@dataclass(frozen=True)
class Rate:
    """*burst* at once, then one every *every* seconds."""

    burst: int
    every: float


NOTED = Rate(1, 60.0)  # a flood of refusals is one line a minute in the audit log


class Throttle:
    """Budgets by key. Keys are hashed: the table tells nobody which names were tried."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def take(self, key: str, rate: Rate) -> float:
        """Spend one of *key*; return 0, or the seconds until there is one to spend."""
        with self._store.write() as connection:
            return 0 if self.spend(connection, key, rate) else max(self._due(connection, key, rate), 0.001)

    def spend(self, connection: Connection, key: str, rate: Rate) -> bool:
        """Spend one of *key* within a transaction; return whether there was one."""
        ahead = (rate.burst - 1) * rate.every
        values = {"key": hashed(key), "now": self._clock(), "every": rate.every, "ahead": ahead}
        return connection.execute(TAKE, values).first() is not None

    def is_known(self, connection: Connection, key: str) -> bool:
        """Whether *key* was remembered and its time is not over."""
        row = connection.execute(DUE, {"key": hashed(key)}).first()
        return row is not None and row.due > self._clock()

    def remember(self, connection: Connection, key: str, seconds: float) -> None:
        self.forget(connection, key)
        values = {"key": hashed(key), "now": self._clock(), "every": seconds, "ahead": 0}
        connection.execute(TAKE, values)

    def forget(self, connection: Connection, key: str) -> None:
        connection.execute(FORGET, {"key": hashed(key)})

    def sweep(self) -> None:
        """Delete what no longer matters."""
        with self._store.write() as connection:
            connection.execute(SWEEP, {"now": self._clock()})

    def _due(self, connection: Connection, key: str, rate: Rate) -> float:
        due = connection.execute(DUE, {"key": hashed(key)}).scalar_one()
        return float(due) - self._clock() - (rate.burst - 1) * rate.every

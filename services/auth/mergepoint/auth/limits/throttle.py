"""Rate limits for repeated attempts, by the generic cell rate algorithm (ITU-T I.371); all processes share the counts.

The database keeps one time for each key, *due*: until then its budget is used up.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ..storage.hashing import digest
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
    """*burst* attempts at once, then one in *every* seconds."""

    burst: int
    every: float


NOTED = Rate(1, 60.0)  # a flood of refusals becomes one line a minute in the audit log


class Throttle:
    """Budgets by key. The table holds hashes of keys only, so that it does not show which names were tried."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def take(self, key: str, rate: Rate) -> float:
        """Take one attempt of *key*; return 0, or, when none is left, the seconds until the next."""
        with self._store.write() as connection:
            return 0 if self.try_take(connection, key, rate) else max(self._due(connection, key, rate), 0.001)

    def try_take(self, connection: Connection, key: str, rate: Rate) -> bool:
        """Take one attempt of *key* in the transaction of *connection*; return whether there was one."""
        ahead = (rate.burst - 1) * rate.every
        values = {"key": digest(key), "now": self._clock(), "every": rate.every, "ahead": ahead}
        return connection.execute(TAKE, values).first() is not None

    def is_known(self, connection: Connection, key: str) -> bool:
        """Whether *key* was remembered and its time has not passed."""
        row = connection.execute(DUE, {"key": digest(key)}).first()
        return row is not None and row.due > self._clock()

    def remember(self, connection: Connection, key: str, seconds: float) -> None:
        """Remember *key* for *seconds* from now on."""
        self.forget(connection, key)
        values = {"key": digest(key), "now": self._clock(), "every": seconds, "ahead": 0}
        connection.execute(TAKE, values)

    def forget(self, connection: Connection, key: str) -> None:
        """Give *key* its whole budget back."""
        connection.execute(FORGET, {"key": digest(key)})

    def sweep(self) -> None:
        """Delete the keys whose whole budget is there again."""
        with self._store.write() as connection:
            connection.execute(SWEEP, {"now": self._clock()})

    def _due(self, connection: Connection, key: str, rate: Rate) -> float:
        due = connection.execute(DUE, {"key": digest(key)}).scalar_one()
        return float(due) - self._clock() - (rate.burst - 1) * rate.every

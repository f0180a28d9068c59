"""jobs' database: kit's store, with jobs' migrations and exceptions, and the time by the database's clock."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from mergepoint.kit.database import store
from mergepoint.kit.database.migrations import Migrations

from ..errors import Invalid, StoreUnavailable

Clock = Callable[[Connection], float]
NOW = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())::double precision",
}


class ImpossibleValue(Invalid):
    """A value that the database cannot hold."""

    def __init__(self) -> None:
        super().__init__("value", "a text holds NUL, or a number has more than 64 bits; send another value")


class Store(store.Store):
    """Jobs and their contents: see schema.py."""

    migrations = Migrations(Path(__file__).with_name("migrations"), newest="0002")
    probe = "DELETE FROM turns WHERE last < -1"  # deletes nothing, but takes the lock
    lock = 17
    # A worker that was stopped (SIGSTOP) amid a transaction would hold the lock that all wait for, for two seconds each
    # (LOCK_TIMEOUT). It may say nothing for less than that. On SQLite its master kills it (performing/supervisor.py).
    idle_timeout = 1.5
    unavailable = StoreUnavailable
    invalid = ImpossibleValue


def database_time(connection: Connection) -> float:
    """Return seconds since 1970 by the clock of the database, which is one for all programs."""
    return float(connection.exec_driver_sql(NOW[connection.dialect.name]).scalar_one())

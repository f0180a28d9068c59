"""auth's database: kit's store, with auth's migrations and exceptions."""

from pathlib import Path

from mergepoint.kit.database import store
from mergepoint.kit.database.migrations import Migrations

from ..errors import Invalid, StoreUnavailable

MIGRATIONS = Migrations(Path(__file__).with_name("migrations"), newest="0001")


class ImpossibleValue(Invalid):
    """A value that the database cannot hold."""

    def __init__(self) -> None:
        super().__init__("value", "a text holds NUL, or a number has more than 64 bits; send another value")


class Store(store.Store):
    """Accounts, sessions, keys: see schema.py."""

    migrations = MIGRATIONS
    probe = "DELETE FROM spent WHERE expires < 0"  # deletes nothing, but takes the lock
    lock = 5
    unavailable = StoreUnavailable
    invalid = ImpossibleValue

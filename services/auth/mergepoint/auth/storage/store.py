"""The database: connections, transactions, migrations, and one exception for its failures.

It is SQLite in WAL mode, or PostgreSQL. This module knows no table.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DataError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ..errors import Invalid, StoreUnavailable

LOCK_TIMEOUT = 2.0  # seconds that a statement waits for a lock, or a thread for a connection
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "cache_size=-512")
MIGRATIONS = Path(__file__).with_name("migrations")
NEWEST = "0001"  # revision, which `check` expects


class Store:
    """Connections to the database at *url*: ``sqlite:////path/to/auth.db`` or ``postgresql+psycopg://…``."""

    def __init__(self, url: str | URL, *, connections: int = 8) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0, "pool_timeout": LOCK_TIMEOUT}
        pool |= {"hide_parameters": True}  # the log shall not have what people typed
        if self.is_sqlite:
            self._path = Path(self.url.database or "")
            self._engine = create_engine("sqlite://", creator=self._open, **pool, poolclass=QueuePool)
            event.listen(self._engine, "checkout", self._same_file)
            event.listen(self._engine, "begin", _begin)
        else:
            options = f"-c statement_timeout=5000 -c lock_timeout={LOCK_TIMEOUT * 1000:.0f} -c synchronous_commit=on"
            # A database made without an encoding (SQL_ASCII) would otherwise give back bytes.
            arguments = {"connect_timeout": 2, "client_encoding": "utf8", "options": options}
            self._engine = create_engine(self.url, connect_args=arguments, pool_pre_ping=True, **pool)
        # Reading needs no transaction: `_begin` leaves it out for SQLite, and PostgreSQL commits by itself.
        alone: dict[str, Any] = {"reads": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reader = self._engine.execution_options(**alone)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection to read with, without a transaction. This and the following raise StoreUnavailable."""
        with _translate_errors(), self._reader.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, which is committed at the end and rolled back after an exception."""
        with _translate_errors(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a connection that sees the database as it is now, however long it reads. It blocks no writer."""
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        engine = self._reader if self.is_sqlite else self._engine.execution_options(**options)
        with _translate_errors(), engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextlib.contextmanager
    def alone(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that may change tables; other processes that want one wait."""
        if self.is_sqlite:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        with self.write() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5)")
            yield connection

    def migrate(self) -> None:
        """Bring the tables up to date."""
        with self.alone() as connection:
            to_revision(connection, "head")

    def check(self) -> None:
        """Raise StoreUnavailable unless the tables are there and can be written."""
        with self.write() as connection:
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
            connection.exec_driver_sql("DELETE FROM spent WHERE expires < 0")  # deletes nothing, but takes the lock
        if found != [NEWEST]:
            raise StoreUnavailable

    def close(self) -> None:
        """Close the connections. Call it before forking: a connection belongs to one process."""
        self._engine.dispose()

    def _open(self) -> sqlite3.Connection:
        # rw, and not rwc: a database that is gone is an error, not an empty one.
        connection = sqlite3.connect(
            f"file:{self._path}?mode=rw", uri=True, timeout=LOCK_TIMEOUT, check_same_thread=False, isolation_level=None
        )
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _same_file(self, raw: Any, record: Any, _proxy: Any) -> None:
        """Reconnect when the file was replaced or removed: SQLite would go on with the old file."""
        try:
            found = os.stat(self._path)
        except OSError as error:
            raise DisconnectionError("the database is gone") from error
        if record.info.setdefault("inode", (found.st_dev, found.st_ino)) != (found.st_dev, found.st_ino):
            raise DisconnectionError("the database is another file")


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("reads"):
        # IMMEDIATE: a transaction that reads first would fail when it writes, if another wrote meanwhile.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (DataError, OverflowError) as error:  # NUL in a text, or a number beyond 64 bits
        raise Invalid("value", "a text holds NUL, or a number has more than 64 bits; send another value") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreUnavailable from error


def to_revision(connection: Connection, revision: str) -> None:
    """Give the database the tables of *revision*: its id, ``head`` for the newest, ``base`` for no tables."""
    from alembic import command  # 10 MB that the service itself does not need

    settings = _alembic()
    settings.attributes["connection"] = connection
    (command.downgrade if revision == "base" else command.upgrade)(settings, revision)


def revision_of(connection: Connection) -> str:
    """Return the revision of the tables; ``base`` without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return "base"
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "base")


def is_known(revision: str) -> bool:
    """Whether there are migrations from *revision* to the newest: there are none from a newer version's."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    return revision in known | {"base"}


def _alembic() -> Any:
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return settings


def engine_of(store: Store) -> Engine:
    """Return the engine itself, for tests."""
    return store._engine

"""The database: connections, transactions, migrations, and one exception for its failures.

It is SQLite in WAL mode, or PostgreSQL. This module knows no table.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from .migrations import Migrations

LOCK_TIMEOUT = 2.0  # seconds that a statement waits for a lock, or a thread for a connection
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "cache_size=-512")


class Store:
    """Connections to the database at *url*: ``sqlite:////path/to/auth.db`` or ``postgresql+psycopg://…``.

    A service's subclass says what is its own: *migrations*; *probe*, a statement that changes nothing and takes the
    lock that writing takes; *lock*, a number by which its programs take turns on PostgreSQL; and the exceptions that it
    raises: *unavailable* when the database fails or is away, *invalid* for a value that it cannot hold. With an
    *idle_timeout* (seconds) PostgreSQL ends a transaction that says nothing for so long.
    """

    migrations: ClassVar[Migrations]
    probe: ClassVar[str]
    lock: ClassVar[int]
    unavailable: ClassVar[type[Exception]]
    invalid: ClassVar[type[Exception]]
    idle_timeout: ClassVar[float] = 0.0

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
            if self.idle_timeout:
                options += f" -c idle_in_transaction_session_timeout={self.idle_timeout * 1000:.0f}"
            # A database made without an encoding (SQL_ASCII) would otherwise give back bytes.
            arguments = {"connect_timeout": 2, "client_encoding": "utf8", "options": options}
            self._engine = create_engine(self.url, connect_args=arguments, pool_pre_ping=True, **pool)
        # Reading needs no transaction: `_begin` leaves it out for SQLite, and PostgreSQL commits by itself.
        alone: dict[str, Any] = {"reads": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reader = self._engine.execution_options(**alone)

    @property
    def engine(self) -> Engine:
        """The engine itself, for tests."""
        return self._engine

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection to read with, without a transaction. This and the following raise *unavailable*."""
        with self._translate_errors(), self._reader.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, which is committed at the end and rolled back after an exception."""
        with self._translate_errors(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yield a connection that sees the database as it is now, however long it reads. It blocks no writer."""
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        engine = self._reader if self.is_sqlite else self._engine.execution_options(**options)
        with self._translate_errors(), engine.connect() as connection:
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
            self.take_turn(connection)
            yield connection

    def take_turn(self, connection: Connection) -> None:
        """Wait until no other transaction that takes turns is open; on SQLite one that writes always does."""
        if not self.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({self.lock})")

    def migrate(self) -> None:
        """Bring the tables up to date."""
        with self.alone() as connection:
            self.migrations.to_revision(connection, "head")

    def check(self) -> None:
        """Raise *unavailable* unless the tables are there and can be written."""
        with self.write() as connection:
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
            connection.exec_driver_sql(self.probe)
        if found != [self.migrations.newest]:
            raise self.unavailable

    def close(self) -> None:
        """Close the connections. Call it before forking: a connection belongs to one process."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (DataError, OverflowError) as error:  # NUL in a text, or a number beyond 64 bits
            raise self.invalid from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self.unavailable from error

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

"""Backups: the database's rows and the files of secrets, written to an archive and restored from it.

It does not know the archive's format or the kind of database. A restore is one transaction; folder.py says how the
files follow it.
"""

import contextlib
import json
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, select

from mergepoint.kit.database.migrations import NONE, Migrations, revision_of

from ..accounts.first_administrator import FIRST_PASSWORD
from ..errors import AuthError
from ..signing.identity import KEYS
from ..signing.seal import SECRET
from ..storage.store import Store
from .folder import alone, finish, in_use, leave_mark, stage
from .rows import insert_portion, last_ids, portions, set_last_ids, tables_of

NAME = "auth"  # of the folder in the archive
HOW_TO_REPLACE = "; --replace replaces the accounts that are there"
FILES = (SECRET, KEYS, FIRST_PASSWORD)


class NotEmpty(AuthError):
    """A backup should be restored to a place that has accounts."""

    code = "not_empty"


class NewerSchema(AuthError):
    """The tables are those of a newer version of auth."""

    code = "newer_schema"


class Members(Protocol):
    """The members of an archive whose checksums were verified."""

    def names(self, folder: str) -> Iterable[str]: ...

    def read(self, name: str) -> bytes: ...


def write(store: Store, folder: Path, add: Callable[[str, bytes], None]) -> dict[str, str]:
    """Pass everything that is stored to *add*, as pairs of name and content; return the version and the schema.

    The service may run meanwhile: the rows are those of one moment.
    """
    with in_use(store, folder):
        with store.snapshot() as connection:
            about = {"version": version("mergepoint-auth"), "schema": revision_of(connection)}
            tables = tables_of(connection)
            for table in tables:
                for number, portion in enumerate(portions(connection, table)):
                    add(f"{NAME}/rows/{table.name}/{number:06}.jsonl", portion)
            add(f"{NAME}/last-ids.json", json.dumps(last_ids(connection, tables)).encode())
        for name in FILES:
            with contextlib.suppress(FileNotFoundError):
                add(f"{NAME}/files/{name}", (folder / name).read_bytes())
    return about


def restore(archive: Members, schema: str, store: Store, folder: Path, *, replace: bool = False) -> None:
    """Restore *archive*, whose tables have the revision *schema*. With *replace*, replace the accounts that are there.

    Raise NotEmpty, NewerSchema or InUse; then nothing is changed.
    """
    if not store.migrations.is_known(schema):
        raise NewerSchema(f"the backup's schema {schema} is newer than this version of auth; upgrade it first")
    with alone(store, folder):
        if (folder / SECRET).exists() and not replace:
            raise NotEmpty(f"{folder} is not empty{HOW_TO_REPLACE}")
        mark = stage(folder, _files(archive))
        try:
            with store.alone() as connection:
                _clear_database(connection, store.migrations, replace)
                _fill(connection, store.migrations, archive, schema)
                leave_mark(connection, mark)
        finally:
            finish(store, folder)


def _files(archive: Members) -> dict[str, bytes | None]:
    present = set(archive.names(f"{NAME}/files"))
    return {name: archive.read(path) if (path := f"{NAME}/files/{name}") in present else None for name in FILES}


def _clear_database(connection: Connection, migrations: Migrations, replace: bool) -> None:
    present = revision_of(connection)
    if present == NONE:
        return
    if not migrations.is_known(present):
        raise NewerSchema(f"the database has the newer schema {present}; upgrade auth, or empty the database yourself")
    if not replace and any(connection.execute(select(table).limit(1)).first() for table in tables_of(connection)):
        raise NotEmpty(f"the database is not empty{HOW_TO_REPLACE}")
    migrations.to_revision(connection, NONE)


def _fill(connection: Connection, migrations: Migrations, archive: Members, schema: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    migrations.to_revision(connection, schema)
    tables = tables_of(connection)
    for table in tables:
        for name in archive.names(f"{NAME}/rows/{table.name}"):
            insert_portion(connection, table, archive.read(name))
    set_last_ids(connection, tables, json.loads(archive.read(f"{NAME}/last-ids.json")))
    migrations.to_revision(connection, "head")

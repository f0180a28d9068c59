"""The rows of all tables as lines of JSON, alike for SQLite and PostgreSQL, so that one can be read into the other.

The tables are those that the database has: its revision may be older than this code.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Integer, MetaData, Table, insert, select, text

PORTION = 500  # rows that are in memory at a time
VERSION_TABLE = "alembic_version"  # the migrations' own


def tables_of(connection: Connection) -> list[Table]:
    """Return the tables that the database has, each after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def portions(connection: Connection, table: Table) -> Iterator[bytes]:
    """Yield *table* in portions: the names of its columns on the first line, a row on each other line."""
    names = [column.name for column in table.columns]
    rows = connection.execution_options(yield_per=PORTION).execute(select(table))
    for portion in rows.partitions(PORTION):
        yield b"".join(json.dumps(line, default=_encode).encode() + b"\n" for line in [names, *map(list, portion)])


def insert_portion(connection: Connection, table: Table, portion: bytes) -> int:
    """Insert a portion that ``portions`` has made; return its number of rows."""
    names, *rows = (json.loads(line, object_hook=_decode) for line in portion.splitlines())
    if rows:
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
    return len(rows)


def last_ids(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """Return the highest id that each table has ever had: the id of a deleted row is not used again."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
        return {row.name: row.seq for row in rows}
    found = {}
    for table in tables:
        if sequence := _sequence(connection, table):
            last, used = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()
            found[table.name] = last if used else 0
    return found


def set_last_ids(connection: Connection, tables: Iterable[Table], last: dict[str, int]) -> None:
    """Continue numbering after the ids that ``last_ids`` returned."""
    for table in tables:
        if not last.get(table.name):
            continue
        if connection.dialect.name == "sqlite":
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            row = {"name": table.name, "last": last[table.name]}
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), row)
        elif sequence := _sequence(connection, table):
            connection.execute(text("SELECT setval(:name, :last)"), {"name": sequence, "last": last[table.name]})


def _sequence(connection: Connection, table: Table) -> str | None:
    [key, *others] = table.primary_key.columns
    if others or not isinstance(key.type, Integer):
        return None
    names = {"table": table.name, "column": key.name}
    found = connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), names).scalar()
    return str(found) if found else None


def _encode(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()}  # bytes: the only type here that JSON lacks


def _decode(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["base64"])

"""The address of a database, as settings have it."""

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PORTS = range(1, 65_536)


def check_address(value: str) -> str:
    """Return *value* as SQLAlchemy writes it; raise ValueError unless it is empty or an address of a database."""
    if value and not _is_database(value):
        raise ValueError("sqlite:////path or postgresql://user@host/database is expected")
    return value.replace("postgresql://", "postgresql+psycopg://")


def _is_database(value: str) -> bool:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        return False
    if url.drivername == "sqlite":
        return bool(url.database)
    return url.drivername in ("postgresql", "postgresql+psycopg") and (url.port is None or url.port in PORTS)

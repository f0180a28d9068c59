"""The secrets that sign callbacks: one of each owner, and for a while the ones that it has replaced.

They are written as https://www.standardwebhooks.com has them: ``whsec_`` and base64. All of an owner's sign at once, so
that receivers may change theirs when they like, within the overlap.
"""

import base64
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, update

from ..storage.schema import callback_secrets as table

PREFIX = "whsec_"
BYTES = 32  # 24 to 64 may be
OVERLAP = 86_400.0  # seconds that a secret signs beside its successor
MOST_REPLACED = 3  # that sign at a time: their signatures stand in one header


@dataclass(frozen=True)
class Secrets:
    """*secret* is an owner's newest, of *created*; *replaced* are older ones that sign until *ends*, newest first."""

    secret: str
    created: float
    replaced: tuple[str, ...] = ()
    ends: float | None = None

    @property
    def all(self) -> tuple[str, ...]:
        return (self.secret, *self.replaced)


def ensure(connection: Connection, now: float, owner: str) -> Secrets:
    """Return the secrets of *owner*, with a new one if there is none."""
    return find(connection, now, owner) or _add(connection, now, owner)


def rotate(connection: Connection, now: float, owner: str) -> Secrets:
    """Give *owner* a new secret; the one before signs too for a while."""
    mine = table.c.owner == owner
    connection.execute(update(table).where(mine, table.c.ends.is_(None)).values(ends=now + OVERLAP))
    kept = select(table.c.id).where(mine).order_by(table.c.ends.desc(), table.c.created.desc()).limit(MOST_REPLACED)
    ids = connection.execute(kept).scalars().all()
    connection.execute(delete(table).where(mine, table.c.id.not_in(ids)))
    _add(connection, now, owner)
    found = find(connection, now, owner)
    assert found is not None
    return found


def find(connection: Connection, now: float, owner: str) -> Secrets | None:
    """Return the secrets of *owner* that sign now; None if it never had one."""
    signs = or_(table.c.ends.is_(None), table.c.ends > now)
    query = select(table).where(table.c.owner == owner, signs)
    rows = sorted(connection.execute(query).all(), key=lambda row: (row.ends is None, row.ends), reverse=True)
    if not rows:
        return None
    newest, *older = rows
    return Secrets(newest.secret, newest.created, tuple(row.secret for row in older), older[0].ends if older else None)


def sweep(connection: Connection, now: float) -> None:
    """Remove secrets that sign no longer."""
    connection.execute(delete(table).where(table.c.ends < now))


def _add(connection: Connection, now: float, owner: str) -> Secrets:
    secret = PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()
    row = {"id": secrets.token_urlsafe(16), "owner": owner, "secret": secret, "created": now, "ends": None}
    connection.execute(insert(table), row)
    return Secrets(secret, now)

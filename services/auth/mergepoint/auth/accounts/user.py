"""One user: the fields that callers may see, and the rows that belong to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, or_, select

from ..errors import NotFound
from ..storage.schema import passkeys, sessions, users


@dataclass(frozen=True)
class User:
    """A user, without their secrets. *created* is in seconds since 1970; *guarded*: a second factor is required."""

    id: int
    name: str
    email: str | None
    email_proven: bool
    picture: str | None
    admin: bool
    disabled: bool
    guarded: bool
    created: float

    @property
    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "picture": self.picture,
            "admin": self.admin,
            "second_factor": self.guarded,
        }


# Called in the transaction of a change, before it: redeems a token for it, or raises to refuse it.
Precondition = Callable[[Connection], object]
GUARDED = or_(users.c.totp.is_not(None), exists().where(passkeys.c.user_id == users.c.id)).label("guarded")
COLUMNS = (
    users.c.id,
    users.c.name,
    users.c.email,
    users.c.email_proven,
    users.c.picture,
    users.c.admin,
    users.c.disabled,
    GUARDED,
    users.c.created,
)
# The same columns joined to those of a session or a key, which have the id already, as that of their owner.
USER = ("id", "name", "email", "email_proven", "picture", "admin", "disabled", "guarded", "created")
USER_COLUMNS = tuple(column.label(f"user_{name}") for column, name in zip(COLUMNS, USER, strict=True))[1:]


def get(connection: Connection, id: int) -> User:
    """Return the user with this id, or raise NotFound."""
    row = connection.execute(select(*COLUMNS).where(users.c.id == id)).first()
    if row is None:
        raise NotFound(f"no user has the id {id}")
    return from_row(row)


def lock(connection: Connection, user_id: int) -> None:
    """Lock the user's row, so that no session starts while all are being ended."""
    connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())


def end_sessions(connection: Connection, user_id: int, keep: str | None = None) -> int:
    """End the sessions of a user, except the one with the id *keep*; return how many ended."""
    lock(connection, user_id)
    condition = [sessions.c.user_id == user_id] + ([sessions.c.id != keep] if keep else [])
    return connection.execute(delete(sessions).where(*condition)).rowcount


def from_row(row: Row[Any]) -> User:
    """Return the user of a row of COLUMNS."""
    return User(**row._mapping)

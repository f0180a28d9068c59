"""One user: what a caller may know of them, and their rows in the database."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, or_, select

from ..errors import NotFound
from ..storage.schema import passkeys, sessions, users


@dataclass(frozen=True)
class User:
    """A person, as far as a caller may know. *guarded*: a second factor is asked for."""

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


Spend = Callable[[Connection], object]
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
# The same columns beside those of a session or a key. The id is left out: they have it as their owner.
USER = ("id", "name", "email", "email_proven", "picture", "admin", "disabled", "guarded", "created")
USER_COLUMNS = tuple(column.label(f"user_{name}") for column, name in zip(COLUMNS, USER, strict=True))[1:]


def get(connection: Connection, id: int) -> User:
    """Return the user with this id, or raise NotFound."""
    row = connection.execute(select(*COLUMNS).where(users.c.id == id)).first()
    if row is None:
        raise NotFound(f"no user has the id {id}")
    return from_row(row)


def lock(connection: Connection, user_id: int) -> None:
    """Wait for who else begins or ends sessions of this user: none begins unseen by who ends all."""
    connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())


def end_sessions(connection: Connection, user_id: int, keep: str | None = None) -> int:
    """End the sessions of a user but *keep*; return how many there were."""
    lock(connection, user_id)
    condition = [sessions.c.user_id == user_id] + ([sessions.c.id != keep] if keep else [])
    return connection.execute(delete(sessions).where(*condition)).rowcount


def from_row(row: Row[Any]) -> User:
    return User(**row._mapping)

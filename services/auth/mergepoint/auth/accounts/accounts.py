"""Users: who there is, by which name and address, and what changes about them."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..audit import Audit, Origin
from ..errors import Invalid, InvalidLogin, NotFound, Taken
from ..limits.hash_queue import Line
from ..storage.schema import federated, users
from ..storage.store import Store
from . import names
from .passwords import Passwords, acceptable
from .user import COLUMNS, Spend, User, end_sessions, from_row, get


class Accounts:
    """Makes, finds and changes users."""

    def __init__(
        self, store: Store, passwords: Passwords, line: Line, audit: Audit, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._line = line
        self._audit = audit
        self._clock = clock

    def create(
        self,
        name: str,
        origin: Origin,
        *,
        password: str | None = None,
        email: str | None = None,
        email_proven: bool = False,
        admin: bool = False,
        picture: str | None = None,
        identity: tuple[str, str] | None = None,
        spend: Spend | None = None,
    ) -> User:
        """Make a user, or raise Invalid or Taken. *identity* is a provider and its subject; *spend* takes a token that
        this costs, in the same transaction.
        """
        shown, address = names.name(name), names.email(email) if email else None
        hashed = self._hash(acceptable(password, shown, address), origin) if password is not None else None
        values = {
            "name": shown,
            "name_key": names.canonical(shown),
            "email": address,
            "email_key": names.email_key(address) if address else None,
            "email_proven": email_proven,
            "picture": picture,
            "password": hashed,
            "admin": admin,
            "disabled": False,
            "totp_step": 0,
            "created": self._clock(),
        }
        with self._store.write() as connection:
            refuse_taken(connection, values["name_key"], values["email_key"])
            if spend:
                spend(connection)
            try:
                id = connection.execute(insert(users).values(values).returning(users.c.id)).scalar_one()
                if identity:
                    provider, subject = identity
                    link = {"provider": provider, "subject": subject, "user_id": id, "created": self._clock()}
                    connection.execute(insert(federated).values(link))
            except IntegrityError as error:  # somebody was faster
                raise Taken("name", "this name or address is taken") from error
            self._audit.note(connection, "user_created", origin, user_id=id, name=shown, admin=admin)
            return get(connection, id)

    def get(self, id: int) -> User:
        with self._store.read() as connection:
            return get(connection, id)

    def find(self, login: str) -> User | None:
        """Return the user with this name or address."""
        with self._store.read() as connection:
            found = connection.execute(select(*COLUMNS).where(_is(names.login_key(login)))).first()
        return from_row(found) if found else None

    def credentials(self, login: str) -> tuple[int, str | None] | None:
        """Return the id and the password's hash of who has this name or address, unless disabled."""
        query = select(users.c.id, users.c.password).where(_is(names.login_key(login)), users.c.disabled.is_(False))
        with self._store.read() as connection:
            row = connection.execute(query).first()
        return (row.id, row.password) if row else None

    def password_of(self, id: int) -> str | None:
        with self._store.read() as connection:
            found: str | None = connection.execute(select(users.c.password).where(users.c.id == id)).scalar()
        return found

    def list(self, *, after: int = 0, limit: int = 500) -> list[User]:
        """Return users in the order of their ids, from the one *after* on."""
        with self._store.read() as connection:
            query = select(*COLUMNS).where(users.c.id > after).order_by(users.c.id).limit(limit)
            return [from_row(row) for row in connection.execute(query)]

    def names(self, ids: Iterable[int]) -> dict[int, str]:
        """Return the names of those of *ids* who are there."""
        with self._store.read() as connection:
            query = select(users.c.id, users.c.name).where(users.c.id.in_(set(ids)))
            return {row.id: row.name for row in connection.execute(query)}

    def count(self) -> int:
        with self._store.read() as connection:
            return connection.execute(select(func.count()).select_from(users)).scalar_one()

    def set_password(self, user: User, password: str, origin: Origin, *, how: str, spend: Spend | None = None) -> None:
        """Change the password; every session ends. *spend* takes a token that this costs, in the same transaction."""
        hashed = self._hash(acceptable(password, user.name, user.email), origin)
        with self._store.write() as connection:
            if spend:
                spend(connection)
            self._change(connection, user.id, password=hashed)
            end_sessions(connection, user.id)
            self._audit.note(connection, "password_changed", origin, user_id=user.id, how=how)

    def rehash(self, id: int, old: str, password: str) -> str:
        """Store the password again at today's cost, unless it was changed meanwhile; return its hash."""
        new = self._passwords.hash(password)
        with self._store.write() as connection:
            connection.execute(update(users).where(users.c.id == id, users.c.password == old).values(password=new))
        return new

    def unchanged(self, id: int, hashed: str) -> Spend:
        """Return what raises InvalidLogin, in the transaction that it is given, if the password is another by then."""

        def check(connection: Connection) -> None:
            if connection.execute(select(users.c.password).where(users.c.id == id)).scalar() != hashed:
                raise InvalidLogin

        return check

    def set_admin(self, id: int, admin: bool, origin: Origin) -> None:
        """Give or take an administrator's rights; the sessions with the old ones end."""
        self.change(id, origin, admin=admin)

    def set_disabled(self, id: int, disabled: bool, origin: Origin) -> None:
        """Shut out a user, with all sessions and keys, or let them in again."""
        self.change(id, origin, disabled=disabled)

    def change(self, id: int, origin: Origin, *, admin: bool | None = None, disabled: bool | None = None) -> None:
        """Do both of the above, as far as they are said, or, when one is refused, neither."""
        values = {name: value for name, value in (("admin", admin), ("disabled", disabled)) if value is not None}
        with self._store.write() as connection:
            if admin is False or disabled:
                _keep_one_administrator(connection, id)
            if values:
                self._change(connection, id, **values)
            if admin is not None or disabled:
                end_sessions(connection, id)
            if admin is not None:
                self._audit.note(connection, "admin_granted" if admin else "admin_withdrawn", origin, user_id=id)
            if disabled is not None:
                self._audit.note(connection, "user_disabled" if disabled else "user_enabled", origin, user_id=id)

    def delete(self, id: int, origin: Origin) -> None:
        """Delete a user and all that is theirs; the audit log stays."""
        with self._store.write() as connection:
            _keep_one_administrator(connection, id)
            if not connection.execute(delete(users).where(users.c.id == id)).rowcount:
                raise NotFound(f"no user has the id {id}")
            self._audit.note(connection, "user_deleted", origin, user_id=id)

    def set_email(self, user: User, email: str | None, origin: Origin, *, proven: bool = False) -> None:
        """Change the address; only one that was *proven* links accounts of providers."""
        address = names.email(email) if email else None
        key = names.email_key(address) if address else None
        with self._store.write() as connection:
            taken = select(users.c.id).where(users.c.email_key == key, users.c.id != user.id)
            if key and connection.execute(taken).first():
                raise Taken("email", "this address is taken")
            try:
                self._change(connection, user.id, email=address, email_key=key, email_proven=proven and bool(address))
            except IntegrityError as error:  # somebody was faster
                raise Taken("email", "this address is taken") from error
            self._audit.note(connection, "email_proven" if proven else "email_changed", origin, user_id=user.id)

    def set_picture(self, user: User, picture: str | None, origin: Origin) -> None:
        """Change where the avatar is."""
        with self._store.write() as connection:
            self._change(connection, user.id, picture=picture)
            self._audit.note(connection, "picture_changed", origin, user_id=user.id)

    def _hash(self, password: str, origin: Origin) -> str:
        with self._line.turn(origin.network):
            return self._passwords.hash(password)

    def _change(self, connection: Connection, id: int, **values: Any) -> None:
        if not connection.execute(update(users).where(users.c.id == id).values(values)).rowcount:
            raise NotFound(f"no user has the id {id}")


def refuse_taken(connection: Connection, name_key: Any, email_key: Any) -> None:
    if connection.execute(select(users.c.id).where(users.c.name_key == name_key)).first():
        raise Taken("name", "this name is taken")
    if email_key and connection.execute(select(users.c.id).where(users.c.email_key == email_key)).first():
        raise Taken("email", "this address is taken")


def _keep_one_administrator(connection: Connection, id: int) -> None:
    # Locked, in one order: of two who take each other's rights away at the same time, the second one sees what is left.
    able = select(users.c.id).where(users.c.admin.is_(True), users.c.disabled.is_(False))
    if connection.execute(able.order_by(users.c.id).with_for_update()).scalars().all() == [id]:
        raise Invalid("admin", "this is the only administrator")


def _is(key: str) -> Any:
    return users.c.email_key == key if "@" in key else users.c.name_key == key

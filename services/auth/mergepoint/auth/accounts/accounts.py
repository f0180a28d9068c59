"""Users in the database: made, found, changed and deleted."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..audit import Audit, RequestContext
from ..errors import Invalid, InvalidLogin, NotFound, Taken
from ..limits.hash_queue import HashQueue
from ..storage.schema import federated, users
from ..storage.store import Store
from . import names
from .passwords import Passwords, check_acceptable
from .user import COLUMNS, Precondition, User, end_sessions, from_row, get


class Accounts:
    """Makes, finds and changes users."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        hash_queue: HashQueue,
        audit: Audit,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._hash_queue = hash_queue
        self._audit = audit
        self._clock = clock

    def create(
        self,
        name: str,
        context: RequestContext,
        *,
        password: str | None = None,
        email: str | None = None,
        email_proven: bool = False,
        admin: bool = False,
        picture: str | None = None,
        identity: tuple[str, str] | None = None,
        precondition: Precondition | None = None,
    ) -> User:
        """Make a user; raise Invalid or Taken. *identity* is a provider's name and the subject of its ID token.
        *precondition* is called in the same transaction: it redeems a token, for instance.
        """
        shown, address = names.name(name), names.email(email) if email else None
        hashed = self._hash(check_acceptable(password, shown, address), context) if password is not None else None
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
            if precondition:
                precondition(connection)
            try:
                id = connection.execute(insert(users).values(values).returning(users.c.id)).scalar_one()
                if identity:
                    provider, subject = identity
                    link = {"provider": provider, "subject": subject, "user_id": id, "created": self._clock()}
                    connection.execute(insert(federated).values(link))
            except IntegrityError as error:  # another process was first
                raise Taken("name", "this name or address is taken; choose another") from error
            self._audit.note(connection, "user_created", context, user_id=id, name=shown, admin=admin)
            return get(connection, id)

    def get(self, id: int) -> User:
        with self._store.read() as connection:
            return get(connection, id)

    def find(self, login: str) -> User | None:
        """Return the user with this name or address; None if there is none."""
        with self._store.read() as connection:
            found = connection.execute(select(*COLUMNS).where(_has_login(names.login_key(login)))).first()
        return from_row(found) if found else None

    def credentials(self, login: str) -> tuple[int, str | None] | None:
        """Return the id and password hash of the enabled user with this name or address; None if there is none."""
        query = select(users.c.id, users.c.password).where(
            _has_login(names.login_key(login)), users.c.disabled.is_(False)
        )
        with self._store.read() as connection:
            row = connection.execute(query).first()
        return (row.id, row.password) if row else None

    def password_of(self, id: int) -> str | None:
        """Return the password hash of a user; None without a password."""
        with self._store.read() as connection:
            found: str | None = connection.execute(select(users.c.password).where(users.c.id == id)).scalar()
        return found

    def list(self, *, after: int = 0, limit: int = 500) -> list[User]:
        """Return at most *limit* users with ids above *after*, in the order of their ids."""
        with self._store.read() as connection:
            query = select(*COLUMNS).where(users.c.id > after).order_by(users.c.id).limit(limit)
            return [from_row(row) for row in connection.execute(query)]

    def names(self, ids: Iterable[int]) -> dict[int, str]:
        """Return names by id, of those *ids* that exist."""
        with self._store.read() as connection:
            query = select(users.c.id, users.c.name).where(users.c.id.in_(set(ids)))
            return {row.id: row.name for row in connection.execute(query)}

    def count(self) -> int:
        with self._store.read() as connection:
            return connection.execute(select(func.count()).select_from(users)).scalar_one()

    def set_password(
        self, user: User, password: str, context: RequestContext, *, how: str, precondition: Precondition | None = None
    ) -> None:
        """Change the password and end all sessions of *user*. *how* is for the audit log.

        *precondition* is called in the same transaction.
        """
        hashed = self._hash(check_acceptable(password, user.name, user.email), context)
        with self._store.write() as connection:
            if precondition:
                precondition(connection)
            self._change(connection, user.id, password=hashed)
            end_sessions(connection, user.id)
            self._audit.note(connection, "password_changed", context, user_id=user.id, how=how)

    def rehash(self, id: int, old: str, password: str) -> str:
        """Hash *password* at today's cost, store the hash unless *old* was changed meanwhile, and return it."""
        new = self._passwords.hash(password)
        with self._store.write() as connection:
            connection.execute(update(users).where(users.c.id == id, users.c.password == old).values(password=new))
        return new

    def unchanged(self, id: int, hashed: str) -> Precondition:
        """Return a precondition that raises InvalidLogin if the password hash is no longer *hashed*."""

        def check(connection: Connection) -> None:
            if connection.execute(select(users.c.password).where(users.c.id == id)).scalar() != hashed:
                raise InvalidLogin

        return check

    def set_admin(self, id: int, admin: bool, context: RequestContext) -> None:
        """Grant or withdraw an administrator's rights, and end the user's sessions."""
        self.change(id, context, admin=admin)

    def set_disabled(self, id: int, disabled: bool, context: RequestContext) -> None:
        """Disable a user with all sessions and keys, or enable them again."""
        self.change(id, context, disabled=disabled)

    def change(
        self, id: int, context: RequestContext, *, admin: bool | None = None, disabled: bool | None = None
    ) -> None:
        """Change one of these or both, in one transaction; None leaves a right as it is."""
        values = {name: value for name, value in (("admin", admin), ("disabled", disabled)) if value is not None}
        with self._store.write() as connection:
            if admin is False or disabled:
                _keep_one_administrator(connection, id)
            if values:
                self._change(connection, id, **values)
            if admin is not None or disabled:
                end_sessions(connection, id)
            if admin is not None:
                self._audit.note(connection, "admin_granted" if admin else "admin_withdrawn", context, user_id=id)
            if disabled is not None:
                self._audit.note(connection, "user_disabled" if disabled else "user_enabled", context, user_id=id)

    def delete(self, id: int, context: RequestContext) -> None:
        """Delete a user and everything of theirs except the audit log."""
        with self._store.write() as connection:
            _keep_one_administrator(connection, id)
            if not connection.execute(delete(users).where(users.c.id == id)).rowcount:
                raise NotFound(f"no user has the id {id}")
            self._audit.note(connection, "user_deleted", context, user_id=id)

    def set_email(self, user: User, email: str | None, context: RequestContext, *, proven: bool = False) -> None:
        """Change the address. Only a *proven* one lets an account at a provider be linked by it."""
        address = names.email(email) if email else None
        key = names.email_key(address) if address else None
        with self._store.write() as connection:
            taken = select(users.c.id).where(users.c.email_key == key, users.c.id != user.id)
            if key and connection.execute(taken).first():
                raise Taken("email", "this address is taken; log in, or choose another")
            try:
                self._change(connection, user.id, email=address, email_key=key, email_proven=proven and bool(address))
            except IntegrityError as error:  # another process was first
                raise Taken("email", "this address is taken; log in, or choose another") from error
            self._audit.note(connection, "email_proven" if proven else "email_changed", context, user_id=user.id)

    def set_picture(self, user: User, picture: str | None, context: RequestContext) -> None:
        """Change the address from which the avatar is made; None removes it."""
        with self._store.write() as connection:
            self._change(connection, user.id, picture=picture)
            self._audit.note(connection, "picture_changed", context, user_id=user.id)

    def _hash(self, password: str, context: RequestContext) -> str:
        with self._hash_queue.slot(context.network):
            return self._passwords.hash(password)

    def _change(self, connection: Connection, id: int, **values: Any) -> None:
        if not connection.execute(update(users).where(users.c.id == id).values(values)).rowcount:
            raise NotFound(f"no user has the id {id}")


def refuse_taken(connection: Connection, name_key: Any, email_key: Any) -> None:
    """Raise Taken if another user has one of these canonical forms."""
    if connection.execute(select(users.c.id).where(users.c.name_key == name_key)).first():
        raise Taken("name", "this name is taken; choose another")
    if email_key and connection.execute(select(users.c.id).where(users.c.email_key == email_key)).first():
        raise Taken("email", "this address is taken; log in, or choose another")


def _keep_one_administrator(connection: Connection, id: int) -> None:
    # Lock the rows, in one order: if two administrators remove each other at the same time, the second sees the change.
    able = select(users.c.id).where(users.c.admin.is_(True), users.c.disabled.is_(False))
    if connection.execute(able.order_by(users.c.id).with_for_update()).scalars().all() == [id]:
        raise Invalid("admin", "this is the only administrator; make another one first")


def _has_login(key: str) -> Any:
    return users.c.email_key == key if "@" in key else users.c.name_key == key

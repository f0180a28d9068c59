"""Sessions. The client has a random token, the database its hash."""

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from ..accounts.user import USER, USER_COLUMNS, Precondition, User, end_sessions, lock
from ..audit import Audit, RequestContext
from ..errors import LoginRequired, NotFound, StoreUnavailable
from ..storage.hashing import digest
from ..storage.schema import sessions, users
from ..storage.store import Store

PREFIX = "ms_"
SEEN_EVERY = 60.0  # seconds: the time of last use is written no more often than this
PENDING = 600.0  # seconds that a user has for the second factor

FIND = (
    select(sessions, *USER_COLUMNS)
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.hash == bindparam("token_hash"))
)


@dataclass(frozen=True)
class Session:
    """A session and its user; times are in seconds since 1970.

    *proven* is when the user last showed a password or another factor. While *pending*, the second factor is missing,
    and the session serves for nothing but showing it.
    """

    id: str
    user: User
    pending: bool
    created: float
    proven: float
    seen: float
    address: str
    agent: str
    audience: str | None

    @property
    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "created": self.created,
            "seen": self.seen,
            "address": self.address,
            "agent": self.agent,
            "audience": self.audience,
        }


class Sessions:
    """Begins, finds and ends sessions: they end *idle* seconds after the last request, *lifetime* after the login."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        *,
        idle: float = 7 * 86400,
        lifetime: float = 30 * 86400,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._audit = audit
        self._idle = idle
        self._lifetime = lifetime
        self._clock = clock

    def begin(
        self,
        user: User,
        context: RequestContext,
        *,
        how: str,
        pending: bool = False,
        instead_of: str | None = None,
        after: Session | None = None,
        alone: bool = False,
        audience: str | None = None,
        precondition: Precondition | None = None,
    ) -> str:
        """Return the token of a new session; raise LoginRequired if the session *after* has ended meanwhile.

        The new session replaces the one with the id *instead_of*; *alone*, it replaces all of the user's. If it follows
        *after* another, it is proven and ends when that one would be. *how* is for the audit log. *precondition* is
        called in the same transaction: it may refuse.
        """
        token = PREFIX + secrets.token_urlsafe(32)  # 256 bits
        now = self._clock()
        values = {
            "hash": digest(token),
            "id": secrets.token_hex(8),
            "user_id": user.id,
            "pending": pending,
            "created": after.created if after else now,
            "proven": after.proven if after else now,
            "seen": now,
            "address": context.address[:64],
            "agent": context.agent[:256],
            "audience": audience,
        }
        with self._store.write() as connection:
            lock(connection, user.id)
            if after and not connection.execute(select(sessions.c.id).where(sessions.c.id == after.id)).first():
                raise LoginRequired
            if precondition:
                precondition(connection)
            if alone:
                count = end_sessions(connection, user.id)
                self._audit.note(connection, "sessions_ended", context, user_id=user.id, count=count)
            if instead_of:
                connection.execute(delete(sessions).where(sessions.c.id == instead_of))
            connection.execute(insert(sessions).values(values))
            event = "password_accepted" if pending else "login"
            self._audit.note(connection, event, context, user_id=user.id, how=how, session=values["id"])
        return token

    def find(self, token: str, *, notice: bool = True) -> Session | None:
        """Return the session with this token; None if it has ended or its user is disabled.

        *notice*: record that it is in use now.
        """
        if not token.startswith(PREFIX) or len(token) > 64:
            return None
        now = self._clock()
        with self._store.read() as connection:
            row = connection.execute(FIND, {"token_hash": digest(token)}).mappings().first()
        if row is None or row["user_disabled"] or self._is_over(row, now):
            return None
        if notice and now - row["seen"] >= SEEN_EVERY:
            self._notice(row["id"], now)
        return _session(row)

    def list(self, user_id: int) -> list[Session]:
        """Return the sessions of a user that have both factors and have not ended, the last used first."""
        query = (
            select(*FIND.selected_columns)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.user_id == user_id, sessions.c.pending.is_(False))
            .order_by(sessions.c.seen.desc())
        )
        now = self._clock()
        with self._store.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [_session(row) for row in rows if not self._is_over(row, now)]

    def still(self, user_id: int, id: str) -> Session | None:
        """Return the session with this id; None if it has ended or its user is disabled."""
        return next((session for session in self.list(user_id) if session.id == id and not session.user.disabled), None)

    def prove(self, id: str) -> None:
        """Record that the user has just proven again who they are."""
        with self._store.write() as connection:
            connection.execute(update(sessions).where(sessions.c.id == id).values(proven=self._clock()))

    def end(self, user_id: int, id: str, context: RequestContext, *, event: str = "logout") -> None:
        """End one session of a user, or raise NotFound. *event* is its name in the audit log."""
        with self._store.write() as connection:
            query = delete(sessions).where(sessions.c.id == id, sessions.c.user_id == user_id)
            if not connection.execute(query).rowcount:
                raise NotFound(f"no session has the id {id!r}")
            self._audit.note(connection, event, context, user_id=user_id, session=id)

    def end_all(self, user_id: int, context: RequestContext, *, keep: str | None = None) -> int:
        """End the sessions of a user, except the one with the id *keep*; return how many ended."""
        with self._store.write() as connection:
            count = end_sessions(connection, user_id, keep)
            self._audit.note(connection, "sessions_ended", context, user_id=user_id, count=count)
        return count

    def sweep(self) -> None:
        """Delete the sessions that have ended."""
        now = self._clock()
        with self._store.write() as connection:
            over = (sessions.c.seen < now - self._idle) | (sessions.c.created < now - self._lifetime)
            connection.execute(delete(sessions).where(over))

    def _is_over(self, row: Any, now: float) -> bool:
        lifetime = PENDING if row["pending"] else self._lifetime
        return bool(now - row["seen"] > self._idle or now - row["created"] > lifetime)

    def _notice(self, id: str, now: float) -> None:
        # A database that can only be read serves requests all the same.
        with contextlib.suppress(StoreUnavailable), self._store.write() as connection:
            query = update(sessions).where(sessions.c.id == id, sessions.c.seen < now).values(seen=now)
            connection.execute(query)


def _session(row: Any) -> Session:
    user = User(row["user_id"], *(row[f"user_{name}"] for name in USER[1:]))
    about = {name: row[name] for name in Session.__annotations__ if name != "user"}
    return Session(user=user, **about)

"""Sessions: who is logged in where. A session is a row here and a random token there; only its hash is stored."""

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from ..accounts.user import USER, USER_COLUMNS, Spend, User, end_sessions, lock
from ..audit import Audit, Origin
from ..errors import LoginRequired, NotFound, StoreUnavailable
from ..storage.hashing import hashed
from ..storage.schema import sessions, users
from ..storage.store import Store

PREFIX = "ms_"
SEEN_EVERY = 60.0  # seconds: the time of last use is written no more often than this
PENDING = 600.0  # seconds that one may take to show the second factor

FIND = (
    select(sessions, *USER_COLUMNS)
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.hash == bindparam("token_hash"))
)


@dataclass(frozen=True)
class Session:
    """A session and its user. While *pending*, the second factor is missing, and it is good for showing that only."""

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
    """Begins, finds and ends sessions. *idle* and *lifetime* are seconds."""

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
        origin: Origin,
        *,
        how: str,
        pending: bool = False,
        instead_of: str | None = None,
        after: Session | None = None,
        alone: bool = False,
        audience: str | None = None,
        spend: Spend | None = None,
    ) -> str:
        """Return the token of a new session; it takes the place of the one with the id *instead_of*, or *alone* of all.

        One that follows *after* another is no fresher and ends no later, and there is none if that is over. *spend*
        takes a token that this costs, or refuses, in the same transaction.
        """
        token = PREFIX + secrets.token_urlsafe(32)  # 256 bits
        now = self._clock()
        values = {
            "hash": hashed(token),
            "id": secrets.token_hex(8),
            "user_id": user.id,
            "pending": pending,
            "created": after.created if after else now,
            "proven": after.proven if after else now,
            "seen": now,
            "address": origin.address[:64],
            "agent": origin.agent[:256],
            "audience": audience,
        }
        with self._store.write() as connection:
            lock(connection, user.id)
            if after and not connection.execute(select(sessions.c.id).where(sessions.c.id == after.id)).first():
                raise LoginRequired
            if spend:
                spend(connection)
            if alone:
                count = end_sessions(connection, user.id)
                self._audit.note(connection, "sessions_ended", origin, user_id=user.id, count=count)
            if instead_of:
                connection.execute(delete(sessions).where(sessions.c.id == instead_of))
            connection.execute(insert(sessions).values(values))
            event = "password_accepted" if pending else "login"
            self._audit.note(connection, event, origin, user_id=user.id, how=how, session=values["id"])
        return token

    def find(self, token: str, *, notice: bool = True) -> Session | None:
        """Return the session with this token, if its user may be here and it is not over.

        *notice*: it is in use now.
        """
        if not token.startswith(PREFIX) or len(token) > 64:
            return None
        now = self._clock()
        with self._store.read() as connection:
            row = connection.execute(FIND, {"token_hash": hashed(token)}).mappings().first()
        if row is None or row["user_disabled"] or self._is_over(row, now):
            return None
        if notice and now - row["seen"] >= SEEN_EVERY:
            self._notice(row["id"], now)
        return _session(row)

    def list(self, user_id: int) -> list[Session]:
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
        """Return the session with this id, if it is not over."""
        return next((session for session in self.list(user_id) if session.id == id and not session.user.disabled), None)

    def prove(self, id: str) -> None:
        """Note that the user has just shown once more who they are."""
        with self._store.write() as connection:
            connection.execute(update(sessions).where(sessions.c.id == id).values(proven=self._clock()))

    def end(self, user_id: int, id: str, origin: Origin, *, event: str = "logout") -> None:
        with self._store.write() as connection:
            query = delete(sessions).where(sessions.c.id == id, sessions.c.user_id == user_id)
            if not connection.execute(query).rowcount:
                raise NotFound(f"no session has the id {id!r}")
            self._audit.note(connection, event, origin, user_id=user_id, session=id)

    def end_all(self, user_id: int, origin: Origin, *, keep: str | None = None) -> int:
        """End all sessions of a user but *keep*; return how many."""
        with self._store.write() as connection:
            count = end_sessions(connection, user_id, keep)
            self._audit.note(connection, "sessions_ended", origin, user_id=user_id, count=count)
        return count

    def sweep(self) -> None:
        """Delete what is over."""
        now = self._clock()
        with self._store.write() as connection:
            over = (sessions.c.seen < now - self._idle) | (sessions.c.created < now - self._lifetime)
            connection.execute(delete(sessions).where(over))

    def _is_over(self, row: Any, now: float) -> bool:
        lifetime = PENDING if row["pending"] else self._lifetime
        return bool(now - row["seen"] > self._idle or now - row["created"] > lifetime)

    def _notice(self, id: str, now: float) -> None:
        with contextlib.suppress(StoreUnavailable), self._store.write() as connection:  # who can read can go on
            query = update(sessions).where(sessions.c.id == id, sessions.c.seen < now).values(seen=now)
            connection.execute(query)


def _session(row: Any) -> Session:
    user = User(row["user_id"], *(row[f"user_{name}"] for name in USER[1:]))
    about = {name: row[name] for name in Session.__annotations__ if name != "user"}
    return Session(user=user, **about)

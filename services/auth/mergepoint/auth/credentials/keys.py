"""API keys: ``mp_``, 30 random letters and digits, and their CRC-32 in six more. Only the hash is stored.

By this form secret scanners recognise a key, and programs find typing errors without a request.
"""

import contextlib
import re
import secrets
import string
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from ..accounts.user import USER, USER_COLUMNS, User
from ..audit import Audit, RequestContext
from ..errors import Forbidden, Invalid, NotFound, StoreUnavailable
from ..storage.hashing import digest
from ..storage.schema import keys, users
from ..storage.store import Store

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
KEY = re.compile(r"mp_[0-9A-Za-z]{36}")
SCOPE = re.compile(r"[a-z][a-z0-9-]{0,31}(?::[a-z][a-z0-9-]{0,31})?")
USED_EVERY = 60.0  # seconds: the time of last use is written no more often than this
MOST_KEYS = 100  # of one user
MAX_SCOPES = 500  # characters of a key's scopes together: identities, which are headers, carry them

FIND = select(keys, *USER_COLUMNS).join(users, users.c.id == keys.c.user_id).where(keys.c.hash == bindparam("key_hash"))


@dataclass(frozen=True)
class Key:
    """A key, without its secret.

    *hint* are its first four random characters, *rate* is requests a minute, *scopes* are ``service`` or
    ``service:action``; times are in seconds since 1970.
    """

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    rate: int | None
    created: float
    expires: float | None
    used: float | None

    @property
    def public(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "hint": self.hint,
            "scopes": list(self.scopes),
            "rate": self.rate,
            "created": self.created,
            "expires": self.expires,
            "used": self.used,
        }


class Keys:
    """Makes, finds, rotates and revokes keys."""

    def __init__(self, store: Store, audit: Audit, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    def create(
        self,
        user: User,
        context: RequestContext,
        *,
        name: str,
        scopes: Iterable[str],
        rate: int | None = None,
        expires: float | None = None,
        by: Key | None = None,
    ) -> tuple[str, Key]:
        """Return a new key's secret, which cannot be shown again, and the key; raise Invalid or Forbidden.

        A key made *by* another key has that key's *rate* and *expires* where none are given, and never more rights.
        """
        if by:
            rate = by.rate if rate is None else rate
            expires = by.expires if expires is None else expires
        key = Key(
            id=secrets.token_hex(8),
            name=check_name(name),
            hint="",
            scopes=check_scopes(scopes),
            rate=rate,
            created=self._clock(),
            expires=expires,
            used=None,
        )
        if expires is not None and expires <= self._clock():
            raise Invalid("expires", "this moment has passed; send a later one")
        if by:
            refuse_more(by, key)
        with self._store.write() as connection:
            return self._insert(connection, user.id, key, context, "key_created")

    def find(self, secret: str, *, notice: bool = True) -> tuple[User, Key] | None:
        """Return the user and the key of *secret*; None if it is malformed, unknown, expired, or its user disabled.

        *notice*: record that it is in use now.
        """
        if not is_well_formed(secret):
            return None
        now = self._clock()
        with self._store.read() as connection:
            row = connection.execute(FIND, {"key_hash": digest(secret)}).mappings().first()
        if row is None or row["user_disabled"] or (row["expires"] is not None and row["expires"] <= now):
            return None
        if notice and (row["used"] is None or now - row["used"] >= USED_EVERY):
            self._notice(row["id"], now)
        return User(row["user_id"], *(row[f"user_{name}"] for name in USER[1:])), _key(row)

    def still(self, user_id: int, id: str) -> Key | None:
        """Return the key of a user with this id; None if it was revoked or has expired."""
        with self._store.read() as connection:
            query = select(keys).where(keys.c.id == id, keys.c.user_id == user_id)
            row = connection.execute(query).mappings().first()
        if row is None or (row["expires"] is not None and row["expires"] <= self._clock()):
            return None
        return _key(row)

    def list(self, user_id: int) -> list[Key]:
        """Return the keys of a user, the newest first."""
        with self._store.read() as connection:
            query = select(keys).where(keys.c.user_id == user_id).order_by(keys.c.created.desc())
            return [_key(row) for row in connection.execute(query).mappings()]

    def rotate(
        self, user_id: int, id: str, context: RequestContext, *, overlap: float, by: Key | None = None
    ) -> tuple[str, Key]:
        """Return the secret of a successor with the same rights, and the successor; the old key works for *overlap*
        seconds more. A caller *by* a key cannot rotate one with more rights, since it would learn the secret.
        """
        now = self._clock()
        with self._store.write() as connection:
            row = connection.execute(_one(user_id, id)).mappings().first()
            if row is None:
                raise NotFound(f"no key has the id {id!r}")
            if row["expires"] is not None and row["expires"] <= now:
                raise Invalid("id", "this key has expired; make a new one")
            old = _key(row)
            if by:
                refuse_more(by, old)
            ends = min(now + overlap, row["expires"] if row["expires"] is not None else now + overlap)
            connection.execute(update(keys).where(keys.c.id == id).values(expires=ends))
            key = Key(secrets.token_hex(8), old.name, "", old.scopes, old.rate, now, old.expires, None)
            return self._insert(connection, user_id, key, context, "key_rotated", of=id, overlap=overlap)

    def revoke(self, user_id: int, id: str, context: RequestContext) -> None:
        """Delete a key, or raise NotFound."""
        with self._store.write() as connection:
            if not connection.execute(delete(keys).where(keys.c.id == id, keys.c.user_id == user_id)).rowcount:
                raise NotFound(f"no key has the id {id!r}")
            self._audit.note(connection, "key_revoked", context, user_id=user_id, key=id)

    def _insert(
        self, connection: Any, user_id: int, key: Key, context: RequestContext, event: str, **detail: Any
    ) -> tuple[str, Key]:
        count = len(connection.execute(select(keys.c.id).where(keys.c.user_id == user_id)).all())
        if count >= MOST_KEYS:
            raise Invalid("name", f"there are {MOST_KEYS} keys already; revoke one first")
        secret = new_secret()
        values = key.public | {"hint": secret[3:7], "scopes": " ".join(key.scopes)}
        connection.execute(insert(keys).values(hash=digest(secret), user_id=user_id, **values))
        detail |= {"key": key.id, "name": key.name, "scopes": list(key.scopes)}
        self._audit.note(connection, event, context, user_id=user_id, **detail)
        return secret, _key(values)

    def _notice(self, id: str, now: float) -> None:
        # A database that can only be read serves requests all the same.
        with contextlib.suppress(StoreUnavailable), self._store.write() as connection:
            connection.execute(update(keys).where(keys.c.id == id).values(used=now))


def new_secret() -> str:
    """Return the secret of a new key: 178 random bits and their checksum."""
    letters = "".join(secrets.choice(BASE62) for _ in range(30))
    return f"mp_{letters}{checksum(letters)}"


def checksum(letters: str) -> str:
    """Return the CRC-32 of *letters* as six digits of base 62 (0-9, A-Z, a-z)."""
    number, digits = zlib.crc32(letters.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def is_well_formed(secret: str) -> bool:
    """Whether *secret* has the form of a key, checksum included. Such a key may be revoked, or never have existed."""
    return KEY.fullmatch(secret) is not None and checksum(secret[3:33]) == secret[33:]


def check_name(name: str) -> str:
    """Return *name* as the name of a key or passkey, or raise Invalid."""
    if not 1 <= len(name.strip()) <= 64 or not name.isprintable():
        raise Invalid("name", "send 1 to 64 printable characters to recognise the key by")
    return name.strip()


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return *scopes* without repetitions, or raise Invalid."""
    found = tuple(dict.fromkeys(scopes))
    if not found or len(" ".join(found)) > MAX_SCOPES:
        most = f"in {MAX_SCOPES} characters at most"
        raise Invalid("scopes", f"scopes, {most}, are expected: each a service's name, or service:action")
    for scope in found:
        if not SCOPE.fullmatch(scope):
            raise Invalid("scopes", f"{scope[:40]!r} is not a scope; send a service's name, or service:action")
    return found


def covers(scopes: Iterable[str], wanted: str) -> bool:
    """Whether one of *scopes* is *wanted*, or the service that it belongs to."""
    return any(scope in (wanted, wanted.partition(":")[0]) for scope in scopes)


def refuse_more(has: Key, wanted: Key) -> None:
    """Raise Forbidden if *wanted* has a scope that *has* lacks, a higher rate or a longer life."""
    for scope in wanted.scopes:
        if not covers(has.scopes, scope):
            raise Forbidden(f"this key lacks the scope {scope!r}, so it cannot grant it")
    if _exceeds(wanted.rate, has.rate) or _exceeds(wanted.expires, has.expires):
        raise Forbidden("a key cannot grant a longer life or a higher rate than its own")


def _exceeds(wanted: float | None, limit: float | None) -> bool:
    return limit is not None and (wanted is None or wanted > limit)


def _one(user_id: int, id: str) -> Any:
    return select(keys).where(keys.c.id == id, keys.c.user_id == user_id).with_for_update()


def _key(row: Any) -> Key:
    return Key(**{name: row[name] for name in Key.__annotations__} | {"scopes": tuple(row["scopes"].split())})

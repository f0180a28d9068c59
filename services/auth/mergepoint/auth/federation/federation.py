"""Links between users and accounts at OpenID Connect providers. It knows no HTTP: it is given the claims."""

import contextlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from ..accounts import names
from ..accounts.accounts import Accounts
from ..accounts.pictures import check_address
from ..accounts.user import User, get, lock
from ..audit import Audit, RequestContext
from ..errors import Forbidden, Invalid, NotFound, Taken
from ..storage.schema import federated, users
from ..storage.store import Store


class Federation:
    """Finds, links and makes the users that subjects of providers stand for."""

    def __init__(self, store: Store, accounts: Accounts, audit: Audit, clock: Callable[[], float] = time.time) -> None:
        self._store, self._accounts, self._audit, self._clock = store, accounts, audit, clock

    def user(self, provider: str, claims: Mapping[str, Any], context: RequestContext, *, may_register: bool) -> User:
        """Return the user that the *claims* of an ID token are about, or raise Forbidden.

        An unknown subject is linked with the user of the same address, if both the provider and we have it proven;
        else it gets an account of its own, if it *may_register*.
        """
        if known := self._known(provider, _subject(claims)):
            return known
        if same := self._by_address(claims):
            return self.link(same, provider, claims, context)
        if not may_register:
            raise Forbidden("no user is linked with this account, and registration is closed; ask an administrator")
        return self._register(provider, claims, context)

    def link(self, user: User, provider: str, claims: Mapping[str, Any], context: RequestContext) -> User:
        """Link the subject of *claims* with *user*, who may then log in by it; raise Forbidden if it is linked."""
        subject = _subject(claims)
        with self._store.write() as connection:
            row = {"provider": provider, "subject": subject, "user_id": user.id, "created": self._clock()}
            try:
                connection.execute(insert(federated).values(row))
            except IntegrityError as error:
                raise Forbidden("this account is linked with another user; unlink it there first") from error
            self._audit.note(connection, "provider_linked", context, user_id=user.id, provider=provider)
        return user

    def linked(self, user_id: int) -> list[str]:
        """Return the providers by which a user may log in."""
        query = select(federated.c.provider).where(federated.c.user_id == user_id).order_by(federated.c.provider)
        with self._store.read() as connection:
            return list(connection.execute(query).scalars())

    def unlink(self, user: User, provider: str, context: RequestContext) -> None:
        """Remove the links of *user* with *provider*; raise Invalid if no other way to log in would be left."""
        mine = federated.c.user_id == user.id
        with self._store.write() as connection:
            lock(connection, user.id)
            password = connection.execute(select(users.c.password).where(users.c.id == user.id)).scalar()
            left = select(func.count()).select_from(federated).where(mine, federated.c.provider != provider)
            if password is None and not connection.execute(left).scalar_one():
                raise Invalid(
                    "provider", "this is your only way to log in; ask an administrator for a link to choose a password"
                )
            if not connection.execute(delete(federated).where(mine, federated.c.provider == provider)).rowcount:
                raise NotFound(f"no account at {provider!r} is linked with yours")
            self._audit.note(connection, "provider_unlinked", context, user_id=user.id, provider=provider)

    def _known(self, provider: str, subject: str) -> User | None:
        query = select(federated.c.user_id).where(federated.c.provider == provider, federated.c.subject == subject)
        with self._store.read() as connection:
            id = connection.execute(query).scalar()
            user = get(connection, id) if id is not None else None
        if user and user.disabled:
            raise Forbidden("this account is disabled")
        return user

    def _by_address(self, claims: Mapping[str, Any]) -> User | None:
        if (address := _proven_address(claims)) is None:
            return None
        query = select(users.c.id).where(
            users.c.email_key == names.email_key(address), users.c.email_proven.is_(True), users.c.disabled.is_(False)
        )
        with self._store.read() as connection:
            id = connection.execute(query).scalar()
            return get(connection, id) if id is not None else None

    def _register(self, provider: str, claims: Mapping[str, Any], context: RequestContext) -> User:
        name, address = _name(claims) or provider, _proven_address(claims)
        for number in range(1, 100):
            try:
                return self._accounts.create(
                    name if number == 1 else f"{name}-{number}",
                    context,
                    email=address,
                    email_proven=address is not None,
                    picture=_picture(claims),
                    identity=(provider, _subject(claims)),
                )
            except Taken as error:
                if known := self._known(provider, _subject(claims)):  # the same login was made twice at the same time
                    return known
                if error.field == "email":  # another user has it, unproven: that is no reason to link the accounts
                    address = None
        raise Forbidden("no name is free for this account; ask an administrator")


def _subject(claims: Mapping[str, Any]) -> str:
    """Return the subject of *claims*: at most 255 ASCII characters, compared exactly (OpenID Connect Core, 2)."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not re.fullmatch(r"[ -~]{1,255}", subject):
        raise Forbidden("the provider's answer has no valid subject")
    return subject


def _proven_address(claims: Mapping[str, Any]) -> str | None:
    address = claims.get("email")
    if not isinstance(address, str) or claims.get("email_verified") is not True:
        return None
    with contextlib.suppress(Invalid):
        return names.email(address)
    return None


def _name(claims: Mapping[str, Any]) -> str | None:
    """Return the first of the names in *claims* that is valid here."""
    for wish in (claims.get("preferred_username"), claims.get("name"), claims.get("nickname")):
        with contextlib.suppress(Invalid):
            return names.name(re.sub(r"[^\w.-]+", "-", str(wish or "").partition("@")[0])[:50].strip("-._"))
    return None


def _picture(claims: Mapping[str, Any]) -> str | None:
    try:
        return check_address(str(claims["picture"]))
    except (KeyError, Invalid):
        return None

"""Accounts at OpenID Connect providers: which user a subject is, and when it may become one's. It speaks no HTTP."""

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
    """Finds, links and makes users for subjects of providers."""

    def __init__(self, store: Store, accounts: Accounts, audit: Audit, clock: Callable[[], float] = time.time) -> None:
        self._store, self._accounts, self._audit, self._clock = store, accounts, audit, clock

    def user(self, provider: str, claims: Mapping[str, Any], context: RequestContext, *, may_register: bool) -> User:
        """Return who *claims* of an ID token are about, or raise Forbidden.

        Somebody new gets the account with the same address, if the provider and we both have seen it proven; else an
        account of their own, if they may register.
        """
        if known := self._known(provider, _subject(claims)):
            return known
        if same := self._by_address(claims):
            return self.link(same, provider, claims, context)
        if not may_register:
            raise Forbidden("nobody here is linked with this account, and registration is closed")
        return self._register(provider, claims, context)

    def link(self, user: User, provider: str, claims: Mapping[str, Any], context: RequestContext) -> User:
        """From now on whom *claims* are about may log in as *user*."""
        subject = _subject(claims)
        with self._store.write() as connection:
            row = {"provider": provider, "subject": subject, "user_id": user.id, "created": self._clock()}
            try:
                connection.execute(insert(federated).values(row))
            except IntegrityError as error:
                raise Forbidden("this account is linked with somebody else") from error
            self._audit.note(connection, "provider_linked", context, user_id=user.id, provider=provider)
        return user

    def linked(self, user_id: int) -> list[str]:
        """Return the providers by which a user may log in."""
        query = select(federated.c.provider).where(federated.c.user_id == user_id).order_by(federated.c.provider)
        with self._store.read() as connection:
            return list(connection.execute(query).scalars())

    def unlink(self, user: User, provider: str, context: RequestContext) -> None:
        """From now on *user* may not log in by *provider*; refused where nothing else would be left."""
        mine = federated.c.user_id == user.id
        with self._store.write() as connection:
            lock(connection, user.id)
            password = connection.execute(select(users.c.password).where(users.c.id == user.id)).scalar()
            left = select(func.count()).select_from(federated).where(mine, federated.c.provider != provider)
            if password is None and not connection.execute(left).scalar_one():
                raise Invalid(
                    "provider", "nothing else lets you in; have an administrator send you a link for a password"
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
                if known := self._known(provider, _subject(claims)):  # by the same login, made twice at the same time
                    return known
                if error.field == "email":  # somebody's who has not proven it: no reason to hand over either account
                    address = None
        raise Forbidden("no name is left for this account")


def _subject(claims: Mapping[str, Any]) -> str:
    """Who *claims* are about: at most 255 ASCII characters (OpenID Connect Core, section 2), compared as they are."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not re.fullmatch(r"[ -~]{1,255}", subject):
        raise Forbidden("the provider does not say who this is")
    return subject


def _proven_address(claims: Mapping[str, Any]) -> str | None:
    address = claims.get("email")
    if not isinstance(address, str) or claims.get("email_verified") is not True:
        return None
    with contextlib.suppress(Invalid):
        return names.email(address)
    return None


def _name(claims: Mapping[str, Any]) -> str | None:
    """The first name that is wished for and can be one here."""
    for wish in (claims.get("preferred_username"), claims.get("name"), claims.get("nickname")):
        with contextlib.suppress(Invalid):
            return names.name(re.sub(r"[^\w.-]+", "-", str(wish or "").partition("@")[0])[:50].strip("-._"))
    return None


def _picture(claims: Mapping[str, Any]) -> str | None:
    try:
        return check_address(str(claims["picture"]))
    except (KeyError, Invalid):
        return None

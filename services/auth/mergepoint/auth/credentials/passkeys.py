"""Passkeys (WebAuthn) as a second factor; py_webauthn verifies the signatures."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from ..accounts.user import User
from ..audit import Audit, RequestContext
from ..errors import Invalid, InvalidLogin, InvalidToken, NotFound
from ..signing.one_time_tokens import OneTimeTokens
from ..storage.schema import passkeys
from ..storage.store import Store
from .factors import Factors, drop_unused_codes
from .keys import check_name

MAX_PASSKEYS = 20  # of one user


@dataclass(frozen=True)
class Passkey:
    """A passkey, without its public key; times are in seconds since 1970."""

    id: str
    name: str
    created: float
    used: float | None

    @property
    def public(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "created": self.created, "used": self.used}


class Passkeys:
    """Registers and checks passkeys for *origin*, whose host is the relying party's id."""

    def __init__(
        self,
        store: Store,
        one_time_tokens: OneTimeTokens,
        factors: Factors,
        audit: Audit,
        *,
        origin: str,
        host: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._one_time_tokens, self._factors, self._audit = store, one_time_tokens, factors, audit
        self._origin, self._host, self._clock = origin, host, clock

    def begin(self, user: User) -> tuple[dict[str, Any], str]:
        """Return the options for ``navigator.credentials.create``, and a token for ``register``."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name="Mergepoint",
            user_name=user.name,
            user_id=f"user {user.id}".encode(),
            exclude_credentials=self._known(user.id),
        )
        return json.loads(options_to_json(options)), self._remember(user, options.challenge)

    def register(
        self, user: User, token: str, credential: dict[str, Any], name: str, context: RequestContext
    ) -> list[str]:
        """Store a passkey; return new recovery codes if it is the user's first second factor, else an empty list."""
        challenge = self._recall(user, token)
        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
            )
        except (WebAuthnException, ValueError, TypeError, LookupError, AttributeError) as error:
            raise Invalid("credential", "the browser's answer is not valid for this site; try again") from error
        values = {
            "id": secrets.token_hex(8),
            "credential": made.credential_id,
            "user_id": user.id,
            "public_key": made.credential_public_key,
            "sign_count": made.sign_count,
            "name": check_name(name),
            "created": self._clock(),
        }
        with self._store.write() as connection:
            if (
                len(connection.execute(select(passkeys.c.id).where(passkeys.c.user_id == user.id)).all())
                >= MAX_PASSKEYS
            ):
                raise Invalid("name", f"there are {MAX_PASSKEYS} passkeys already; remove one first")
            try:
                connection.execute(insert(passkeys).values(values))
            except IntegrityError as error:
                raise Invalid("credential", "this passkey is registered already") from error
            self._audit.note(connection, "passkey_added", context, user_id=user.id, passkey=values["id"])
            return [] if user.guarded else self._factors.recover(connection, user.id)

    def challenge(self, user: User) -> tuple[dict[str, Any], str]:
        """Return the options for ``navigator.credentials.get``, and a token for ``check``."""
        options = generate_authentication_options(rp_id=self._host, allow_credentials=self._known(user.id))
        return json.loads(options_to_json(options)), self._remember(user, options.challenge)

    def check(self, user: User, token: str, credential: dict[str, Any], context: RequestContext) -> None:
        """Raise InvalidLogin unless a passkey of *user* signed the challenge."""
        challenge = self._recall(user, token)
        try:
            self._use(user, challenge, credential, context)
        except InvalidLogin:
            self._audit.tell("passkey_refused", context, user_id=user.id)
            raise

    def _use(self, user: User, challenge: bytes, credential: dict[str, Any], context: RequestContext) -> None:
        with self._store.write() as connection:
            row = connection.execute(_one(user.id, credential)).first()
            try:
                if row is None:
                    raise InvalidLogin
                used = verify_authentication_response(
                    credential=credential,
                    expected_challenge=challenge,
                    expected_rp_id=self._host,
                    expected_origin=self._origin,
                    credential_public_key=row.public_key,
                    credential_current_sign_count=row.sign_count,
                )
            except (WebAuthnException, ValueError, TypeError, LookupError, AttributeError) as error:
                raise InvalidLogin from error
            values = {"sign_count": used.new_sign_count, "used": self._clock()}
            connection.execute(update(passkeys).where(passkeys.c.id == row.id).values(values))
            self._audit.note(connection, "passkey_used", context, user_id=user.id, passkey=row.id)

    def of(self, user_id: int) -> list[Passkey]:
        """Return the passkeys of a user, the oldest first."""
        columns = (passkeys.c.id, passkeys.c.name, passkeys.c.created, passkeys.c.used)
        with self._store.read() as connection:
            query = select(*columns).where(passkeys.c.user_id == user_id).order_by(passkeys.c.created)
            return [Passkey(**row._mapping) for row in connection.execute(query)]

    def remove(self, user: User, id: str, context: RequestContext) -> None:
        """Delete a passkey, or raise NotFound."""
        with self._store.write() as connection:
            query = delete(passkeys).where(passkeys.c.id == id, passkeys.c.user_id == user.id)
            if not connection.execute(query).rowcount:
                raise NotFound(f"no passkey has the id {id!r}")
            drop_unused_codes(connection, user.id)
            self._audit.note(connection, "passkey_removed", context, user_id=user.id, passkey=id)

    def _known(self, user_id: int) -> list[PublicKeyCredentialDescriptor]:
        with self._store.read() as connection:
            query = select(passkeys.c.credential).where(passkeys.c.user_id == user_id)
            return [PublicKeyCredentialDescriptor(id=id) for id in connection.execute(query).scalars()]

    def _remember(self, user: User, challenge: bytes) -> str:
        return self._one_time_tokens.sign("passkey", {"user": user.id, "challenge": bytes_to_base64url(challenge)})

    def _recall(self, user: User, token: str) -> bytes:
        values = self._one_time_tokens.redeem("passkey", token)
        if values["user"] != user.id:
            raise InvalidToken
        return base64url_to_bytes(str(values["challenge"]))


def _one(user_id: int, credential: dict[str, Any]) -> Any:
    try:
        id = base64url_to_bytes(str(credential.get("rawId")))
    except ValueError:
        id = b""
    return select(passkeys).where(passkeys.c.user_id == user_id, passkeys.c.credential == id).with_for_update()

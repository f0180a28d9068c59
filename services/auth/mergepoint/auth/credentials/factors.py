"""The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost."""

import base64
import secrets
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import Connection, delete, func, insert, select, update

from ..accounts.names import canonical
from ..accounts.user import User
from ..audit import Audit, RequestContext
from ..errors import Invalid, InvalidLogin, InvalidToken
from ..limits.throttle import NOTED, Rate, Throttle
from ..signing.seal import Seal
from ..signing.tokens import Tokens
from ..storage.hashing import digest
from ..storage.schema import passkeys, recovery_codes, users
from ..storage.store import Store

STEP = 30  # seconds for which a code is shown (RFC 6238, 5.2)
DRIFT = (0, -1, 1)  # steps by which the user's clock may differ
SETUP_SECONDS = 900
RECOVERY_CODES = 10
PAIR, ACCOUNT = Rate(5, 30.0), Rate(50, 10.0)  # of an account from one network, and from all; a code has six digits


class Factors:
    """Sets up and checks codes."""

    def __init__(
        self,
        store: Store,
        seal: Seal,
        tokens: Tokens,
        throttle: Throttle,
        audit: Audit,
        *,
        issuer: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._seal, self._tokens, self._throttle, self._audit = store, seal, tokens, throttle, audit
        self._issuer, self._clock = issuer, clock

    def begin(self, user: User) -> tuple[str, str, str]:
        """Return a new secret in base32, its otpauth URI, and a token by which ``confirm`` stores the secret."""
        secret = secrets.token_bytes(20)
        sealed = self._seal.close(secret).decode()
        return *self._describe(user, secret), self._tokens.sign("totp", {"user": user.id, "secret": sealed})

    def again(self, user: User, setup: str) -> tuple[str, str, str]:
        """Return what ``begin`` returned with the token *setup*, to try again after a wrong code."""
        return *self._describe(user, self._secret_of(user, setup)), setup

    def confirm(self, user: User, setup: str, code: str, context: RequestContext) -> list[str]:
        """Turn codes on, if *code* shows that the authenticator works; return recovery codes."""
        secret = self._secret_of(user, setup)
        step = self._step(secret, code)
        if step is None:
            raise Invalid("code", "this is not the current code; check the clock of the device and try again")
        with self._store.write() as connection:
            sealed = {"totp": self._seal.close(secret), "totp_step": step}
            connection.execute(update(users).where(users.c.id == user.id).values(sealed))
            self._audit.note(connection, "totp_enabled", context, user_id=user.id)
            return self.recover(connection, user.id)

    def remove(self, user: User, context: RequestContext) -> None:
        """Turn codes off. Recovery codes are deleted with the last factor."""
        with self._store.write() as connection:
            connection.execute(update(users).where(users.c.id == user.id).values(totp=None))
            drop_unused_codes(connection, user.id)
            self._audit.note(connection, "totp_disabled", context, user_id=user.id)

    def check(self, user: User, code: str, context: RequestContext) -> str:
        """Return the kind of the *code*, ``totp`` or ``recovery code``, or raise InvalidLogin. A code is good once."""
        with self._store.write() as connection:
            take = self._throttle.try_take
            pair = take(connection, f"code {user.id} {context.network}", PAIR)
            may_try = pair and take(connection, f"code {user.id}", ACCOUNT)
            if not may_try and take(connection, f"noted code {user.id} {context.network}", NOTED):
                self._audit.note(connection, "code_throttled", context, user_id=user.id)
        if not may_try:
            raise InvalidLogin
        with self._store.write() as connection:
            how = self._redeem_totp(connection, user.id, code) or self._redeem_recovery_code(connection, user.id, code)
            self._audit.note(connection, "code_accepted" if how else "code_refused", context, user_id=user.id, how=how)
        if how is None:
            raise InvalidLogin
        return how

    def new_recovery_codes(self, user: User, context: RequestContext) -> list[str]:
        """Replace the recovery codes and return the new ones."""
        with self._store.write() as connection:
            self._audit.note(connection, "recovery_codes_made", context, user_id=user.id)
            return self.recover(connection, user.id)

    def recover(self, connection: Connection, user_id: int) -> list[str]:
        """Replace the recovery codes of a user in this transaction; return them, since only hashes are stored."""
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
        rows = [{"hash": _hash(user_id, code), "user_id": user_id} for code in codes]
        connection.execute(insert(recovery_codes), rows)
        return codes

    def about(self, user_id: int) -> tuple[bool, int]:
        """Return whether codes are on, and how many recovery codes are left."""
        count = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user_id == user_id)
        with self._store.read() as connection:
            totp = connection.execute(select(users.c.totp).where(users.c.id == user_id)).scalar()
            return totp is not None, connection.execute(count).scalar_one()

    def _secret_of(self, user: User, setup: str) -> bytes:
        """Return the secret of a setup token."""
        values = self._tokens.unsign("totp", setup, seconds=SETUP_SECONDS)
        secret = self._seal.open(str(values["secret"]).encode())
        if values["user"] != user.id or secret is None:
            raise InvalidToken
        return secret

    def _describe(self, user: User, secret: bytes) -> tuple[str, str]:
        return base64.b32encode(secret).decode(), _totp(secret).get_provisioning_uri(user.name, self._issuer)

    def _redeem_totp(self, connection: Connection, user_id: int, code: str) -> str | None:
        query = select(users.c.totp, users.c.totp_step).where(users.c.id == user_id).with_for_update()
        row = connection.execute(query).first()
        secret = self._seal.open(row.totp) if row and row.totp else None
        step = self._step(secret, code) if secret else None
        if row is None or step is None or step <= row.totp_step:
            return None
        connection.execute(update(users).where(users.c.id == user_id).values(totp_step=step))
        return "totp"

    def _redeem_recovery_code(self, connection: Connection, user_id: int, code: str) -> str | None:
        query = delete(recovery_codes).where(recovery_codes.c.hash == _hash(user_id, code))
        return "recovery code" if connection.execute(query).rowcount else None

    def _step(self, secret: bytes, code: str) -> int | None:
        """Return the latest step that has this *code*; None if no step near now has it."""
        given, totp, now = canonical(code).replace(" ", ""), _totp(secret), int(self._clock()) // STEP
        for step in sorted((now + drift for drift in DRIFT), reverse=True):
            if secrets.compare_digest(totp.generate(step * STEP), given.encode(errors="surrogatepass")):
                return step
        return None


def drop_unused_codes(connection: Connection, user_id: int) -> None:
    """Delete the recovery codes of a user who has no second factor left."""
    totp = connection.execute(select(users.c.totp).where(users.c.id == user_id)).scalar()
    passkey = connection.execute(select(passkeys.c.id).where(passkeys.c.user_id == user_id)).first()
    if totp is None and passkey is None:
        connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, 6, SHA1(), STEP)  # SHA-1 and six digits: what every authenticator supports


def _recovery_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()  # 80 bits
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _hash(user_id: int, code: str) -> str:
    plain = "".join(letter for letter in canonical(code) if letter.isalnum())
    return digest(f"recovery {user_id} {plain}")

"""Links by which a user chooses a password, once and within a day."""

from sqlalchemy import Connection, select

from ..accounts.accounts import Accounts
from ..accounts.passwords import state_of
from ..accounts.user import Precondition, User, lock
from ..errors import InvalidToken
from ..signing.one_time_tokens import OneTimeTokens
from ..storage.schema import users


class PasswordLinks:
    """Makes links to *public_url*'s page for a password, and redeems them."""

    def __init__(self, accounts: Accounts, one_time_tokens: OneTimeTokens, public_url: str) -> None:
        self._accounts, self._one_time_tokens, self._public_url = accounts, one_time_tokens, public_url

    def create(self, user: User) -> str:
        """Return a link for *user*. It is good for nothing once the password is another one."""
        token = self._one_time_tokens.sign(
            "password", {"user": user.id, "state": state_of(self._accounts.password_of(user.id))}
        )
        return f"{self._public_url}/auth/password?token={token}"

    def redemption(self, token: str) -> Precondition:
        """Return a precondition that redeems the link's *token*, or raises InvalidToken.

        It also refuses links made for the same user at the same time as one that was redeemed: each is bound to the
        password of that moment.
        """

        def redeem(connection: Connection) -> None:
            values = self._one_time_tokens.redeem_in(connection, "password", token)
            lock(connection, int(values["user"]))
            password = connection.execute(select(users.c.password).where(users.c.id == values["user"])).scalar()
            if values["state"] != state_of(password):
                raise InvalidToken

        return redeem

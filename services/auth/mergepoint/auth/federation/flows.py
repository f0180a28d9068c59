"""Logins at a provider that are under way, each a signed token that the browser keeps meanwhile.

The nonce and the verifier are derived from the state and our secret, so that the token is small. It knows neither
cookies nor providers.
"""

import contextlib
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..base64url import encode
from ..errors import InvalidToken
from ..signing.tokens import Tokens

FLOW_SECONDS = 600  # that a user may take at the provider
MAX_FLOWS = 8  # at once in one browser
STATE = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class Flow:
    """A login at *provider*, begun *at* (milliseconds since 1970).

    *target* is where to go afterwards. *link* is the id of the session whose user is to be linked; empty for a login.
    """

    state: str
    provider: str
    target: str
    link: str
    at: int
    nonce: str
    verifier: str


class Flows:
    """Begins logins at providers, and finds them again by their states."""

    def __init__(self, tokens: Tokens, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._tokens, self._secret, self._clock = tokens, secret, clock

    def begin(self, provider: str, target: str, link: str, kept: Mapping[str, str]) -> tuple[Flow, str, list[str]]:
        """Return a flow, its token, and the states to forget of *kept*, the browser's tokens by states.

        To forget are invalid tokens, and the oldest ones if there are more than MAX_FLOWS.
        """
        others = self._good(kept)
        state = secrets.token_urlsafe(16)
        at = max([int(self._clock() * 1000), *(flow.at + 1 for flow in others)])
        values: dict[str, str | int] = {"s": state, "p": provider, "t": target, "l": link, "a": at}
        stay = {flow.state for flow in others[: MAX_FLOWS - 1]}
        return self._flow(values), self._tokens.sign("oidc", values), [old for old in kept if old not in stay]

    def find(self, state: str, token: str) -> Flow:
        """Return the flow with this state, or raise InvalidToken."""
        values = self._tokens.unsign("oidc", token, seconds=FLOW_SECONDS)
        if not STATE.fullmatch(state) or values["s"] != state:
            raise InvalidToken
        return self._flow(values)

    def newest(self, kept: Mapping[str, str]) -> Flow | None:
        """Return the flow of *kept*, tokens by states, that was begun last; None if none is valid."""
        return next(iter(self._good(kept)), None)

    def _good(self, kept: Mapping[str, str]) -> list[Flow]:
        """Return the valid flows of *kept*, the newest first."""
        found = []
        for state, token in kept.items():
            with contextlib.suppress(InvalidToken):
                found.append(self.find(state, token))
        return sorted(found, key=lambda flow: flow.at, reverse=True)

    def _flow(self, values: Mapping[str, str | int]) -> Flow:
        state = str(values["s"])
        return Flow(
            state, str(values["p"]), str(values["t"]), str(values["l"]), int(values["a"]),
            nonce=self._derive("nonce", state), verifier=self._derive("verifier", state),
        )  # fmt: skip

    def _derive(self, purpose: str, state: str) -> str:
        """Return 43 characters for *purpose*, the least that a verifier may have (RFC 7636, 4.1)."""
        key = hmac.digest(self._secret, f"{purpose} {state}".encode(), hashlib.sha256)
        return encode(key)

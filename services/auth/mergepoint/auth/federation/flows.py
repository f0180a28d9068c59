"""Logins at a provider that are under way: one for each *state*, as a token that the browser keeps meanwhile.

What must be unpredictable follows from the state and our secret, so that a token is small. It knows neither cookies nor
providers.
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

MINUTES = 600  # seconds that somebody may take at the provider
MOST = 8  # at once in one browser
STATE = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class Flow:
    """A login at *provider*, begun *at* a millisecond. *target* is where to go then; *link* is the session whose
    account is to be linked, if it is not for logging in."""

    state: str
    provider: str
    target: str
    link: str
    at: int
    nonce: str
    verifier: str


class Flows:
    """Begins logins at providers, and knows them again."""

    def __init__(self, tokens: Tokens, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._tokens, self._secret, self._clock = tokens, secret, clock

    def begin(self, provider: str, target: str, link: str, kept: Mapping[str, str]) -> tuple[Flow, str, list[str]]:
        """Return a flow, its token, and the states in *kept*, tokens by states, for which there is no place any longer:
        what is good for nothing, and the oldest.
        """
        others = self._good(kept)
        state = secrets.token_urlsafe(16)
        at = max([int(self._clock() * 1000), *(flow.at + 1 for flow in others)])
        values: dict[str, str | int] = {"s": state, "p": provider, "t": target, "l": link, "a": at}
        stay = {flow.state for flow in others[: MOST - 1]}
        return self._flow(values), self._tokens.sign("oidc", values), [old for old in kept if old not in stay]

    def find(self, state: str, token: str) -> Flow:
        """Return the flow with this state, or raise InvalidToken."""
        values = self._tokens.unsign("oidc", token, seconds=MINUTES)
        if not STATE.fullmatch(state) or values["s"] != state:
            raise InvalidToken
        return self._flow(values)

    def newest(self, kept: Mapping[str, str]) -> Flow | None:
        """Return the flow of *kept*, tokens by states, that was begun last."""
        return next(iter(self._good(kept)), None)

    def _good(self, kept: Mapping[str, str]) -> list[Flow]:
        """Return the flows of *kept*, the newest first."""
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
        """43 characters, as many as a verifier must have at least (RFC 7636, 4.1)."""
        made = hmac.digest(self._secret, f"{purpose} {state}".encode(), hashlib.sha256)
        return encode(made)

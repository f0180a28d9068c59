"""Calls of the auth service: the user, logging in, API keys, sessions, handovers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from .results import json_object
from .server import Answer

Kind = TypeVar("Kind")
Send = Callable[[str, str, Mapping[str, Any] | None], Answer]
"""A function from method, path and JSON to an answer. It sends a request that changes something once only."""


class Auth:
    """``client.auth``. A session's token serves as the *api_key* of a client, as a key does."""

    def __init__(self, send: Send, invalid: Callable[[Answer, str], Exception]) -> None:
        self._send = send
        self._invalid = invalid

    def me(self) -> dict[str, Any] | None:
        """Return the user whose key or session this client has, or None."""
        found = self._object("GET", "/auth/me")
        return found["user"] if isinstance(found.get("user"), dict) else None

    def check(self, key: str) -> bool:
        """Whether *key* has the form of an API key, checksum included; it may still be revoked."""
        return self._value("POST", "/auth/check", "well_formed", bool, {"key": key})

    def login(self, login: str, password: str) -> dict[str, Any]:
        """Return ``token``, ``user`` and ``second_factor``: whether `second_factor` must be called next."""
        return self._object("POST", "/auth/login", {"login": login, "password": password})

    def second_factor(self, code: str) -> dict[str, Any]:
        """Show a code of an authenticator, or a recovery code; return ``token`` and ``user``."""
        return self._object("POST", "/auth/second-factor/check", {"code": code})

    def logout(self) -> None:
        """End the session whose token this client has."""
        self._object("POST", "/auth/logout", {})

    def sessions(self) -> list[dict[str, Any]]:
        """Return the user's sessions: id, created, seen, address, agent, current."""
        return self._list("/auth/sessions", "sessions")

    def end_session(self, id: str) -> None:
        """End the session with this *id*."""
        self._object("DELETE", f"/auth/sessions/{_word(id)}")

    def end_sessions(self) -> int:
        """End all sessions but this one; return how many."""
        return self._value("DELETE", "/auth/sessions", "ended", int)

    def keys(self) -> list[dict[str, Any]]:
        """Return the user's API keys: id, name, hint, scopes, rate, created, expires, used."""
        return self._list("/auth/keys", "keys")

    def create_key(
        self, name: str, scopes: Iterable[str], *, rate: int | None = None, days: float | None = None
    ) -> dict[str, Any]:
        """Make a key; return its ``secret``, which cannot be shown again, and the ``key``. *rate* is requests a
        minute.
        """
        options = {"name": name, "scopes": list(scopes), "rate": rate, "days": days}
        return self._object("POST", "/auth/keys", {k: v for k, v in options.items() if v is not None})

    def rotate_key(self, id: str, *, overlap: float | None = None) -> dict[str, Any]:
        """Make a key's successor; the old one works for *overlap* seconds more (a day)."""
        return self._object("POST", f"/auth/keys/{_word(id)}/rotate", {} if overlap is None else {"overlap": overlap})

    def revoke_key(self, id: str) -> None:
        """Revoke the key with this *id*, at once."""
        self._object("DELETE", f"/auth/keys/{_word(id)}")

    def handover(self, audience: str) -> str:
        """Return a token that the program *audience* may redeem, once and within seconds."""
        return self._value("POST", "/auth/handover", "token", str, {"audience": audience})

    def redeem(self, token: str, audience: str) -> dict[str, Any]:
        """Redeem a handover; return the ``token`` of a new session, and the ``user``."""
        return self._object("POST", "/auth/handover/redeem", {"token": token, "audience": audience})

    def _object(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self._send(method, path, body)
        if not (found := json_object(answer.body)):
            raise self._invalid(answer, "no JSON object")
        return found

    def _value(
        self, method: str, path: str, name: str, kind: type[Kind], body: Mapping[str, Any] | None = None
    ) -> Kind:
        answer = self._send(method, path, body)
        found = json_object(answer.body).get(name)
        if not isinstance(found, kind):
            raise self._invalid(answer, f"no JSON with {name}")
        return found

    def _list(self, path: str, name: str) -> list[dict[str, Any]]:
        return self._value("GET", path, name, list)


def _word(id: str) -> str:
    """Return *id* if it has letters and digits only, as the service's have: nothing else may change the path."""
    if not id.isalnum() or not id.isascii():
        raise ValueError("an id has letters and digits only")
    return id

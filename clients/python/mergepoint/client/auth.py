"""Calls of the auth service: the user, logging in, API keys, sessions, handovers."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from .answers import Answers
from .calls import JSON, Call
from .methods import Make, made
from .results import json_object
from .server import Answer

Kind = TypeVar("Kind")


class AuthCalls:
    """The calls of ``client.auth``. One that changes something is sent once."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def me(self) -> Call[dict[str, Any] | None]:
        """Return the user whose key or session this client has, or None."""
        return self._call("GET", "/auth/me", self._user)

    def check(self, key: str) -> Call[bool]:
        """Whether *key* has the form of an API key, checksum included; it may still be revoked."""
        return self._value("POST", "/auth/check", "well_formed", bool, {"key": key})

    def login(self, login: str, password: str) -> Call[dict[str, Any]]:
        """Return ``token``, ``user`` and ``second_factor``: whether `second_factor` must be called next."""
        return self._object("POST", "/auth/login", {"login": login, "password": password})

    def second_factor(self, code: str) -> Call[dict[str, Any]]:
        """Show a code of an authenticator, or a recovery code; return ``token`` and ``user``."""
        return self._object("POST", "/auth/second-factor/check", {"code": code})

    def logout(self) -> Call[None]:
        """End the session whose token this client has."""
        return self._nothing("POST", "/auth/logout", {})

    def sessions(self) -> Call[list[dict[str, Any]]]:
        """Return the user's sessions: id, created, seen, address, agent, current."""
        return self._list("/auth/sessions", "sessions")

    def end_session(self, id: str) -> Call[None]:
        """End the session with this *id*."""
        return self._nothing("DELETE", f"/auth/sessions/{_word(id)}")

    def end_sessions(self) -> Call[int]:
        """End all sessions but this one; return how many."""
        return self._value("DELETE", "/auth/sessions", "ended", int)

    def keys(self) -> Call[list[dict[str, Any]]]:
        """Return the user's API keys: id, name, hint, scopes, rate, created, expires, used."""
        return self._list("/auth/keys", "keys")

    def create_key(
        self, name: str, scopes: Iterable[str], *, rate: int | None = None, days: float | None = None
    ) -> Call[dict[str, Any]]:
        """Make a key; return its ``secret``, which cannot be shown again, and the ``key``. *rate* is requests a
        minute.
        """
        options = {"name": name, "scopes": list(scopes), "rate": rate, "days": days}
        return self._object("POST", "/auth/keys", {k: v for k, v in options.items() if v is not None})

    def rotate_key(self, id: str, *, overlap: float | None = None) -> Call[dict[str, Any]]:
        """Make a key's successor; the old one works for *overlap* seconds more (a day)."""
        return self._object("POST", f"/auth/keys/{_word(id)}/rotate", {} if overlap is None else {"overlap": overlap})

    def revoke_key(self, id: str) -> Call[None]:
        """Revoke the key with this *id*, at once."""
        return self._nothing("DELETE", f"/auth/keys/{_word(id)}")

    def handover(self, audience: str) -> Call[str]:
        """Return a token that the program *audience* may redeem, once and within seconds."""
        return self._value("POST", "/auth/handover", "token", str, {"audience": audience})

    def redeem(self, token: str, audience: str) -> Call[dict[str, Any]]:
        """Redeem a handover; return the ``token`` of a new session, and the ``user``."""
        return self._object("POST", "/auth/handover/redeem", {"token": token, "audience": audience})

    def _object(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Call[dict[str, Any]]:
        return self._call(method, path, self._found, values)

    def _nothing(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Call[None]:
        def read(answer: Answer) -> None:
            self._found(answer)

        return self._call(method, path, read, values)

    def _list(self, path: str, name: str) -> Call[list[dict[str, Any]]]:
        return self._value("GET", path, name, list)

    def _value(
        self, method: str, path: str, name: str, kind: type[Kind], values: Mapping[str, Any] | None = None
    ) -> Call[Kind]:
        def read(answer: Answer) -> Kind:
            found = json_object(answer.body).get(name)
            if not isinstance(found, kind):
                raise self._answers.invalid(answer, f"no JSON with {name}")
            return found

        return self._call(method, path, read, values)

    def _call(
        self, method: str, path: str, read: Callable[[Answer], Kind], values: Mapping[str, Any] | None = None
    ) -> Call[Kind]:
        body = None if values is None else json.dumps(values).encode()
        return Call(method, path, read, body, JSON, once=method != "GET")

    def _found(self, answer: Answer) -> dict[str, Any]:
        if not (found := json_object(answer.body)):
            raise self._answers.invalid(answer, "no JSON object")
        return found

    def _user(self, answer: Answer) -> dict[str, Any] | None:
        user = self._found(answer).get("user")
        return user if isinstance(user, dict) else None


class Auth:
    """``client.auth``. A session's token serves as the *api_key* of a client, as a key does."""

    def __init__(self, make: Make, calls: AuthCalls) -> None:
        self._make, self._calls = make, calls

    me = made(AuthCalls.me)
    check = made(AuthCalls.check)
    login = made(AuthCalls.login)
    second_factor = made(AuthCalls.second_factor)
    logout = made(AuthCalls.logout)
    sessions = made(AuthCalls.sessions)
    end_session = made(AuthCalls.end_session)
    end_sessions = made(AuthCalls.end_sessions)
    keys = made(AuthCalls.keys)
    create_key = made(AuthCalls.create_key)
    rotate_key = made(AuthCalls.rotate_key)
    revoke_key = made(AuthCalls.revoke_key)
    handover = made(AuthCalls.handover)
    redeem = made(AuthCalls.redeem)


def _word(id: str) -> str:
    """Return *id* if it has letters and digits only, as the service's have: nothing else may change the path."""
    if not id.isalnum() or not id.isascii():
        raise ValueError("an id has letters and digits only")
    return id

"""Signed tokens for links, handovers and forms; their values are written by any serializer.

itsdangerous signs the serializer's output, so that nothing is loaded before its signature was verified.
"""

import functools
import hashlib
import time
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, Protocol

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from ..errors import InvalidToken

# Modules whose ``loads`` may run code: whoever learned the secret could take over the machine.
DANGEROUS = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}
MAX_LENGTH = 4096  # characters


class Serializer(Protocol):
    """An object like the modules json, msgpack and phpserialize."""

    def dumps(self, value: Any, /) -> str | bytes: ...
    def loads(self, data: Any, /) -> Any: ...


class DangerousSerializer(ValueError):
    """Loading with this serializer may run code."""

    code = "dangerous_serializer"

    def __init__(self, serializer: object) -> None:
        super().__init__(f"{serializer!r} can load more than plain data; use json, msgpack or the like")


class Tokens:
    """Signs small mappings for a *purpose*, and verifies them."""

    def __init__(self, secret: bytes, serializer: Serializer, *, clock: Callable[[], float] = time.time) -> None:
        refuse_dangerous(serializer)

        class Signer(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(clock())

        self._clock = clock
        self._serializers = functools.partial(
            URLSafeTimedSerializer,
            secret,
            serializer=serializer,
            signer=Signer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, purpose: str, values: Mapping[str, str | int]) -> str:
        """Return *values* as a token of URL-safe characters, valid for *purpose* only."""
        token = self._serializers(salt=f"mergepoint.auth.{purpose}").dumps(dict(values))
        return token.decode() if isinstance(token, bytes) else token

    def unsign(self, purpose: str, token: str, *, seconds: float) -> dict[str, str | int]:
        """Return the values of a *token* that we signed for *purpose* at most *seconds* ago, or raise InvalidToken."""
        if len(token) > MAX_LENGTH:
            raise InvalidToken
        try:
            loaded = self._serializers(salt=f"mergepoint.auth.{purpose}").loads(token, max_age=int(seconds))
        except (BadData, ValueError, TypeError, LookupError, RecursionError) as error:
            raise InvalidToken from error
        return {_text(name): _text(value) if isinstance(value, bytes) else value for name, value in loaded.items()}


def refuse_dangerous(serializer: Serializer) -> None:
    """Raise DangerousSerializer if *serializer* is known to run code, or loads anything but plain data."""
    parts = (serializer, type(serializer), getattr(serializer, "dumps", None), getattr(serializer, "loads", None))
    if any(_module_of(part) in DANGEROUS for part in parts):
        raise DangerousSerializer(serializer)
    for canary in (_Canary(), refuse_dangerous.__code__):  # finds such a serializer by any name and in any wrapper
        try:
            loaded = serializer.loads(serializer.dumps(canary))
        except Exception:  # as expected of plain data; each serializer has exceptions of its own
            continue
        if isinstance(loaded, _Canary | CodeType):
            raise DangerousSerializer(serializer)


class _Canary:
    """An object that no serializer of plain data can load."""


def _module_of(part: object) -> str:
    while isinstance(part, functools.partial):
        part = part.func
    module = getattr(part, "__module__", None) or getattr(part, "__name__", None) or ""
    owner = getattr(part, "__self__", None)
    if isinstance(owner, type(functools)):
        module = owner.__name__
    name = part.__name__ if isinstance(part, type(functools)) else module
    return str(name).partition(".")[0]


def _text(value: Any) -> Any:
    """Return *value* as text: serializers such as PHP's return bytes."""
    return value.decode() if isinstance(value, bytes) else value

"""Tokens: any serializer of plain data will do, none can be forged, and what could run code is refused."""

import functools
import importlib
import json
import pickle
import types
from typing import Any

import msgpack
import pytest
from itsdangerous import URLSafeTimedSerializer

from mergepoint.auth import Auth, DangerousSerializer, Store, Tokens
from mergepoint.auth.errors import InvalidToken
from tests.auth.visitors import HERE, Clock, make

SECRET = b"s" * 32
VALUES = {"user": 7, "audience": "game", "name": "Ädä"}


class PHP:
    """As phpserialize: bytes both ways, strings come back as bytes."""

    @staticmethod
    def dumps(value: Any) -> bytes:
        pairs = b"".join(PHP._one(key) + PHP._one(item) for key, item in value.items())
        return b"a:%d:{%s}" % (len(value), pairs)

    @staticmethod
    def loads(data: bytes) -> dict[bytes, Any]:
        rest, items = data[data.index(b"{") + 1 : -1], []
        while rest:
            kind, _, rest = rest.partition(b":")
            if kind == b"i":
                number, _, rest = rest.partition(b";")
                items.append(int(number))
            elif kind == b"s":
                size, _, rest = rest.partition(b":")
                items.append(rest[1 : int(size) + 1])
                rest = rest[int(size) + 3 :]
            else:
                raise ValueError(kind)
        return dict(zip(items[::2], items[1::2], strict=True))

    @staticmethod
    def _one(value: Any) -> bytes:
        if isinstance(value, int):
            return b"i:%d;" % value
        if not isinstance(value, str):
            raise TypeError(type(value))
        data = value.encode()
        return b's:%d:"%s";' % (len(data), data)


SERIALIZERS = [json, msgpack, PHP, PHP()]


@pytest.fixture(params=SERIALIZERS, ids=["json", "msgpack", "php class", "php object"])
def serializer(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_every_serializer_brings_back_the_same(serializer: Any, clock: Clock) -> None:
    tokens = Tokens(SECRET, serializer, clock=clock)
    token = tokens.sign("test", VALUES)
    assert token.isascii()
    assert tokens.unsign("test", token, seconds=10) == VALUES


def test_no_serializer_takes_the_signature_away(serializer: Any, clock: Clock) -> None:
    tokens = Tokens(SECRET, serializer, clock=clock)
    token = tokens.sign("test", VALUES)
    forged = Tokens(b"x" * 32, serializer, clock=clock).sign("test", VALUES)
    payload, *rest = token.rsplit(".", 2)
    other = Tokens(SECRET, serializer, clock=clock).sign("test", {**VALUES, "user": 1}).rsplit(".", 2)[0]
    unsigned = URLSafeTimedSerializer("", serializer=serializer).dumps(VALUES)
    bad = [
        forged,
        ".".join([other, *rest]),
        payload,
        token[:-1],
        "",
        ".",
        "..",
        token + "A",
        token.upper(),
        str(unsigned),
    ]
    for forgery in bad:
        with pytest.raises(InvalidToken):
            tokens.unsign("test", forgery, seconds=10)


def test_a_token_is_for_one_purpose_and_some_time(serializer: Any, clock: Clock) -> None:
    tokens = Tokens(SECRET, serializer, clock=clock)
    token = tokens.sign("test", VALUES)
    with pytest.raises(InvalidToken):
        tokens.unsign("another", token, seconds=10)
    clock.pass_(11)
    with pytest.raises(InvalidToken):
        tokens.unsign("test", token, seconds=10)


def test_nothing_is_loaded_before_the_signature_is_checked(clock: Clock) -> None:
    loaded: list[object] = []
    watching = types.SimpleNamespace(dumps=json.dumps, loads=lambda data: loaded.append(data) or json.loads(data))
    tokens = Tokens(SECRET, watching, clock=clock)
    forged = Tokens(b"x" * 32, json, clock=clock).sign("test", VALUES)
    loaded.clear()
    with pytest.raises(InvalidToken):
        tokens.unsign("test", forged, seconds=10)
    assert loaded == []


@pytest.mark.parametrize("name", ["pickle", "_pickle", "marshal", "shelve"])
def test_modules_that_run_code_are_refused(name: str) -> None:
    with pytest.raises(DangerousSerializer):
        Tokens(SECRET, importlib.import_module(name))


@pytest.mark.parametrize("name", ["dill", "cloudpickle", "jsonpickle"])
def test_others_that_run_code_are_refused_by_name(name: str) -> None:
    with pytest.raises(DangerousSerializer):
        Tokens(SECRET, types.ModuleType(name))  # type: ignore[arg-type]


class Wrapped:
    def dumps(self, value: object) -> bytes:
        return pickle.dumps(value)

    def loads(self, data: bytes) -> Any:
        return pickle.loads(data)


@pytest.mark.parametrize(
    "disguised",
    [
        types.SimpleNamespace(dumps=pickle.dumps, loads=pickle.loads),
        types.SimpleNamespace(dumps=functools.partial(pickle.dumps, protocol=2), loads=functools.partial(pickle.loads)),
        types.SimpleNamespace(dumps=json.dumps, loads=pickle.loads),
        Wrapped(),
    ],
)
def test_what_runs_code_is_refused_in_disguise(disguised: Any) -> None:
    with pytest.raises(DangerousSerializer):
        Tokens(SECRET, disguised)


def test_the_service_works_with_each(serializer: Any, store: Store, tmp_path: Any, clock: Clock, cheap: Any) -> None:
    auth = Auth(store, tmp_path, "http://localhost", serializer=serializer, passwords=cheap, clock=clock)
    user = make(auth)
    token = auth.password_link(user).partition("token=")[2]
    assert auth.one_time_tokens.redeem("password", token)["user"] == user.id
    with pytest.raises(InvalidToken):
        auth.one_time_tokens.redeem("password", token)
    _, _, setup = auth.factors.begin(user)
    with pytest.raises(ValueError):
        auth.factors.confirm(user, setup, "000000", HERE)

"""The auth service on both databases: everything that needs a database runs on SQLite and on PostgreSQL."""

import os
import pathlib
import shutil
from collections.abc import Iterator

import pytest
from flask import Flask

from mergepoint.auth import Auth, Store
from mergepoint.auth.accounts.passwords import Passwords
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.databases import Databases, databases
from tests.auth.place import Place
from tests.auth.visitors import Browser, Clock
from tests.servers import missing


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    yield from databases(request.param, tmp_path_factory.mktemp("databases"))


@pytest.fixture
def clock() -> Clock:
    """A clock that the test sets."""
    return Clock()


@pytest.fixture
def store(server: Databases) -> Iterator[Store]:
    store = Store(server.clean())
    yield store
    store.close()


@pytest.fixture(scope="session")
def cheap() -> Passwords:
    """Hashes that cost next to nothing."""
    return Passwords(memory_kib=64, passes=1)


@pytest.fixture
def auth(store: Store, tmp_path: pathlib.Path, clock: Clock, cheap: Passwords) -> Auth:
    """The core, with a database of its own."""
    auth = Auth(store, tmp_path / "state", "http://localhost", passwords=cheap, clock=clock)
    auth.login.pad_refusal = lambda began: None  # type: ignore[method-assign]
    return auth


@pytest.fixture
def evenly(auth: Auth) -> Auth:
    """With its refusals evened out, as shipped."""
    del auth.login.pad_refusal
    return auth


@pytest.fixture
def app(auth: Auth, tmp_path: pathlib.Path) -> Flask:
    return create_app(Settings(state=tmp_path / "state", public_url="http://localhost", registration="open"), auth)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture(scope="session")
def nginx_present() -> None:
    if not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        missing("nginx is not installed")


@pytest.fixture(scope="session")
def place(nginx_present: None, server: Databases) -> Iterator[Place]:
    place = Place(server.new()).start()
    yield place
    place.stop()

"""The jobs service on both databases, with a clock that tests set, and with real programs."""

import pathlib
from collections.abc import Iterator

import pytest

from mergepoint.jobs import Engine, Jobs, Store
from mergepoint.jobs.queue.acceptance import Limits
from tests.auth.databases import Databases, databases
from tests.jobs.door import Door, new_door
from tests.jobs.queues import Clock
from tests.nginx.conftest import nginx_present as nginx_present


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the queue ask about both databases; those of programs and routes do in `make test-long`."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if item.path.name in (*PROGRAMS, *ONE_DATABASE) and parameters.get("server") == "postgresql":
            item.add_marker(pytest.mark.long)
        if parameters.get("kind", "worker") != "worker":  # of test_chaos.py
            item.add_marker(pytest.mark.long)


ONE_DATABASE = ("test_callbacks.py", "test_callback_routes.py")  # what these ask differs by no database
PROGRAMS = ("test_programs.py", "test_callback_programs.py", "test_chaos.py")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    yield from databases(request.param, tmp_path_factory.mktemp("databases"), Store)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(server: Databases) -> Iterator[Store]:
    store = Store(server.new())
    yield store
    store.close()


@pytest.fixture
def jobs(store: Store, tmp_path: pathlib.Path, clock: Clock) -> Jobs:
    return Jobs(store, tmp_path / "state", limits=Limits(), clock=clock)


@pytest.fixture
def engine(store: Store, tmp_path: pathlib.Path, clock: Clock) -> Engine:
    return Engine(store, tmp_path / "state", "one", concurrency=lambda _service: 100, clock=clock)


@pytest.fixture
def other(store: Store, tmp_path: pathlib.Path, clock: Clock) -> Engine:
    """The engine of another worker."""
    return Engine(store, tmp_path / "state", "other", concurrency=lambda _service: 100, clock=clock)


@pytest.fixture
def door() -> Iterator[Door]:
    """What stands for nginx's door: a server on a Unix socket that the test tells what to answer."""
    yield from new_door()

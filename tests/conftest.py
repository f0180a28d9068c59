"""What tests of all services share: the highlight service as a WSGI application, and under a real gunicorn.

Before any of them, a sample tells whether the engine still agrees with the Pygments that is installed.
"""

from collections.abc import Iterator

import pytest
from _pytest.nodeid import NodeId
from flask import Flask
from flask.testing import FlaskClient

from mergepoint.highlight.config import Settings
from mergepoint.highlight.web import create_app
from tests.highlight.engine.sample import disagreement
from tests.live.suite import Suite
from tests.servers import Gunicorn, need
from tests.suite.running import Command

# Tests that share what is costly to start stay in one process of pytest-xdist; the others stay with their file.
SHARED = {
    "suite": "suite",
    "live_url": "suite",
    "make_gateway": "gateway",
    "place": "place",
    "one_process": "one_process",
    "site": "site",
    "verbatim": "verbatim",
    "whole": "whole",
}

# Files that take minutes, so that a process runs only those of their tests that are about one database.
DIVIDED = ("test_chaos.py",)

# What these look for is above the database, and takes long: `make test` asks about one of them.
ONE_DATABASE = ("test_never_500.py", "test_login.py", "test_load.py")


def pytest_sessionstart(session: pytest.Session) -> None:
    of_many = hasattr(session.config, "workerinput")  # a process of pytest-xdist: the first one has looked
    if not of_many and (complaint := disagreement()):
        pytest.exit(complaint, returncode=1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest: list[pytest.Item] = []
    of_shared: list[pytest.Item] = []
    of_files: list[pytest.Item] = []
    for item in items:
        shared = [group for fixture, group in SHARED.items() if fixture in getattr(item, "fixturenames", ())]
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        divided = item.path.name in DIVIDED
        stay_together(item, shared[0] if shared else item.location[0] + divided * str(parameters.get("server", "")))
        (of_shared if shared else longest if divided else of_files).append(item)
        whole = "place" in shared or item.path.name in ONE_DATABASE
        if whole and parameters.get("server") == "postgresql":
            item.add_marker(pytest.mark.long)  # tests below HTTP ask about both databases
    # The largest groups first, or one process would still have its own when others end.
    items[:] = longest + of_shared + of_files


def stay_together(item: pytest.Item, group: str) -> None:
    """Let one process of pytest-xdist run all tests of *group*.

    It reads the group from the name of a test, which xdist 3.8 tries to change where pytest 9.2 does not look any more:
    without this, each process starts the servers of nearly every file.
    """
    if item.config.getoption("loadgroup", False):
        item._id = NodeId.parse(f"{item.nodeid}@{group}")


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    """The highlight service with its default settings."""
    app = create_app(Settings())
    yield app
    app.extensions["sandbox"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def highlight_server() -> Iterator[Gunicorn]:
    """The highlight service as shipped: gunicorn with its configuration, on a port of its own."""
    server = Gunicorn("highlight").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """nginx, gunicorn and the services, as `make run` starts them, without limits per address."""
    need("setpriv")
    suite = Suite(MERGEPOINT_LIMITS="off").start()
    yield suite
    suite.stop()


@pytest.fixture(scope="session")
def one_process() -> Iterator[Command]:
    """``python -m mergepoint.suite`` with all services, and the application of tests/suite/toys.py below /toys."""
    command = Command("--mount", "/toys=tests.suite.toys:application", AUTH_REGISTRATION="open").start()
    yield command
    command.stop()

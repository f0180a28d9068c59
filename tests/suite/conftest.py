"""The suite in this process, and as the command line starts it."""

from collections.abc import Iterator

import pytest

from mergepoint.suite.application import Suite
from tests.suite.running import Command


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """All services as one application, with accounts of its own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTH_STATE", str(tmp_path_factory.mktemp("auth")))
        whole = Suite()
    yield whole
    whole.close()


@pytest.fixture(scope="session")
def one_process() -> Iterator[Command]:
    """``python -m mergepoint.suite`` with all services, and the application of tests/suite/toys.py below /toys."""
    command = Command("--mount", "/toys=tests.suite.toys:application", AUTH_REGISTRATION="open").start()
    yield command
    command.stop()

"""The suite in this process."""

from collections.abc import Iterator

import pytest

from mergepoint.suite.application import Suite


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """All services as one application, with accounts of its own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTH_STATE", str(tmp_path_factory.mktemp("auth")))
        whole = Suite()
    yield whole
    whole.close()

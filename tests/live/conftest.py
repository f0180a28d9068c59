"""One suite for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.live.suite import Suite
from tests.servers import need


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """nginx, gunicorn and the services, as `make run` starts them, without limits per address."""
    need("setpriv")
    suite = Suite(MERGEPOINT_LIMITS="off").start()
    yield suite
    suite.stop()

"""A server for the cases: the whole suite, unless MERGEPOINT_CONTRACT_URL names one that runs already."""

import os
from collections.abc import Iterator

import pytest

from tests.live.suite import Suite
from tests.servers import need


@pytest.fixture(scope="session")
def live_url() -> Iterator[str]:
    if url := os.environ.get("MERGEPOINT_CONTRACT_URL"):
        yield url.rstrip("/")
        return
    need("setpriv")
    suite = Suite(MERGEPOINT_LIMITS="off").start()
    yield suite.url
    suite.stop()

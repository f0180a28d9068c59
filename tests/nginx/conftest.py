"""Starts nginx for these tests. Without nginx on the machine they are skipped; on CI that is an error."""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.nginx.gateway import Gateway


@pytest.fixture(scope="session")
def nginx_present() -> None:
    if not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        if os.environ.get("CI"):
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")


@pytest.fixture(scope="session")
def make_gateway(nginx_present: None) -> Iterator[Callable[..., Gateway]]:
    """Return a function that starts a gateway with the given files and environment; all are stopped at the end."""
    started: list[Gateway] = []

    def make(**options: Any) -> Gateway:
        run = pathlib.Path(tempfile.mkdtemp(prefix="mp"))  # short, for the sockets
        run.chmod(0o755)  # nginx's workers are somebody else when we are root
        gateway = Gateway(run, **options)
        started.append(gateway)
        gateway.start()
        return gateway

    yield make
    for gateway in started:
        gateway.stop()
        shutil.rmtree(gateway.run)


@pytest.fixture(scope="session")
def gateway(make_gateway: Callable[..., Gateway]) -> Gateway:
    """The suite without limits."""
    return make_gateway(MERGEPOINT_LIMITS="off")

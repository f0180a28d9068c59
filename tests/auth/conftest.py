"""The auth service on both databases: everything that needs a database runs on SQLite and on PostgreSQL."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.auth.place import Place
from tests.servers import missing


@pytest.fixture(scope="session")
def nginx_present() -> None:
    if not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        missing("nginx is not installed")


@pytest.fixture(scope="session")
def place(nginx_present: None) -> Iterator[Place]:
    place = Place().start()
    yield place
    place.stop()

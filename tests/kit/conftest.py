"""Sources on loopback, for the tests of this folder."""

import ssl
from collections.abc import Callable, Iterator

import pytest

from tests.kit.sources import Respond, Server


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answer: Respond | bytes, **options: ssl.SSLContext) -> Server:
        servers.append(Server(answer, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()

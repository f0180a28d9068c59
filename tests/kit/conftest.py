"""Sources on loopback and sandboxes, for the tests of this folder."""

import ssl
from collections.abc import Callable, Iterator

import pytest

from mergepoint.kit.sandbox import Sandbox
from tests.kit.sources import Respond, Server
from tests.kit.toys import MakeSandbox, toy


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answer: Respond | bytes, **options: ssl.SSLContext) -> Server:
        servers.append(Server(answer, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def make() -> Iterator[MakeSandbox]:
    made: list[Sandbox] = []

    def make(function: Callable[[bytes], bytes] = toy, **options: object) -> Sandbox:
        made.append(Sandbox(function, **options))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.close()


@pytest.fixture
def sandbox(make: MakeSandbox) -> Sandbox:
    """A sandbox whose calls may wait, for tests on a busy machine."""
    return make(wait=20)


@pytest.fixture
def single(make: MakeSandbox) -> Sandbox:
    return make(children=1)

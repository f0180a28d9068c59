"""Programs and peers that end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.zeromq.programs import Folder, House, Peer, Program


@pytest.fixture(scope="module")
def folder() -> Iterator[Folder]:
    folder = Folder()
    yield folder
    folder.remove()


@pytest.fixture(scope="module")
def served(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    program = Program(tmp_path_factory.mktemp("log"), "serve", "highlight", "--bind", folder.address("h"))
    yield program
    program.end()


@pytest.fixture
def peer(served: Program, folder: Folder) -> Iterator[Peer]:
    peer = Peer(folder.address("h"))
    yield peer
    peer.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Return a function that starts a program, which ends with the test."""
    programs: list[Program] = []

    def start(*words: str, **more: str) -> Program:
        programs.append(Program(tmp_path, *words, **more))
        return programs[-1]

    yield start
    for program in reversed(programs):
        program.end()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A broker, and workers as the test wants them."""
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.close()

"""Every contract case over ZeroMQ: by a server and by a broker, through both clients. The same bytes each time."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mergepoint.client.zeromq import Client
from tests.contract.faces import client_face
from tests.contract.runner import Case, Face, check, load
from tests.kit.zeromq.programs import Folder, House, Program
from tests.servers import ROOT, need

CASES = [case for case in load() if case.call != "thumbnail_url"]  # which HTTP alone serves
SERVICES = sorted({case.service for case in CASES})
RUBY = ROOT / "clients/ruby"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("auth", "jobs"):
            environment.setenv(f"{name.upper()}_STATE", str(tmp_path_factory.mktemp(name)))
        yield


@pytest.fixture(scope="module")
def brokered(state: None, house: House) -> Iterator[Face]:
    house.have(**dict.fromkeys(SERVICES, 1))
    with Client(house.address, timeout=30) as client:
        yield client_face(client)


class Faces:
    """A server of each service, as it is asked for."""

    def __init__(self, log: Path) -> None:
        self._folder, self._log = Folder(), log
        self._programs: dict[str, tuple[Program, Client]] = {}

    def of(self, service: str) -> Face:
        if service not in self._programs:
            address = self._folder.address(service)
            program = Program(self._log, "serve", service, "--bind", address)
            self._programs[service] = program, Client(address, timeout=30)
        return client_face(self._programs[service][1])

    def close(self) -> None:
        for program, client in self._programs.values():
            client.close()
            program.end()
        self._folder.remove()


@pytest.fixture(scope="module")
def served_each(state: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faces]:
    faces = Faces(tmp_path_factory.mktemp("serve"))
    yield faces
    faces.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_by_a_broker_and_its_workers(brokered: Face, case: Case) -> None:
    check(case, brokered)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=str)
def test_by_a_server(served_each: Faces, case: Case) -> None:
    check(case, served_each.of(case.service))


@pytest.mark.parametrize("service", [pytest.param(name, marks=[pytest.mark.long] * (name != "htmldiff"))
                                     for name in SERVICES])  # fmt: skip
def test_by_the_ruby_client_over_debians_libzmq(brokered: Face, house: House, service: str) -> None:
    need("ruby")
    command = ["ruby", f"-I{RUBY / 'lib'}", "-rmergepoint/zeromq", RUBY / "test/contract_runner.rb", house.address]
    done = subprocess.run(
        [*command, ROOT / f"tests/contract/{service}.json"],
        env={**os.environ, "PIXELS": f"{sys.executable} -m tests.contract.pixels"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_program_of_the_merge_points_is_answered(brokered: Face, house: House) -> None:
    text = (ROOT / "docs/merge-points.md").read_text().partition("## ZeroMQ")[2]
    [program] = re.findall(r"```python\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)
    done = subprocess.run([sys.executable, "-c", program, house.address], capture_output=True, text=True, timeout=30)
    assert '<div class="highlight">' in done.stdout, done.stderr

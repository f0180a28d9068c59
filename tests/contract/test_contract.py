"""Every contract case through every face that speaks HTTP: the same bytes each time."""

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mergepoint.client import AsyncClient, AsyncJob, Client
from tests.contract.faces import Awaited, called, cli_face, client_face, http_face, live, process, wsgi
from tests.contract.runner import Case, check, load
from tests.long import some

ROOT = Path(__file__).parents[2]
RUBY = ROOT / "clients" / "ruby"
CASES = pytest.mark.parametrize("case", load(), ids=str)
# Those that run later; a link is made by the client alone.
PURE = [case for case in load("highlight", "htmldiff", "thumbnail") if case.call != "thumbnail_url"]


@pytest.fixture(scope="module")
def python_client(live_url):
    with Client(live_url) as client:
        yield client


@CASES
def test_wsgi(case: Case, apps):
    check(case, http_face(wsgi(apps(case.service))))


@CASES
def test_command_line(case: Case):
    check(case, cli_face(called))


@pytest.mark.parametrize("case", {case.service: case for case in load()}.values(), ids=lambda case: case.service)
def test_command_line_as_a_process(case: Case):
    check(case, cli_face(process))


@CASES
def test_nginx(case: Case, live_url):
    check(case, http_face(live(live_url)))


@CASES
def test_python_client(case: Case, python_client):
    check(case, client_face(python_client))


@pytest.fixture(scope="module")
def asynchronous_client(live_url):
    with asyncio.Runner() as loop:
        client = AsyncClient(live_url)
        yield Awaited(client, loop)
        loop.run(client.close())


@CASES
def test_asynchronous_client(case: Case, asynchronous_client):
    check(case, client_face(asynchronous_client))


class Soon:
    """A client whose calls are jobs."""

    def __init__(self, later: Any, result: Callable[[Any], Any]) -> None:
        self._later, self._result = later, result

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *words, **options: self._result(getattr(self._later, name)(*words, **options))


@pytest.mark.parametrize("case", some(PURE, always=PURE[::12]), ids=str)
def test_later(case: Case, python_client):
    check(case, client_face(Soon(python_client.later, lambda job: job.result(60))))


@pytest.mark.parametrize("case", some(PURE, always=PURE[::60]), ids=str)
def test_later_by_the_asynchronous_client(case: Case, asynchronous_client):
    def result(job: AsyncJob[Any]) -> Any:
        return Awaited(job, asynchronous_client.loop).result(60)

    check(case, client_face(Soon(asynchronous_client.later, result)))


@pytest.mark.skipif(not shutil.which("ruby"), reason="ruby is not installed")
def test_ruby_client(live_url):
    command = ["ruby", "-w", f"-I{RUBY / 'lib'}", RUBY / "test" / "contract_runner.rb", live_url]
    pixels = {**os.environ, "PIXELS": shlex.join([sys.executable, "-m", "tests.contract.pixels"])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT, env=pixels)
    assert done.returncode == 0, done.stdout + done.stderr

"""examples/three_frameworks: three frameworks as one application, by Python and by PasteDeploy."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.servers import ROOT, Connection, Reply, free_port, wait_for

EXAMPLE = ROOT / "examples" / "three_frameworks"
PARTS = sorted(path.parent for path in EXAMPLE.glob("*/pyproject.toml"))
PATH = os.pathsep.join(map(str, [EXAMPLE, *PARTS]))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Running:
    """A command of the example, on a port."""

    def __init__(self, port: int, folder: pathlib.Path) -> None:
        self.port, self.folder = port, folder

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        connection = Connection(self.port)
        with contextlib.closing(connection):
            return connection.request(method, target, body, headers)


@contextlib.contextmanager
def running(folder: pathlib.Path, *command: str) -> Iterator[Running]:
    port = free_port()
    environment = {
        **os.environ, "PYTHONPATH": PATH, "PORT": str(port), "NOTES": str(folder / "notes.db"),
        "AUTH_STATE": str(folder / "auth"), "AUTH_FIRST_ADMIN": "admin",
    }  # fmt: skip
    words = [word.replace("PORT", str(port)) for word in command]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", *words], cwd=folder, env=environment, stdout=log, stderr=log
        )
    here = Running(port, folder)
    try:
        wait_for(lambda: process.poll() is not None or here.request("GET", "/").status < 500, seconds=60)
        assert process.poll() is None, (folder / "log").read_text()[-3000:]
        yield here
    finally:
        process.terminate()
        process.wait(20)


GUNICORN = ("-m", "gunicorn", "--bind", "127.0.0.1:PORT", "--threads", "8", "--no-control-socket")
WAYS = {"python": (*GUNICORN, "merged:app"), "paste": (*GUNICORN, "--paste", str(EXAMPLE / "suite.ini"))}


@pytest.fixture(scope="module", params=["python", pytest.param("paste", marks=pytest.mark.long)])
def merged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("merged"), *WAYS[request.param]) as here:
        wait_for(lambda: here.request("GET", "/health").status == 200, seconds=90)  # sandboxes are prepared
        yield here


def test_all_share_one_user_and_one_database(merged: Running) -> None:
    password = (merged.folder / "auth/first-password").read_text().split()[1]
    body = json.dumps({"login": "admin", "password": password}).encode()
    login = merged.request("POST", "/auth/login", body, {"Content-Type": "application/json"})
    [cookie] = [value for value in login.headers.get_all("Set-Cookie", []) if value.startswith("mergepoint=")]
    session = {"Cookie": cookie.partition(";")[0]}
    for headers in (session, {}):
        assert merged.request("POST", "/write/", b"text=hello", {**FORM, **headers}).status == 303
    assert merged.request("GET", "/read").body == b"admin: hello\nnobody: hello\n"
    assert merged.request("GET", "/count/").json["notes"] == 2
    assert merged.request("GET", "/who/x", headers=session).json["user"] == "admin"
    assert merged.request("GET", "/who/x").json["user"] is None


def test_links_and_redirects_are_below_each_prefix(merged: Running) -> None:
    assert b'action="/write/"' in merged.request("GET", "/write/").body
    assert merged.request("POST", "/write/", b"text=x", FORM).headers["Location"] == "/write/"
    assert merged.request("GET", "/count/").json["code"] == "/count/highlight"
    assert merged.request("GET", "/who/x").json["here"].endswith("/who")


def test_one_application_is_the_response_of_anothers_view(merged: Running) -> None:
    assert merged.request("GET", "/write/read/").body == merged.request("GET", "/read").body
    code = "?language=python&code=x%3D1"
    assert merged.request("GET", f"/count/highlight{code}").body == merged.request("GET", f"/highlight{code}").body
    assert b'<span class="n">x</span>' in merged.request("GET", f"/highlight{code}").body


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_runs_alone(part: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with running(tmp_path, str(part / f"{part.name}.py")) as here:
        assert here.request("GET", "/").status == 200


@pytest.mark.long
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_is_installable(part: pathlib.Path, tmp_path: pathlib.Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(tmp_path),
    ]
    done = subprocess.run([*command, str(part)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{part.name}.py").is_file()


def test_it_is_less_than_200_lines() -> None:
    files = [*EXAMPLE.rglob("*.py"), *EXAMPLE.rglob("*.toml"), *EXAMPLE.glob("*.ini")]
    assert sum(len(file.read_text().splitlines()) for file in files if "build" not in file.parts) < 200


def test_the_readme_ends_with_what_is_lost() -> None:
    headings = [line for line in (EXAMPLE / "README.md").read_text().splitlines() if line.startswith("#")]
    assert headings[-1] == "## What is lost"

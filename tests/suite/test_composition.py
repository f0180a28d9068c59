"""The suite composes services and is none; its documents are true."""

import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from tests.servers import ROOT, Connection, free_port, wait_for

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_nothing_imports_it() -> None:
    others = [path for path in (ROOT / "services").rglob("*.py") if "suite" not in path.parts]
    assert not [path for path in others if re.search(r"(?:from|import) mergepoint\.suite\b", path.read_text())]


def test_it_is_no_service() -> None:
    assert not [*(ROOT / "nginx/services").glob("suite*")]
    assert "suite" not in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for file in ("nginx/upstreams.conf", "nginx/upstreams.compose.conf"):
        assert not re.search(r"\bsuite\b *[{;]", (ROOT / file).read_text())
    assert "def suite(" not in (ROOT / "clients/python/mergepoint/client/client.py").read_text()


@pytest.mark.parametrize("wanted", ["", "suite", "suite,highlight"])
def test_make_run_does_not_start_it(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner import services

    monkeypatch.setenv("MERGEPOINT_SERVICES", wanted)
    assert (ROOT / "services/suite/mergepoint/suite/web.py").exists()
    assert "suite" not in services.services()


def test_other_folders_are_linked_and_not_copied() -> None:
    package = ROOT / "services/suite/mergepoint/suite"
    assert (package / "gunicorn.conf.py").resolve() == ROOT / "services/gunicorn.conf.py"
    assert (package / "static").resolve() == ROOT / "nginx/static"


def programs() -> list[tuple[str, str]]:
    """The programs of docs/merge-points.md, each with the heading above it."""
    parts = re.split(r"^## ", (ROOT / "docs/merge-points.md").read_text(), flags=re.MULTILINE)
    return [(part.partition("\n")[0], text) for part in parts for kind, text in BLOCK.findall(part) if kind == "python"]


def test_each_merge_point_has_a_program() -> None:
    assert [name for name, _ in programs()] == ["WSGI", "HTTP", "ZeroMQ"]


def test_the_shortest_program_of_wsgi_works(tmp_path: pathlib.Path) -> None:
    port = free_port()
    program = dict(programs())["WSGI"].replace("8000", str(port))
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: Connection(port).request("GET", "/").body == b"home")
        assert Connection(port).request("GET", "/shop").body == b"nobody is at /shop"
    finally:
        process.terminate()
        process.wait(10)


def test_the_shortest_program_of_http_works(one_process: object) -> None:
    program = dict(programs())["HTTP"]
    live = program.replace("http://localhost:8080", one_process.url)  # type: ignore[attr-defined]
    done = subprocess.run([sys.executable, "-c", live], capture_output=True, text=True, timeout=30)
    assert '<div class="highlight">' in done.stdout, done.stderr
    gone = program.replace("8080", str(free_port()))
    done = subprocess.run([sys.executable, "-c", gone], capture_output=True, text=True, timeout=30)
    assert done.stdout == "<pre>print('hi')</pre>\n", done.stderr


@pytest.mark.long
def test_the_line_of_the_readme_installs_it(tmp_path: pathlib.Path) -> None:
    """With the packages of others that are there: their names are not asked for."""
    line = next(
        line for line in (ROOT / "services/suite/README.md").read_text().splitlines() if line.startswith("pip install")
    )
    folders = re.findall(r"\./services/\w+", line)
    assert {folder.rpartition("/")[2] for folder in folders} == {
        "kit",
        "highlight",
        "htmldiff",
        "thumbnail",
        "auth",
        "suite",
    }
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
    subprocess.run([*command, *folders], cwd=ROOT, check=True, timeout=300)
    script = (
        "import mergepoint.suite, mergepoint.kit.logs; from mergepoint.suite import wsgi\n"
        "from werkzeug.test import Client\n"
        "app = wsgi('htmldiff')\n"
        "assert Client(app).get('/htmldiff?old=a&new=b').status_code == 200\n"
        "assert Client(app).get('/static/style.css').status_code == 200\n"
        "app.close()\n"
        "print(mergepoint.suite.__file__, mergepoint.kit.logs.__file__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(tmp_path)) == 2
    assert (tmp_path / "mergepoint/suite/gunicorn.conf.py").is_file()

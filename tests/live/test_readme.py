"""Every command of the READMEs is run here, or is named with the place that runs it."""

import doctest
import json
import pathlib
import re
import subprocess
import sys

import pytest
from PIL import Image

from tests.live.suite import Suite
from tests.servers import ROOT, need

READMES = ["README.md", *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("services/*/README.md")))]
BLOCK = re.compile(r"^```(sh|python|ruby)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ASSIGNMENTS = re.compile(r"^(\w+=\S+ )+")
ELSEWHERE = {  # and the installation of suite: tests/suite/test_composition.py
    "make run": "tests/live: every test of this folder",
    "docker compose up": "tests/stack",
    "make test": ".ci/run",
    "make check": ".ci/run",
    "make bench": "bench/results.md",
    "python -m mergepoint.suite": "tests/suite",
    "make metrics": "tests/live/test_metrics.py",
    "deploy/manage backup mergepoint.tar": "tests/management",
    "deploy/manage restore mergepoint.tar": "tests/management",
}
SAMPLES = {
    "app.py": "import this\n\nprint('hi')\n",
    "app.rb": "puts 1\n",
    "README.md": "# Title\n\n*text*\n",
    "old.html": "<p>a b</p>\n",
    "new.html": "<p>a c</p>\n",
}


def blocks(kind: str) -> list[tuple[str, str]]:
    return [
        (name, text) for name in READMES for found, text in BLOCK.findall((ROOT / name).read_text()) if found == kind
    ]


def commands() -> list[str]:
    """The shell commands, without their comments; a line that ends in a backslash goes on."""
    joined = (text.replace("\\\n", " ") for _, text in blocks("sh"))
    lines = [line for text in joined for line in text.splitlines()]
    return [re.sub(r"\s+# .*", "", line) for line in lines if line.strip()]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    for name, text in SAMPLES.items():
        (tmp_path / name).write_text(text)
    Image.linear_gradient("L").save(tmp_path / "photo.jpg")
    return tmp_path


def test_there_is_a_working_curl_within_fifteen_lines() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert any(line.startswith("curl") for line in lines[:15])


def test_what_runs_elsewhere_is_run_there() -> None:
    ci = (ROOT / ".ci/run").read_text()
    assert "make check" in ci
    assert "make test" in ci
    assert "tests/stack" in ci


@pytest.mark.parametrize("command", commands())
def test_command(command: str, suite: Suite, folder: pathlib.Path) -> None:
    if ASSIGNMENTS.sub("", command) in ELSEWHERE or command.startswith("pip install ./services/kit "):
        return
    need(command.split()[0])
    live, _, file = command.replace("http://localhost:8080", suite.url).partition(" >")
    ended = subprocess.run(["sh", "-c", f"{live} >{file or '/dev/stdout'}"], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert not ended.stdout if file else ended.stdout.strip()
    assert not file or b'"code":' not in (folder / file).read_bytes()
    assert "application/problem+json" not in ended.stdout
    if "curl" in command and not command.endswith(("batch'", "batch")):
        assert '"code":' not in ended.stdout, ended.stdout


@pytest.mark.parametrize("readme", READMES)
def test_what_a_python_prompt_answers_is_true(readme: str) -> None:
    assert doctest.testfile(str(ROOT / readme), module_relative=False).failed == 0


@pytest.mark.parametrize(("readme", "program"), [block for block in blocks("python") if ">>>" not in block[1]])
def test_python(readme: str, program: str, suite: Suite, folder: pathlib.Path) -> None:
    live = program.replace("http://localhost:8080", suite.url)
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", live], cwd=folder, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert not ended.stdout or '<div class="highlight">' in ended.stdout


@pytest.mark.parametrize(("readme", "program"), blocks("ruby"))
def test_ruby(readme: str, program: str, suite: Suite, folder: pathlib.Path) -> None:
    need("ruby")
    live = program.replace("http://localhost:8080", suite.url)
    library = ROOT / "clients/ruby/lib"
    ended = subprocess.run(["ruby", "-w", "-I", library, "-e", live], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert not ended.stdout or '<div class="highlight">' in ended.stdout


def test_the_second_answer_comes_from_the_cache(suite: Suite, folder: pathlib.Path) -> None:
    call = ["curl", "-sS", "-D-", "-o/dev/null", "--data-binary", "@app.py", f"{suite.url}/highlight?language=python"]
    subprocess.run(call, cwd=folder, check=True, capture_output=True)
    again = subprocess.run(call, cwd=folder, check=True, capture_output=True, text=True)
    assert "Cache-Status: mergepoint; hit" in again.stdout


def test_the_health_of_all_is_at_the_gateway(suite: Suite) -> None:
    ended = subprocess.run(["curl", "-sSf", f"{suite.url}/health"], check=True, capture_output=True)
    health = json.loads(ended.stdout)
    assert health["status"] == "ok"
    assert health["services"]["highlight"]["libraries"]["pygments"]

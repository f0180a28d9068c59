"""The first `make run` says what it does, a line for each step. A stand-in for Python tells what it was asked."""

import pathlib
import shutil
import subprocess

import pytest

from tests.servers import ROOT

PYTHON = """#!/bin/sh
case "$*" in
*" venv "*) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
*services/second/*) echo "no network"; exit "${BROKEN:-0}" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "deploy/local").mkdir(parents=True)
    shutil.copy(ROOT / "deploy/local/install", tmp_path / "deploy/local")
    for service in ("first", "second", "third"):
        (tmp_path / "services" / service).mkdir(parents=True)
        (tmp_path / "services" / service / "requirements.txt").touch()
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def install(checkout: pathlib.Path, broken: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": str(checkout / "python"), "BROKEN": str(broken)}
    return subprocess.run([checkout / "deploy/local/install", "run"], env=environment, capture_output=True, text=True)


def test_each_step_is_told_and_how_many_there_are(checkout: pathlib.Path) -> None:
    done = install(checkout)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "Making a virtual environment in .venv (1 of 5) …",
        "Installing Python packages for first (2 of 5) …",
        "Installing Python packages for second (3 of 5) …",
        "Installing Python packages for third (4 of 5) …",
        "Installing the services themselves (5 of 5) …",
    ]


def test_the_environment_is_made_once(checkout: pathlib.Path) -> None:
    install(checkout)
    assert install(checkout).stderr.startswith("Installing Python packages for first (1 of 4) …")


def test_the_step_that_fails_is_named_and_is_the_last(checkout: pathlib.Path) -> None:
    done = install(checkout, broken=1)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "failed: Installing Python packages for second"

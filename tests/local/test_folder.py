"""What killed runs left is removed; what is alive, or somebody else's, is not."""

import os
import pathlib
import subprocess
import sys

import pytest
from runner import folder


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    for name in ("IN_MEMORY", "ON_DISK"):
        monkeypatch.setattr(folder, name, tmp_path)
    return tmp_path


def run_that_dies(place: pathlib.Path, then: str) -> pathlib.Path:
    """Return the folder of a run in another process, which has done *then* and is gone."""
    program = f"""
import pathlib, subprocess, sys
from runner import folder
folder.IN_MEMORY = folder.ON_DISK = pathlib.Path({str(place)!r})
made = folder.make_folder()
print(made)
{then}
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return pathlib.Path(said.stdout.split()[0])


def test_a_dead_runs_folder_goes_with_what_works_in_it(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "ORPHANS_END_WITHIN", 0.1)
    left = run_that_dies(place, "print(subprocess.Popen(['sleep', '60'], cwd=made, stdout=subprocess.DEVNULL).pid)")
    assert (left / "lock").exists()
    assert folder.remove_stale() == [left]
    assert not left.exists()
    assert not folder.processes.dwellers(left)


def test_a_live_runs_folder_stays(place: pathlib.Path) -> None:
    made = folder.make_folder()
    assert folder.remove_stale() == []
    assert made.exists()


def test_what_is_not_a_runs_folder_stays(place: pathlib.Path) -> None:
    (place / "mergepoint-without-lock").mkdir()
    (place / "elsewhere").mkdir()
    (place / "elsewhere/lock").touch()
    (place / "mergepoint-link").symlink_to(place / "elsewhere")
    (place / "mergepoint-linked-lock").mkdir()
    (place / "mergepoint-linked-lock/lock").symlink_to(place / "elsewhere/lock")
    assert folder.remove_stale() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_folder_stays(place: pathlib.Path) -> None:
    (place / "mergepoint-theirs").mkdir()
    (place / "mergepoint-theirs/lock").touch()
    os.chown(place / "mergepoint-theirs", 33, 33)
    assert folder.remove_stale() == []


def test_uploads_of_a_run_in_memory_wait_on_a_disk_and_go_with_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"IN_MEMORY": tmp_path / "memory", "ON_DISK": tmp_path / "disk"}
    for name, path in places.items():
        path.mkdir()
        monkeypatch.setattr(folder, name, path)
    made = folder.make_folder()
    assert made.parent == places["IN_MEMORY"]
    (made / "nginx/temp/upload").write_text("x")
    assert [path.name for path in places["ON_DISK"].rglob("upload")] == ["upload"]
    lost = places["ON_DISK"] / ".mergepoint-lost-temp"
    lost.mkdir()
    folder.remove_stale()
    assert not lost.exists()
    assert (made / "nginx/temp/upload").exists()
    folder.remove(made)
    assert list(tmp_path.rglob("*mergepoint*")) == []

"""The example of a pipeline: the site is whole, whoever is killed on the way."""

import html
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mergepoint.highlight import highlight
from tests.servers import ROOT, alive, children, kill, need, wait_for

EXAMPLE = ROOT / "examples/pipeline"
FILES = 120


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for number in range(FILES):
        folder = tree / f"part {number % 3}" / "<deep>"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number}.py").write_text(f"def f{number}(x):\n    return x + {number}\n" * 40)
    (tree / ".hidden").write_text("x")
    (tree / "picture.png").write_bytes(b"\x89PNG\0")
    (tree / "latin.txt").write_bytes(b"\xff\xfe text")
    return tree


@pytest.fixture
def running(tree: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    need("ruby")
    command = [sys.executable, EXAMPLE / "run.py", tree, tmp_path / "site", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield process
    if process.poll() is None:
        of_it = children(process.pid)
        process.kill()
        for pid in of_it:
            kill(pid)
        process.wait()


def workers(process: subprocess.Popen[str], name: str) -> list[int]:
    found = [pid for pid in children(process.pid) if alive(pid)]
    return [pid for pid in found if name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def pages(site: Path) -> list[Path]:
    return list(site.rglob("*.py.html"))


def check_whole(tree: Path, site: Path) -> None:
    index = (site / "index.html").read_text()
    for path in tree.rglob("*.py"):
        name = path.relative_to(tree).as_posix()
        wanted = highlight(path.read_text(), "python").content
        assert wanted in (site / f"{name}.html").read_text()
        assert f'<a href="{html.escape(name)}.html">' in index
    assert len(pages(site)) == FILES
    assert "latin.txt: " in index  # and why there is no page
    assert "hidden" not in index
    assert "picture" not in index
    assert ".highlight" in (site / "style.css").read_text()


@pytest.mark.long
def test_all_workers_take_part_and_the_site_is_whole(running, tree, tmp_path):
    out, _ = running.communicate(timeout=120)
    assert running.returncode == 0
    check_whole(tree, tmp_path / "site")
    assert out.count(" by python-") == 2
    assert out.count(" by ruby-") == 1
    assert f"{FILES + 1} files" in out


def test_the_site_is_whole_when_workers_are_killed(running, tree, tmp_path):
    site = tmp_path / "site"
    wait_for(lambda: len(pages(site)) > 5, seconds=60)
    for name in ("worker.rb", "worker.py"):
        kill(workers(running, name)[0])
    assert len(pages(site)) < FILES
    running.communicate(timeout=120)
    assert running.returncode == 0
    check_whole(tree, site)


@pytest.mark.long
def test_the_site_is_whole_when_a_worker_is_killed_at_any_time(running, tree, tmp_path):
    site = tmp_path / "site"
    for number in (20, 60):
        wait_for(lambda number=number: len(pages(site)) >= number, seconds=60)
        kill((workers(running, "worker.py") + workers(running, "worker.rb"))[0])
    running.communicate(timeout=120)
    assert running.returncode == 0
    check_whole(tree, site)


@pytest.mark.long
def test_without_any_worker_it_ends_and_says_so_by_its_status(running):
    wait_for(lambda: len(workers(running, "worker.py")) == 2 and workers(running, "worker.rb"), seconds=60)
    for pid in workers(running, "worker."):
        kill(pid)
    running.communicate(timeout=60)
    assert running.returncode == 1

"""The operator's commands: what they say, and a backup of a suite at work from which everybody goes on."""

import contextlib
import os
import pathlib
import pty
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator

import pytest

from mergepoint.auth import Store
from mergepoint.auth.storage.store import MIGRATIONS
from tests.auth.databases import Databases, databases
from tests.auth.place import Place
from tests.long import some
from tests.servers import ROOT, Reply, wait_for

MANAGE = str(ROOT / "deploy/manage")
COMMANDS = sorted(path.stem for path in (ROOT / "deploy/management/commands").glob("[a-z]*.py"))


def manage(*words: str, status: int = 0, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [MANAGE, *words], env={**os.environ, **environment}, input=stdin, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == status, done.stderr.decode()
    return done


@pytest.fixture(scope="module", params=some(["sqlite", "postgresql"], always=["sqlite"]))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    yield from databases(request.param, tmp_path_factory.mktemp("databases"))


@pytest.fixture
def state(tmp_path: pathlib.Path) -> dict[str, str]:
    """The environment of an auth with one user, which does not run."""
    environment = {"AUTH_STATE": str(tmp_path / "state"), "AUTH_DATABASE_URL": ""}
    command = [ROOT / ".venv/bin/python", "-m", "mergepoint.auth", "create-user", "ada"]
    subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=True)
    return environment


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example_in_its_help(name: str) -> None:
    said = manage(name, "--help").stdout.decode()
    assert f"deploy/manage {name}" in said.partition("Example")[2]


def test_all_commands_are_listed_with_what_they_do() -> None:
    said = manage("--help").stdout.decode()
    assert [line.split()[0] for line in said.partition("Commands:\n")[2].splitlines()] == COMMANDS


@pytest.mark.parametrize("words", [["nothing"], ["backup"], ["backup", "--nothing", "x"], ["restore", "/nowhere"]])
def test_a_command_that_cannot_be_read_is_status_2(words: list[str]) -> None:
    assert b"Error: " in manage(*words, status=2).stderr


def test_a_backup_is_for_nobody_else_and_says_nothing(state: dict[str, str], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "backup.tar"
    done = manage("backup", "--native", str(path), **state)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert path.stat().st_mode & 0o777 == 0o600
    piped = manage("backup", "--native", "-", **state).stdout
    (tmp_path / "piped").write_bytes(piped)
    for one in (path, tmp_path / "piped"):
        with tarfile.open(one) as tar:
            assert tar.getnames()[-1] == "manifest.json"


def test_a_backup_that_fails_leaves_the_one_before(state: dict[str, str], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "backup.tar"
    path.write_bytes(b"before")
    (tmp_path / "state/auth.db").unlink()
    done = manage("backup", "--native", str(path), status=1, **state)
    assert b"database" in done.stderr
    assert b"Traceback" not in done.stderr
    assert path.read_bytes() == b"before"
    assert {found.name for found in tmp_path.iterdir()} == {"backup.tar", "state"}


def test_a_backup_is_not_written_to_a_terminal(state: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [MANAGE, "backup", "--native", "-"], env=os.environ | state, stdout=theirs, stderr=subprocess.PIPE, check=False
    )
    os.close(theirs)
    assert done.returncode == 1
    assert b"terminal" in done.stderr
    os.close(ours)


@pytest.mark.parametrize("file", [pytest.param("-", marks=pytest.mark.long), "a file"])
@pytest.mark.parametrize("damage", [pytest.param("half", marks=pytest.mark.long), "nothing", "one byte"])
def test_what_is_damaged_changes_nothing(state: dict[str, str], tmp_path: pathlib.Path, damage: str, file: str) -> None:
    whole = manage("backup", "--native", "-", **state).stdout
    at = whole.index(b'"ada"')
    wrong = {"half": whole[: len(whole) // 2], "nothing": b"", "one byte": whole[:at] + b"!" + whole[at + 1 :]}[damage]
    (tmp_path / "wrong").write_bytes(wrong)
    name, stdin = ("-", wrong) if file == "-" else (str(tmp_path / "wrong"), b"")
    before = {path: path.read_bytes() for path in (tmp_path / "state").iterdir()}
    done = manage("restore", "--native", "--replace", name, status=1, stdin=stdin, **state)
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in (tmp_path / "state").iterdir()} == before


def test_who_has_something_is_told_how_to_replace_it(state: dict[str, str], tmp_path: pathlib.Path) -> None:
    whole = manage("backup", "--native", "-", **state).stdout
    assert b"--replace" in manage("restore", "--native", "-", status=1, stdin=whole, **state).stderr
    manage("restore", "--native", "--replace", "-", stdin=whole, **state)


def test_without_a_suite_there_are_no_metrics() -> None:
    assert b"make run" in manage("metrics", "--native", status=1).stderr


def test_everybody_goes_on_from_a_backup_of_a_suite_at_work(server: Databases, tmp_path: pathlib.Path) -> None:
    url = server.new()
    place = Place(url).start()
    try:
        everybody_goes_on(place, url, tmp_path / "backup.tar")
    finally:
        place.stop()


def everybody_goes_on(place: Place, url: str, path: pathlib.Path) -> None:
    ada = place.user("ada")
    key = ada.post("/auth/keys", {"name": "x", "scopes": ["tasks:write"]}).json["secret"]
    environment = {name: place.environment[name] for name in ("AUTH_STATE", "AUTH_DATABASE_URL")}
    with logins(place) as replies:
        wait_for(lambda: len(replies) > 3, seconds=60)
        manage("backup", "--native", str(path), **environment)
        assert b"stop it first" in manage("restore", "--native", "--replace", str(path), status=1, **environment).stderr
        enough = len(replies) + 3
        wait_for(lambda: len(replies) > enough, seconds=60)
    assert {reply.status for reply in replies} == {200}

    place.stop_auth()
    wipe(place, url)
    manage("restore", "--native", str(path), **environment)
    place.start_auth()
    assert ada.get("/wiki/").status == 200
    assert place.request("GET", "/tasks/", None, {"Authorization": f"Bearer {key}"}).status == 200
    assert place.logged_in("ada", "correct horse battery").get("/wiki/").status == 200
    early = replies[0].headers["Set-Cookie"].partition(";")[0]
    assert place.request("GET", "/wiki/", None, {"Cookie": early}).status == 200


@contextlib.contextmanager
def logins(place: Place) -> Iterator[list[Reply]]:
    """People log in all the time, meanwhile."""
    replies: list[Reply] = []
    stop = threading.Event()

    def log_in() -> None:
        while not stop.wait(0.05):
            replies.append(place.visitor().log_in("ada", "correct horse battery"))

    threads = [threading.Thread(target=log_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield replies
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def wipe(place: Place, url: str) -> None:
    shutil.rmtree(place.state)
    store = Store(url)
    if store.is_sqlite:
        for path in pathlib.Path(str(store.url.database)).parent.glob(f"{pathlib.Path(str(store.url.database)).name}*"):
            path.unlink()
        return
    with store.alone() as connection:
        MIGRATIONS.to_revision(connection, "base")
    store.close()

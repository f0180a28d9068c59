"""The database: both kinds have the same tables, trouble with it is an honest 503, and nothing is half-written."""

import collections
import pathlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import insert

from mergepoint.auth import Auth, Store
from mergepoint.auth.errors import StoreUnavailable
from mergepoint.auth.storage.schema import metadata, users
from mergepoint.auth.storage.store import MIGRATIONS
from tests.auth.databases import Databases
from tests.auth.visitors import HERE, PASSWORD, make


def test_the_migrations_make_the_tables_that_the_code_has(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_health_check_expects_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS.folder)).get_heads() == [MIGRATIONS.newest]


def test_what_migrates_is_not_kept_in_memory() -> None:
    told = subprocess.check_output([sys.executable, "-c", "import mergepoint.auth.web, sys; print(*sys.modules)"])
    assert b"alembic" not in told


def test_migrating_twice_or_at_the_same_time_does_no_harm(server: Databases) -> None:
    url = server.new()
    stores = [Store(url) for _ in range(4)]
    threads = [threading.Thread(target=store.migrate) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.check()
        store.close()


@pytest.mark.parametrize("statement", ["UPDATE audit SET event = 'x'", "DELETE FROM audit"])
def test_the_audit_log_is_append_only(auth: Auth, statement: str) -> None:
    make(auth)
    with pytest.raises(StoreUnavailable), auth.store.write() as connection:
        connection.exec_driver_sql(statement)
    assert [event["event"] for event in auth.audit.read()] == ["user_created"]


def test_the_audit_log_outlives_its_user(auth: Auth) -> None:
    make(auth, "root", admin=True)
    user = make(auth, "ada")
    auth.accounts.delete(user.id, HERE)
    events = [event["event"] for event in auth.audit.read(user_id=user.id)]
    assert events == ["user_deleted", "user_created"]
    assert make(auth, "ada").id > user.id  # an id is never somebody else's


def test_what_people_typed_is_in_no_error_and_so_in_no_log(auth: Auth) -> None:
    make(auth, "ada", email="ada@example.com")
    with pytest.raises(StoreUnavailable) as caught, auth.store.write() as connection:
        connection.execute(insert(users).values(name="x", name_key="ada", email="secret@example.com", created=1.0))
    assert "secret" not in str(caught.value.__cause__)
    assert "INSERT INTO users" in str(caught.value.__cause__)


def test_an_exception_leaves_nothing_behind(auth: Auth) -> None:
    def write_and_fail() -> None:
        with auth.store.write() as connection:
            auth.audit.note(connection, "x", HERE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert auth.audit.read() == []


def test_nobody_takes_away_the_last_administrator(auth: Auth) -> None:
    root = make(auth, "root", admin=True)
    for change in (
        lambda: auth.accounts.set_admin(root.id, False, HERE),
        lambda: auth.accounts.set_disabled(root.id, True, HERE),
        lambda: auth.accounts.delete(root.id, HERE),
    ):
        with pytest.raises(ValueError, match="only administrator"):
            change()


def test_a_name_is_taken_once_however_many_try_at_the_same_time(auth: Auth) -> None:
    results: list[str] = []

    def attempt(name: str) -> None:
        try:
            make(auth, name)
            results.append("made")
        except ValueError as error:
            results.append(error.code)  # type: ignore[attr-defined]

    threads = [threading.Thread(target=attempt, args=(name,)) for name in ("ada", "ADA", "Ada", "ａda", "adA", "aDa")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["already_taken"] * 5 + ["made"]


Trouble = Callable[[pathlib.Path], Callable[[], None]]


def locked(path: pathlib.Path) -> Callable[[], None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    return other.close


def missing(path: pathlib.Path) -> Callable[[], None]:
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    return lambda: hidden.rename(path) and None  # type: ignore[func-returns-value]


def replaced(path: pathlib.Path) -> Callable[[], None]:
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    path.write_bytes(b"no database at all, and long enough to be looked at" * 100)
    return lambda: hidden.replace(path) and None  # type: ignore[func-returns-value]


def full(path: pathlib.Path) -> Callable[[], None]:
    FULL.add(path)
    return lambda: FULL.discard(path)


FULL: set[pathlib.Path] = set()


class Small(Store):
    """As on a disk without room: no page may be added."""

    def _open(self) -> sqlite3.Connection:
        connection = super()._open()
        if self._path in FULL:
            [(pages,)] = connection.execute("PRAGMA page_count")
            connection.execute(f"PRAGMA max_page_count={pages}")
        return connection


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    store = Store(f"sqlite:///{tmp_path / 'auth.db'}")
    store.migrate()
    store.close()
    return tmp_path / "auth.db"


@pytest.mark.parametrize("trouble", [locked, missing, replaced], ids=lambda trouble: trouble.__name__)
def test_trouble_is_503_and_over_when_it_is_over(
    file: pathlib.Path, cheap: object, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mergepoint.auth.config import Settings
    from mergepoint.auth.web import create_app
    from mergepoint.kit.database import store as module

    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.2)
    auth = Auth(Store(f"sqlite:///{file}"), file.parent / "state", "http://localhost", passwords=cheap)  # type: ignore[arg-type]
    make(auth)
    auth.store.close()  # what is in the log beside the file (-wal) would go when another file takes its place
    client = create_app(Settings(state=file.parent / "state"), auth).test_client()
    body = {"login": "ada", "password": PASSWORD}
    assert client.post("/auth/login", json=body).status_code == 200
    end = trouble(file)
    try:
        for reply in (client.post("/auth/login", json=body), client.get("/auth/health")):
            assert (reply.status_code, reply.get_json()["code"]) == (503, "unavailable")
            assert reply.headers["Retry-After"]
        for path in ("account", "login", "password?token=x", "register", "users", "oidc/x", "audit?before=x"):
            reply = client.get(f"/auth/{path}", headers={"Accept": "text/html"})
            assert reply.status_code == 503 or (
                trouble is locked and reply.status_code < 500
            )  # who reads needs no lock
    finally:
        end()
    assert client.get("/auth/health").status_code == 200
    assert client.post("/auth/login", json=body).status_code == 200
    auth.store.close()


def test_on_a_full_disk_nothing_is_half_written(file: pathlib.Path, cheap: object) -> None:
    store = Small(f"sqlite:///{file}")
    auth = Auth(store, file.parent / "state", "http://localhost", passwords=cheap)  # type: ignore[arg-type]
    make(auth)
    end = full(file)
    store.close()
    names = (f"user{number}" for number in range(2000))
    with pytest.raises(StoreUnavailable):
        collections.deque((make(auth, name) for name in names), maxlen=0)
    assert 1 < auth.accounts.count() < 2000
    assert len(auth.audit.read(event="user_created", limit=3000)) == auth.accounts.count()
    end()
    store.close()
    make(auth, "again")
    store.close()


def test_who_may_only_read_can_still_be_recognised(file: pathlib.Path, cheap: object) -> None:
    from mergepoint.auth.access.gate import Credentials

    class ReadOnly(Store):
        def _open(self) -> sqlite3.Connection:
            connection = super()._open()
            connection.execute("PRAGMA query_only=ON")
            return connection

    writer = Auth(Store(f"sqlite:///{file}"), file.parent / "state", "http://localhost", passwords=cheap)  # type: ignore[arg-type]
    user = make(writer)
    token = writer.sessions.begin(user, HERE, how="test")
    writer.store.close()
    later = lambda: writer.clock() + 120  # noqa: E731
    reader = Auth(
        ReadOnly(f"sqlite:///{file}"), file.parent / "state", "http://localhost", passwords=cheap, clock=later  # type: ignore[arg-type]
    )  # fmt: skip
    assert reader.gate.decide("user", "wiki", Credentials(cookie=token)).identity
    with pytest.raises(StoreUnavailable):
        reader.login.check("ada", PASSWORD, HERE)
    reader.store.close()


def test_a_database_that_is_not_there_at_start_is_made_and_is_ours_alone(tmp_path: pathlib.Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'deep/er/auth.db'}")
    store.migrate()
    store.check()
    store.close()
    assert (tmp_path / "deep/er/auth.db").stat().st_mode & 0o077 == 0


def test_numbers_and_texts_that_no_database_has_are_refused(app: Flask, auth: Auth) -> None:
    make(auth, "root", admin=True)
    from tests.auth.visitors import Browser

    root = Browser(app)
    root.log_in("root")
    for path in (f"/auth/users/{10**30}/reset", f"/auth/users/{2**63}/reset"):
        assert root.send("POST", path).status_code in (404, 422)
    for path in (
        "/auth/audit?event=%00",
        f"/auth/audit?user={10**30}",
        f"/auth/audit?before={10**30}",
        "/auth/keys/%00/x",
    ):
        assert root.get(path).status_code in (200, 404, 422)
    assert root.send("POST", "/auth/keys/%00/rotate").status_code in (404, 422)

"""Backups: every row and file comes back, into either kind of database, whole or not at all."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from mergepoint.auth import Auth, Store
from mergepoint.auth.access.gate import Credentials
from mergepoint.auth.backup import dump as backup
from mergepoint.auth.backup import folder
from mergepoint.auth.backup.folder import InUse, in_use
from mergepoint.auth.errors import StoreUnavailable
from mergepoint.auth.storage.schema import metadata, spent, users
from mergepoint.auth.storage.store import MIGRATIONS
from mergepoint.kit.archive import Archive, Writer
from mergepoint.kit.database.migrations import Migrations, revision_of
from tests.auth.databases import Databases, SQLite
from tests.auth.visitors import HERE, make

EXTRA = '''
"""One more column."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("shoe_size", sa.Integer(), server_default="42", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.drop_column("shoe_size")
'''


def written(auth: Auth) -> bytes:
    stream = io.BytesIO()
    archive = Writer(stream)
    archive.close({"auth": backup.write(auth.store, auth.folder, archive.add)})
    return stream.getvalue()


def restored(data: bytes, store: Store, state: pathlib.Path, **options: bool) -> None:
    archive = Archive(io.BytesIO(data))
    backup.restore(archive, archive.services["auth"]["schema"], store, state, **options)


def everything(store: Store, state: pathlib.Path) -> dict[str, Any]:
    """All rows, and all that signs."""
    with store.read() as connection:
        found: dict[str, Any] = {
            table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables
        }
    return found | {name: (state / name).read_bytes() for name in backup.FILES if (state / name).exists()}


def rows_of(data: bytes) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table in a backup."""
    archive, found = Archive(io.BytesIO(data)), {}
    for table in metadata.tables:
        found[table] = []
        for name in archive.names(f"auth/rows/{table}"):
            names, *rows = map(json.loads, archive.read(name).splitlines())
            found[table] += [dict(zip(names, row, strict=True)) for row in rows]
    return found


def emptied(server: Databases) -> Store:
    store = Store(server.new())
    with store.alone() as connection:
        MIGRATIONS.to_revision(connection, "base")
    return store


@pytest.fixture
def full(auth: Auth) -> Auth:
    """Something in each table, of every kind of value."""
    auth.first_administrator("root")
    ada = make(auth, "ädä\N{MATHEMATICAL BOLD SMALL A}\N{CJK UNIFIED IDEOGRAPH-20000}", email="ada@example.com")
    gone = make(auth, "gone")
    auth.accounts.delete(gone.id, HERE)
    auth.sessions.begin(ada, HERE, how="test")
    auth.keys.create(ada, HERE, name="a key", scopes=["jobs:read"])
    odd = {"user_id": ada.id, "created": 1.1, "name": "\u202e'\"\\\n", "id": "p", "sign_count": 2**31 - 1}
    with auth.store.write() as connection:
        for table, values in {
            "passkeys": {**odd, "credential": bytes(range(256)), "public_key": b""},
            "federated": {"provider": "x", "subject": "y", "user_id": ada.id, "created": 1e-9},
            "recovery_codes": {"hash": "h", "user_id": ada.id},
            "spent": {"hash": "s", "expires": 1.7976931348623157e308},
            "throttle": {"key": "k", "due": 0.1 + 0.2},
        }.items():
            connection.execute(insert(metadata.tables[table]).values(values))
    return auth


@pytest.fixture(params=["the same kind", "the other kind"])
def elsewhere(request: pytest.FixtureRequest, server: Databases, tmp_path: pathlib.Path) -> Iterator[Store]:
    """An empty database."""
    if request.param == "the other kind":
        if isinstance(server, SQLite):
            pytest.skip("PostgreSQL's tests do it")
        store = Store(f"sqlite:///{tmp_path / 'other.db'}")
    else:
        store = emptied(server)
    yield store
    store.close()


def test_everything_comes_back(full: Auth, elsewhere: Store, tmp_path: pathlib.Path) -> None:
    before = everything(full.store, full.folder)
    assert not [name for name, content in before.items() if not content]
    restored(written(full), elsewhere, tmp_path / "new")
    assert everything(elsewhere, tmp_path / "new") == before
    assert {path.name for path in (tmp_path / "new").iterdir()} == {*backup.FILES, folder.LOCK}
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "new").iterdir()} == {0}
    elsewhere.check()


def test_an_id_is_never_used_again(full: Auth, elsewhere: Store, tmp_path: pathlib.Path, cheap: Any) -> None:
    with full.store.read() as connection:
        last = max(connection.execute(select(users.c.id)).scalars())
    restored(written(full), elsewhere, tmp_path / "new")
    again = Auth(elsewhere, tmp_path / "new", "http://localhost", passwords=cheap)
    assert make(again, "new").id == last + 2  # one was deleted


def test_what_was_handed_out_before_is_good_afterwards(
    auth: Auth, elsewhere: Store, tmp_path: pathlib.Path, cheap: Any
) -> None:
    ada = make(auth)
    session = auth.sessions.begin(ada, HERE, how="test")
    key = auth.keys.create(ada, HERE, name="a key", scopes=["jobs:read"])[0]
    identity = auth.gate.decide("user", "wiki", Credentials(cookie=session)).identity
    restored(written(auth), elsewhere, tmp_path / "new")
    again = Auth(elsewhere, tmp_path / "new", "http://localhost", passwords=cheap, clock=auth.clock)
    assert again.gate.decide("user", "wiki", Credentials(cookie=session)).identity
    assert again.gate.decide("scope:jobs:read", "jobs", Credentials(bearer=key)).identity
    assert again.identities.jwks() == auth.identities.jwks()
    assert identity


def test_a_backup_is_as_the_database_was_at_one_moment(auth: Auth) -> None:
    stop = threading.Event()

    def make_many() -> None:
        for number in range(10_000):
            if stop.is_set():
                return
            auth.sessions.begin(make(auth, f"user{number}"), HERE, how="test")

    threads = [threading.Thread(target=make_many)]
    for thread in threads:
        thread.start()
    backups = []
    try:
        while len(backups) < 3 or auth.accounts.count() < 30:
            backups.append(written(auth))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for data in backups:
        rows = rows_of(data)
        events = [row["event"] for row in rows["audit"]]
        assert len(rows["users"]) == events.count("user_created")
        assert len(rows["sessions"]) == events.count("login")
        assert {row["user_id"] for row in rows["sessions"]} <= {row["id"] for row in rows["users"]}


def test_what_is_there_is_not_overwritten_unless_told(full: Auth, server: Databases, tmp_path: pathlib.Path) -> None:
    data = written(full)
    make(full, "later")
    before = everything(full.store, full.folder)
    with contextlib.closing(emptied(server)) as empty:
        for store, state in ((full.store, tmp_path / "new"), (empty, full.folder)):
            with pytest.raises(backup.NotEmpty):
                restored(data, store, state)
    assert everything(full.store, full.folder) == before
    restored(data, full.store, full.folder, replace=True)
    assert full.accounts.find("later") is None
    assert full.accounts.find("root")


def test_a_file_that_the_backup_lacks_goes(full: Auth, tmp_path: pathlib.Path) -> None:
    (full.folder / "first-password").unlink()
    data = written(full)
    (full.folder / "first-password").write_text("x")
    restored(data, full.store, full.folder, replace=True)
    assert not (full.folder / "first-password").exists()


def test_a_newer_schema_is_refused(full: Auth, tmp_path: pathlib.Path) -> None:
    archive = Archive(io.BytesIO(written(full)))
    before = everything(full.store, full.folder)
    with pytest.raises(backup.NewerSchema, match="0002"):
        backup.restore(archive, "0002", full.store, full.folder, replace=True)
    with full.store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0009'")
    with pytest.raises(backup.NewerSchema, match="0009"):
        backup.restore(archive, "0001", full.store, full.folder, replace=True)
    with full.store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert everything(full.store, full.folder) == before


def test_an_older_schema_is_brought_up_to_date(
    full: Auth, elsewhere: Store, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = written(full)
    shutil.copytree(MIGRATIONS.folder, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "migrations/versions/0002_more.py").write_text(EXTRA)
    monkeypatch.setattr(Store, "migrations", Migrations(tmp_path / "migrations", newest="0002"))
    restored(data, elsewhere, tmp_path / "new")
    with elsewhere.read() as connection:
        assert revision_of(connection) == "0002"
        assert {*connection.exec_driver_sql("SELECT shoe_size FROM users").scalars()} == {42}


@pytest.mark.parametrize("user", ["a service", "a restore"])
def test_nothing_is_restored_under_somebody_who_uses_it(full: Auth, user: str) -> None:
    data = written(full)
    used = in_use(full.store, full.folder) if user == "a service" else folder.alone(full.store, full.folder)
    with used, pytest.raises(InUse):
        restored(data, full.store, full.folder, replace=True)
    with folder.alone(full.store, full.folder), pytest.raises(InUse):
        written(full)
    restored(data, full.store, full.folder, replace=True)


def test_those_who_only_use_it_are_never_in_each_others_way(full: Auth) -> None:
    refused: list[InUse] = []

    def use_often() -> None:
        try:
            for _ in range(300):
                with in_use(full.store, full.folder):
                    pass
        except InUse as error:
            refused.append(error)

    threads = [threading.Thread(target=use_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []


STEPS: dict[str, tuple[Any, str]] = {
    "nothing is laid ready": (backup, "stage"),
    "the plan is not written": (folder, "write_once"),
    "all is laid ready": (backup, "_clear_database"),
    "there are no tables": (backup, "_fill"),
    "half of the rows are there": (backup, "set_last_ids"),
    "nothing is committed": (backup, "leave_mark"),
    "all is committed": (backup, "finish"),
    "nothing is taken": (folder, "_take"),
    "all is taken": (folder, "delete"),
    "the plan is still there": (shutil, "rmtree"),
}
TOLD = {
    "half of the rows are there",
    "nothing is committed",
    "all is committed",
    "all is taken",
}  # the others take long
COMMITTED = ["all is committed", "nothing is taken", "all is taken", "the plan is still there"]


@pytest.mark.parametrize("step", [pytest.param(s, marks=[] if s in TOLD else pytest.mark.long) for s in STEPS])
def test_when_it_is_killed_there_is_all_of_it_or_nothing(full: Auth, step: str) -> None:
    data = written(full)
    after = everything(full.store, full.folder)
    make(full, "later")
    (full.folder / "secret").write_bytes(b"x" * 32)
    (full.folder / "first-password").unlink()
    before = everything(full.store, full.folder)
    full.store.close()
    killed(lambda: restored(data, full.store, full.folder, replace=True), *STEPS[step])
    with in_use(full.store, full.folder):
        assert everything(full.store, full.folder) == (after if step in COMMITTED else before)
        assert not (full.folder / folder.READY).exists()
    restored(data, full.store, full.folder, replace=True)
    assert everything(full.store, full.folder) == after


def killed(work: Callable[[], None], place: Any, name: str) -> None:
    """Do *work* in another process, which is killed as it comes to the function *name*."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            setattr(place, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
            work()
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_a_failure_changes_nothing(full: Auth, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: Connection, *_: object) -> None:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    data = written(full)
    make(full, "later")
    before = everything(full.store, full.folder)
    monkeypatch.setattr(backup, "set_last_ids", fail)
    with pytest.raises(StoreUnavailable):
        restored(data, full.store, full.folder, replace=True)
    assert everything(full.store, full.folder) == before
    assert not (full.folder / folder.READY).exists()


def test_a_mark_stays_in_no_backup(full: Auth) -> None:
    data = written(full)
    restored(data, full.store, full.folder, replace=True)
    with full.store.read() as connection:
        assert connection.execute(select(spent.c.hash)).scalars().all() == ["s"]

"""Databases for tests: SQLite files, a PostgreSQL cluster of our own; each brought up to date once, then copied."""

import itertools
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Protocol

import psycopg

from mergepoint.auth import Store as AuthStore
from mergepoint.auth.storage.schema import metadata
from mergepoint.kit.database.store import Store
from tests.servers import missing


class Databases(Protocol):
    def new(self) -> str:
        """Return the URL of an empty database with all tables."""

    def clean(self) -> str:
        """The same for one test at a time, which may be one that was used before."""


class SQLite:
    def __init__(self, folder: pathlib.Path, make_store: type[Store] = AuthStore) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._template = folder / "template.db"
        store = make_store(f"sqlite:///{self._template}")
        store.migrate()
        store.close()

    def new(self) -> str:
        path = self._folder / f"{next(self._numbers)}.db"
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"

    def clean(self) -> str:
        return self.new()


class PostgreSQL:
    """A cluster on a Unix socket, run by the user that Debian makes for it when we are root. Without *sync* it waits
    for no disk.
    """

    def __init__(self, make_store: type[Store] = AuthStore, *, sync: bool = False) -> None:
        self._sync = "on" if sync else "off"
        found = [shutil.which("initdb"), *map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
        if not (initdb := next(filter(None, found), None)):
            missing("postgresql is not installed")
        self._programs = pathlib.Path(os.path.realpath(str(initdb))).parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mppg", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._numbers = itertools.count()
        self._reused: str | None = None
        self._run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "auth", "--no-sync", "-E", "UTF8")
        self.start()
        self._make("template", "template1")
        store = make_store(self.url("template"))
        store.migrate()
        store.close()

    def new(self) -> str:
        name = f"test{next(self._numbers)}"
        self._make(name, "template")
        return self.url(name)

    def clean(self) -> str:
        if self._reused is None:
            self._reused = self.new()
            return self._reused
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        with psycopg.connect(self._reused.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")  # no triggers: the audit log would refuse
            connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        return self._reused

    def start(self) -> None:
        settings = f"-c fsync={self._sync} -c listen_addresses= -c max_connections=200"
        settings += f" -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o", settings, "start")

    @property
    def pid(self) -> int:
        """The process that starts all others of the cluster."""
        return int((self.folder / "data/postmaster.pid").read_text().splitlines()[0])

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://auth@/{name}?host={self.folder}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def _make(self, name: str, template: str) -> None:
        self._run("createdb", "-h", self.folder, "-U", "auth", "-T", template, name)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
        done = subprocess.run(command, user=user, cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def databases(kind: str, folder: pathlib.Path, make_store: type[Store] = AuthStore) -> Iterator[Databases]:
    """A service's databases of one kind; only auth's can be cleaned."""
    if kind == "sqlite":
        yield SQLite(folder, make_store)
        return
    cluster = PostgreSQL(make_store)
    yield cluster
    cluster.stop()

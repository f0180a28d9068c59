"""The service's folder: its lock, and the files of a restore that is under way.

A restore changes the database and the files beside it, which cannot be done in one step. So the files are staged first,
the transaction leaves a mark in the database, and the next process takes the files if the mark is there, else drops
them.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from mergepoint.kit.database.files import write_once
from mergepoint.kit.database.migrations import NONE, revision_of

from ..errors import AuthError
from ..storage.schema import spent
from ..storage.store import Store

LOCK = ".in-use"
READY = ".restore"  # the folder of staged files
PLAN = "plan"  # the file written last in it: the mark, and the files' names
NEVER = 1e12  # seconds since 1970: when the mark would expire


class InUse(AuthError):
    """Another process holds the folder: a running service, a backup, a restore."""

    code = "in_use"


@contextlib.contextmanager
def in_use(store: Store, folder: Path) -> Iterator[None]:
    """Keep restores away while the folder is used; finish an interrupted one first. Raise InUse during one."""
    if (folder / READY).exists():
        with contextlib.suppress(InUse), alone(store, folder):
            pass
    with _lock(folder, fcntl.LOCK_SH, "a backup is being restored; wait for its end"):
        yield


@contextlib.contextmanager
def alone(store: Store, folder: Path) -> Iterator[None]:
    """Hold the folder exclusively, after finishing an interrupted restore; raise InUse if another process has it."""
    with _lock(folder, fcntl.LOCK_EX, "auth is running, or being backed up or restored; stop it first"):
        finish(store, folder)
        yield


def stage(folder: Path, files: Mapping[str, bytes | None]) -> str:
    """Stage *files*, by their names; None as content removes a file. Return the mark of this restore."""
    ready, mark = folder / READY, secrets.token_hex(32)
    ready.mkdir(mode=0o700)
    for name, content in files.items():
        if content is not None:
            write_once(ready / name, content)
    plan = {"mark": mark, "files": {name: content is not None for name, content in files.items()}}
    write_once(ready / PLAN, json.dumps(plan).encode())
    return mark


def leave_mark(connection: Connection, mark: str) -> None:
    """Have the staged files taken if the transaction of *connection* is committed."""
    connection.execute(insert(spent).values(hash=mark, expires=NEVER))


def finish(store: Store, folder: Path) -> None:
    """Take the staged files if their transaction was committed, else drop them. An interruption does no harm."""
    ready = folder / READY
    if (ready / PLAN).exists():
        plan = json.loads((ready / PLAN).read_text())
        if _was_committed(store, plan["mark"]):
            _take(ready, folder, plan["files"])
            with store.write() as connection:
                connection.execute(delete(spent).where(spent.c.hash == plan["mark"]))
        (ready / PLAN).unlink()
    if ready.exists():
        shutil.rmtree(ready)


def _was_committed(store: Store, mark: str) -> bool:
    with store.alone() as connection:  # waits for a database server that may still be committing
        if revision_of(connection) == NONE:
            return False
        return connection.execute(select(spent.c.hash).where(spent.c.hash == mark)).first() is not None


def _take(ready: Path, folder: Path, files: Mapping[str, bool]) -> None:
    for name, has_content in files.items():
        if not has_content:
            (folder / name).unlink(missing_ok=True)
        elif (ready / name).exists():  # else it was taken before the interruption
            os.replace(ready / name, folder / name)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


@contextlib.contextmanager
def _lock(folder: Path, how: int, otherwise: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InUse(f"{folder}: {otherwise}") from error
    finally:
        os.close(descriptor)

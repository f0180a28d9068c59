"""Bodies of requests and answers: small ones in a row, large ones in a file (SQLite) or in pieces (PostgreSQL).

A 10 MB row blocks every writer of SQLite for 100–170 ms, a file with fsync takes 16–40 ms and blocks nobody. Programs
on other machines reach pieces in the database, but no file of ours.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, insert, select

from ..errors import StoreUnavailable
from .schema import contents, jobs
from .store import Store, database_time

SMALL = 32 << 10  # bytes
PIECE = 1 << 20  # bytes
INSERT = insert(contents)
PIECES = select(contents.c.data, contents.c.file).where(
    contents.c.id == bindparam("id"), contents.c.piece == bindparam("piece")
)
IN_A_ROW = select(contents.c.id, contents.c.data).where(
    contents.c.id.in_(bindparam("ids", expanding=True)), contents.c.piece == 0
)
FORGOTTEN = 3600.0  # seconds after which contents that no job has are removed


@dataclass(frozen=True)
class Content:
    """A body that is on disk, or goes there with the job's row: ``data`` is what the row still has to bring."""

    id: str
    job: str
    size: int
    data: bytes | None = None
    file: str | None = None


class Contents:
    """Keeps bodies in *store*, and large ones in *folder* where the database is SQLite."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder / "contents"

    def prepare(self, data: bytes, job: str) -> Content:
        """Write *data* of *job* down if it is large, which blocks no other writer, or raise StoreUnavailable."""
        id = secrets.token_urlsafe(16)
        if len(data) <= SMALL:
            return Content(id, job, len(data), data=data)
        if self._store.is_sqlite:
            return Content(id, job, len(data), file=self._write_file(id, data))
        with self._store.write() as connection:
            now = database_time(connection)
            for number, start in enumerate(range(0, len(data), PIECE)):
                row = {"id": id, "piece": number, "job": job, "data": data[start : start + PIECE], "created": now}
                connection.execute(INSERT, row)
        return Content(id, job, len(data))

    def insert(self, connection: Connection, content: Content, now: float) -> None:
        """Write the rest of *content* in the transaction of its job."""
        if content.data is not None or content.file:
            row = {"id": content.id, "piece": 0, "job": content.job, "data": content.data, "file": content.file}
            connection.execute(INSERT, row | {"created": now})

    def discard(self, content: Content) -> None:
        """Remove what `prepare` wrote for a job that was refused; what cannot be removed now is swept later."""
        if content.file:
            with contextlib.suppress(OSError):
                (self._folder / content.file).unlink()
        elif content.data is None:
            with contextlib.suppress(StoreUnavailable), self._store.write() as connection:
                connection.execute(delete(contents).where(contents.c.id == content.id))

    def read(self, id: str) -> bytes:
        """Return the whole of a body."""
        return b"".join(self.stream(id))

    def read_small(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Return those of these bodies that are in one row each, by one query."""
        with self._store.read() as connection:
            rows = connection.execute(IN_A_ROW, {"ids": ids})
            return {row.id: bytes(row.data) for row in rows if row.data is not None and len(row.data) <= SMALL}

    def stream(self, id: str) -> Iterator[bytes]:
        """Yield a body in pieces; raise StoreUnavailable if it is gone."""
        number = 0
        while True:
            with self._store.read() as connection:
                row = connection.execute(PIECES, {"id": id, "piece": number}).first()
            if row is None:
                if not number:
                    raise StoreUnavailable
                return
            if row.file:
                yield from self._read_file(row.file)
                return
            yield bytes(row.data)
            if len(row.data) < PIECE:
                return
            number += 1

    def delete(self, connection: Connection, *ids: str | None) -> list[str]:
        """Delete bodies in a transaction; return the files to `unlink` once that is committed."""
        known = [id for id in ids if id]
        if not known:
            return []
        files = connection.execute(select(contents.c.file).where(contents.c.id.in_(known))).scalars().all()
        connection.execute(delete(contents).where(contents.c.id.in_(known)))
        return [file for file in files if file]

    def unlink(self, files: list[str]) -> None:
        """Remove files whose rows are gone."""
        for file in files:
            with contextlib.suppress(OSError):
                (self._folder / file).unlink()

    def find_orphans(self, connection: Connection, now: float, limit: int = 1000) -> list[str]:
        """Return ids of old contents that no job has: their job was refused, or its worker was too late."""
        is_used = (jobs.c.request_content == contents.c.id) | (jobs.c.result_content == contents.c.id)
        of_a_job = select(jobs.c.id).where(jobs.c.id == contents.c.job, is_used)
        query = select(contents.c.id).where(contents.c.created < now - FORGOTTEN, ~of_a_job.exists()).distinct()
        return list(connection.execute(query.limit(limit)).scalars())

    def sweep_files(self, now: float) -> None:
        """Remove old files without a row: their process ended before the row was written."""
        if not self._folder.is_dir():
            return
        old = [path for path in self._folder.iterdir() if now - path.stat().st_mtime > FORGOTTEN]
        with self._store.read() as connection:
            for path in old:
                if not connection.execute(select(contents.c.id).where(contents.c.file == path.name)).first():
                    path.unlink(missing_ok=True)

    def _write_file(self, id: str, data: bytes) -> str:
        path = self._folder / id
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._sync_folder()
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise StoreUnavailable from error
        return id

    def _sync_folder(self) -> None:
        """The file's name is on disk only when its folder is: fsync(2)."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _read_file(self, name: str) -> Iterator[bytes]:
        try:
            with (self._folder / name).open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            raise StoreUnavailable from error

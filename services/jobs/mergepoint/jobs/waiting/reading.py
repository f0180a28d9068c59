"""What the companion reads of the database, in a thread of its own: its loop never waits for a disk."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from ..core import Jobs, may_see
from ..errors import NotFound, StoreUnavailable
from ..queue.changes import Change, parse
from ..queue.job import COLUMNS, Job, of_row
from ..requests.job_request import Owner
from ..storage.schema import jobs as table

AT_ONCE = 500  # ids in one query
THREADS = 2  # one may wait for a large answer while the other looks

Result = TypeVar("Result")


@dataclass(frozen=True)
class Seen:
    """A job, and all its changes."""

    job: Job
    changes: tuple[Change, ...]


class Reading:
    """Reads jobs from *jobs*."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="reading")

    async def call(self, function: Callable[[], Result]) -> Result:
        """Return what *function* returns, called in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    async def see(self, id: str, asker: Owner | None = None) -> Seen:
        """Return the job as it is; raise NotFound, also for somebody else's if there is an *asker*."""
        return await self.call(lambda: self._see(id, asker))

    async def versions(self, ids: Sequence[str]) -> Mapping[str, int]:
        """Return the versions of jobs; none at all while the database is away."""
        return await self.call(lambda: dict(self._versions(ids)))

    async def content(self, id: str) -> Iterator[bytes]:
        """Return the body of this id, to be read in threads too."""
        return await self.call(lambda: self._jobs.contents.stream(id))

    def _see(self, id: str, asker: Owner | None) -> Seen:
        with self._jobs.store.read() as connection:
            row = connection.execute(select(table.c.history, *COLUMNS).where(table.c.id == id)).first()
        if row is None:
            raise NotFound
        job = of_row(row[1:])  # type: ignore[arg-type]
        if asker and not may_see(job, asker):
            raise NotFound
        return Seen(job, tuple(parse(row.history)))

    def _versions(self, ids: Sequence[str]) -> Iterator[tuple[str, int]]:
        try:
            for start in range(0, len(ids), AT_ONCE):
                query = select(table.c.id, table.c.version).where(table.c.id.in_(ids[start : start + AT_ONCE]))
                with self._jobs.store.read() as connection:
                    yield from [(row.id, row.version) for row in connection.execute(query)]
        except StoreUnavailable:
            return

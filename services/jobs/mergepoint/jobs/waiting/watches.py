"""Which jobs are watched, and who is told when one changes: one look at the database for all of them together.

It does not know sockets; the function that looks is passed in.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

POLL = 0.1  # seconds

Look = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]


class Watches:
    """*look* returns the versions of jobs by their ids; one that is gone has none."""

    def __init__(self, look: Look, *, poll: float = POLL) -> None:
        self._look, self._poll = look, poll
        self._watched: dict[str, set[asyncio.Event]] = {}
        self._versions: dict[str, int | None] = {}
        self._any = asyncio.Event()

    @contextlib.contextmanager
    def watch(self, id: str, version: int) -> Iterator[asyncio.Event]:
        """An event that is set when the job is no longer of *version*, and again at each change, once it is cleared."""
        event = asyncio.Event()
        self._watched.setdefault(id, set()).add(event)
        self._versions[id] = min(self._versions.get(id) or version, version)
        self._any.set()
        try:
            yield event
        finally:
            self._watched[id].discard(event)
            if not self._watched[id]:
                del self._watched[id], self._versions[id]

    async def run(self) -> None:
        """Look for changes for as long as the program runs."""
        while True:
            if not self._watched:
                self._any.clear()
                await self._any.wait()
            versions = await self._look(list(self._watched))
            for id, events in self._watched.items():
                if id in versions and versions[id] != self._versions[id]:
                    self._versions[id] = versions[id]
                    for event in events:
                        event.set()
            await asyncio.sleep(self._poll)

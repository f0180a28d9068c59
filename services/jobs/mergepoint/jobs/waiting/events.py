"""Server-sent events of one job: a change or its progress each, by its version, which ``Last-Event-ID`` resumes.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from ..queue.changes import Change
from ..queue.job import Job
from ..representation import moment
from .reading import Reading, Seen
from .watches import Watches

KEEP_ALIVE = 15.0  # seconds without an event until a comment says that we are still there
RETRY = b"retry: 1000\n\n"  # milliseconds until a browser connects again


async def events(reading: Reading, watches: Watches, seen: Seen, last: int) -> AsyncIterator[bytes]:
    """Yield the changes of a job after the one with the number *last*, until it is finished."""
    id = seen.job.id
    yield RETRY
    with watches.watch(id, seen.job.version) as changed:
        while True:
            for change in seen.changes:
                if change.version > last:
                    last = change.version
                    yield encode(change)
            if seen.job.version > last and not seen.job.is_finished:  # a version without a line is progress
                last = seen.job.version
                yield encode_progress(seen.job)
            if seen.job.is_finished:
                return
            del seen  # hundreds may wait, each with the job as it was
            while not await is_set(changed):
                yield b": still here\n\n"
            changed.clear()
            seen = await reading.see(id)


async def is_set(event: asyncio.Event) -> bool:
    """Wait for *event*; False if it is not set within KEEP_ALIVE seconds."""
    try:
        async with asyncio.timeout(KEEP_ALIVE):  # wait_for would make a task: memory of each who waits
            return await event.wait()
    except TimeoutError:
        return False


def encode(change: Change) -> bytes:
    """Return a change as an event that has the name of its state."""
    data = {
        "version": change.version,
        "state": change.state,
        "time": moment(change.time),
        "attempt": change.attempt,
        "code": change.code,
    }
    return _event(change.version, change.state, data)


def encode_progress(job: Job) -> bytes:
    """Return how far a running job is as an event ``progress``."""
    data = {"version": job.version, "state": job.state, "attempt": job.attempts, "progress": job.progress}
    return _event(job.version, "progress", data)


def _event(id: int, name: str, data: Mapping[str, Any]) -> bytes:
    known = json.dumps({name: value for name, value in data.items() if value is not None})
    return f"id: {id}\nevent: {name}\ndata: {known}\n\n".encode()

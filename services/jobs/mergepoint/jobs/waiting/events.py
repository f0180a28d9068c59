"""Server-sent events of one job: a change each, by its version, which ``Last-Event-ID`` resumes.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
from collections.abc import AsyncIterator

from ..queue.changes import Change
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
            if seen.job.is_finished:
                return
            try:
                await asyncio.wait_for(changed.wait(), KEEP_ALIVE)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            changed.clear()
            seen = await reading.see(id)


def encode(change: Change) -> bytes:
    """Return a change as an event that has the name of its state."""
    data = {
        "version": change.version,
        "state": change.state,
        "time": moment(change.time),
        "attempt": change.attempt,
        "code": change.code,
    }
    known = json.dumps({name: value for name, value in data.items() if value is not None})
    return f"id: {change.version}\nevent: {change.state}\ndata: {known}\n\n".encode()

"""The program: takes callers who wait from nginx on a Unix socket, looks for them, and sweeps what is over."""

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import structlog

from mergepoint.kit import problems
from mergepoint.kit.problems import Problem

from ..config import Settings
from ..core import Jobs, check_has_answer
from ..engine import Engine
from ..errors import JobsError, StoreUnavailable
from ..identities import Identities
from ..queue.job import Job
from ..representation import describe, result_headers
from ..requests.preferences import LONGEST_WAIT
from ..statuses import STATUS
from ..storage.store import Store
from .events import events
from .http import MAX_HEAD, Request, Unreadable, document, head, read_request
from .reading import Reading, Seen
from .watches import Watches

OWN = "waiting.sock"
EVENTS = re.compile(r"/jobs/([A-Za-z0-9_-]{1,32})/events")
WAIT = re.compile(r"/_wait/([A-Za-z0-9_-]{1,32})")
NUMBER = re.compile(r"[0-9]{1,9}")
LOOK_EVERY, SWEEP_EVERY, SWEEP_FILES_EVERY = 1.0, 10.0, 3600.0  # seconds
BACKLOG = 512
CONNECTIONS = 3  # to the database

log = structlog.get_logger()


def serve(folder: Path, settings: Settings, identities: Identities) -> None:
    """Serve until SIGTERM, on a socket in *folder*."""
    folder.mkdir(exist_ok=True)
    store = Store(settings.database, connections=CONNECTIONS)
    jobs = Jobs(store, settings.state, keep=settings.keep)
    engine = Engine(store, settings.state, "companion", keep=settings.keep)
    asyncio.run(Server(folder / OWN, jobs, engine, identities).run())


class Server:
    """Those who wait, in one run."""

    def __init__(self, path: Path, jobs: Jobs, engine: Engine, identities: Identities) -> None:
        self._path, self._engine, self._identities = path, engine, identities
        self._reading = Reading(jobs)
        self._watches = Watches(self._reading.versions)

    async def run(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        self._path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_HEAD, backlog=BACKLOG)
        self._path.chmod(0o666)  # nginx's workers run as another user, as for every socket of the suite
        tasks = [
            asyncio.create_task(self._watches.run()),
            asyncio.create_task(self._repeat(LOOK_EVERY, self._engine.look)),
            asyncio.create_task(self._repeat(SWEEP_EVERY, self._engine.sweep)),
            asyncio.create_task(self._repeat(SWEEP_FILES_EVERY, self._engine.sweep_files)),
        ]
        await stopped.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _repeat(self, interval: float, function: Callable[[], object]) -> None:
        while True:
            try:
                await self._reading.call(function)
            except StoreUnavailable:
                log.warning("no database", of=function.__name__)
            except Exception:
                log.exception("unexpected", of=function.__name__)
            await asyncio.sleep(interval)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, Unreadable):
            request = await read_request(reader)
            with _cancelled_when(_until_closed(reader)):
                await self._send(writer, self._answer(request))
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def _send(self, writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()

    async def _answer(self, request: Request) -> AsyncIterator[bytes]:
        """Yield the answer in pieces, each at once."""
        more = {"X-Request-Id": request.headers.get("X-Request-Id")}
        try:
            if found := EVENTS.fullmatch(request.path):
                async for piece in self._events(found[1], request, more):
                    yield piece
            elif found := WAIT.fullmatch(request.path):
                async for piece in self._wait(found[1], request, more):
                    yield piece
            else:
                yield refusal(Problem("not_found", "there is nothing at this path"), more)
        except JobsError as error:
            yield refusal(Problem.of(error), {**more, **_about(error)})
        except Exception:
            log.exception("unexpected", path=request.path)

    async def _events(self, id: str, request: Request, more: Mapping[str, str]) -> AsyncIterator[bytes]:
        asker = await self._reading.call(lambda: self._identities.asker("GET", request.headers))
        seen = await self._reading.see(id, asker)
        last = last_seen(request.headers.get("Last-Event-ID"), seen.job)
        if seen.job.is_finished and last >= seen.job.version:
            yield head(204, more)  # a browser does not connect again
            return
        kind = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        yield head(200, {**kind, **more})
        stream = events(self._reading, self._watches, seen, last)
        del seen  # hundreds may wait, each with the job as it was
        async for event in stream:
            yield event

    async def _wait(self, id: str, request: Request, more: Mapping[str, str]) -> AsyncIterator[bytes]:
        """The answer itself, if it is there in time (RFC 7240, 4.3); nginx alone sends callers here."""
        given = request.query.get("seconds", "")
        seconds = min(int(given), LONGEST_WAIT) if NUMBER.fullmatch(given) else 0
        seen = await self._until_finished(id, seconds)
        applied = {"Preference-Applied": f"respond-async, wait={seconds}", **more}
        if not seen.job.is_finished:
            yield document(202, describe(seen.job), {"Location": f"/jobs/{id}", **applied})
            return
        check_has_answer(seen.job)
        async for piece in self._result(seen.job, applied):
            yield piece

    async def _until_finished(self, id: str, seconds: int) -> Seen:
        ends = asyncio.get_running_loop().time() + seconds
        seen = await self._reading.see(id)
        with self._watches.watch(id, seen.job.version) as changed:
            while not seen.job.is_finished:
                left = ends - asyncio.get_running_loop().time()
                try:
                    async with asyncio.timeout(max(left, 0)):
                        await changed.wait()
                except TimeoutError:
                    break
                changed.clear()
                seen = await self._reading.see(id)
        return seen

    async def _result(self, job: Job, more: Mapping[str, str]) -> AsyncIterator[bytes]:
        pieces = await self._reading.content(str(job.result_content))
        first = await self._reading.call(lambda: next(pieces, b""))
        yield head(job.result_status or 200, {**result_headers(job), **more})
        piece: bytes | None = first
        while piece is not None:
            yield piece
            piece = await self._reading.call(lambda: next(pieces, None))


def last_seen(given: str, job: Job) -> int:
    """Return the version that a listener has seen last: 0 for none, and for one that is not there (a restored copy)."""
    last = int(given) if NUMBER.fullmatch(given) else 0
    return last if last <= job.version else 0


def refusal(problem: Problem, headers: Mapping[str, str]) -> bytes:
    """Return a problem as every service answers it (RFC 9457)."""
    body = problems.document(problem, {**problems.STATUS, **STATUS}, request_id=headers.get("X-Request-Id", ""))
    more = {"Retry-After": "1"} if body["status"] == 503 else {}
    return document(body["status"], body, {**headers, **more}, "application/problem+json")


def _about(error: JobsError) -> Mapping[str, str]:
    found = {"Mergepoint-Job": getattr(error, "job_id", None), "Retry-After": getattr(error, "retry_after", None)}
    return {name: str(value) for name, value in found.items() if value is not None}


@contextlib.contextmanager
def _cancelled_when(over: Coroutine[Any, Any, None]) -> Iterator[None]:
    """Leave the block when the coroutine *over* returns; one more task for each who waits, and not two."""
    block = asyncio.current_task()
    assert block
    watching = asyncio.ensure_future(over)
    cancelled = False

    def cancel(_: object) -> None:
        nonlocal cancelled
        cancelled = block.cancel()

    watching.add_done_callback(cancel)
    try:
        yield
    except asyncio.CancelledError:
        if not cancelled or block.uncancel():
            raise
    finally:
        watching.remove_done_callback(cancel)
        watching.cancel()


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Return when the caller is gone. A body that nobody reads (of the request that became a job) does not count."""
    while await reader.read(1 << 16):
        pass

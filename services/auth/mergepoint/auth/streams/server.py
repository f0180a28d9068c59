"""The program: takes streams from nginx on one Unix socket and hands them back to nginx on another."""

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from .access_check import AccessCheck, AccessChecks
from .head import Head, Unreadable, read_head
from .refusal import refusal
from .relay import relay
from .stream_slots import MAX_STREAMS, NoFreeSlot, StreamSlots

# Sockets in a folder of their own. Behind the last two are nginx's servers of streams.conf and work.conf.
OWN, NEXT, DECISIONS = "relay.sock", "nginx.sock", "decisions.sock"
HEAD_TIMEOUT = 5.0  # seconds; nginx sends a head in one piece
OTHER_FILES = 64  # checks, the log, files that Python itself has open

Log = Callable[..., object]


def serve(folder: Path, log: Log) -> None:
    """Serve until SIGTERM, on sockets in *folder*. *log* takes an event and its details as keyword arguments."""
    folder.mkdir(exist_ok=True)
    asyncio.run(Server(folder, log, StreamSlots(min(MAX_STREAMS, _raise_file_limit() // 2))).run())


def _raise_file_limit() -> int:
    """Raise the limit of open files as far as we may and need; return how many of them streams can have."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_STREAMS + OTHER_FILES
    allowed = wanted if hard_limit == resource.RLIM_INFINITY else min(wanted, hard_limit)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard_limit))
    return allowed - OTHER_FILES


class Server:
    """The streams and checks of one run."""

    def __init__(self, folder: Path, log: Log, slots: StreamSlots) -> None:
        self._folder, self._log, self._slots = folder, log, slots
        self._checks = AccessChecks(self._ask)
        self._streams: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        with _listening(self._folder / OWN) as listener:
            self._log("streams pass", socket=str(self._folder / OWN), at_most=self._slots.limit)
            accepting = asyncio.create_task(self._accept(listener))
            await stopped.wait()
            for task in (accepting, *self._streams):
                task.cancel()
            await asyncio.gather(accepting, *self._streams, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError as error:  # the whole machine has no file left
                self._log("accept", detail=str(error))
                await asyncio.sleep(0.1)
                continue
            task = loop.create_task(self._serve_stream(client))
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)

    async def _serve_stream(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, Unreadable, TimeoutError):
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            head = await asyncio.wait_for(read_head(lambda size: loop.sock_recv(client, size)), HEAD_TIMEOUT)
            try:
                with self._slots.slot(head.ours.get(b"address", b"").decode("latin-1")):
                    await self._forward(client, head)
            except NoFreeSlot as error:
                self._log("no room for a stream", detail=str(error), request_id=_id(head))
                await loop.sock_sendall(client, refusal(error, _id(head)))

    async def _forward(self, client: socket.socket, head: Head) -> None:
        with _socket() as server:
            await self._connect(server, NEXT)
            await asyncio.get_running_loop().sock_sendall(server, head.forwarded)
            reason = await relay(client, server, self._checks.until_refused(_access_check(head)))
        if reason != "closed":
            self._log("stream ended", detail=reason, request_id=_id(head))

    async def _ask(self, request: bytes) -> bytes:
        """Return the head of the answer to *request*."""
        loop = asyncio.get_running_loop()
        with _socket() as server:
            await self._connect(server, DECISIONS)
            await loop.sock_sendall(server, request)
            answer = b""
            while b"\r\n\r\n" not in answer and (more := await loop.sock_recv(server, 16 * 1024)):
                answer += more
            return answer

    async def _connect(self, server: socket.socket, name: str) -> None:
        await asyncio.get_running_loop().sock_connect(server, str(self._folder / name))


def _socket() -> socket.socket:
    unix = socket.socket(socket.AF_UNIX)
    unix.setblocking(False)
    return unix


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with _socket() as listener:
        listener.bind(str(path))
        path.chmod(0o666)  # nginx's workers run as another user, as for every socket of the suite
        listener.listen(512)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _access_check(head: Head) -> AccessCheck:
    ours = head.ours
    return AccessCheck(
        policy=ours.get(b"policy", b""),
        audience=ours.get(b"audience", b""),
        cookie=ours.get(b"cookie", b""),
        authorization=ours.get(b"authorization", b""),
        known=bool(ours.get(b"identity")),
    )


def _id(head: Head) -> str:
    return head.ours.get(b"id", b"").decode("latin-1")

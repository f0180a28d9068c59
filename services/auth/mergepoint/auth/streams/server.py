"""The program: takes streams from nginx on one Unix socket and hands them back to nginx on another."""

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from .access_check import Question, Questions
from .head import Head, Unreadable, read_head
from .refusal import refusal
from .relay import relay
from .stream_slots import MOST, NoRoom, Room

# In a folder that nobody else need see. nginx's are its servers in streams.conf and work.conf.
OWN, NEXT, DECISIONS = "relay.sock", "nginx.sock", "decisions.sock"
HEAD_WITHIN = 5.0  # seconds; it comes from nginx, in one piece
FILES_OF_OTHERS = 64  # questions, the log, what Python has open

Log = Callable[..., object]


def serve(folder: Path, log: Log) -> None:
    """Serve until SIGTERM; *log* is given an event and its details."""
    folder.mkdir(exist_ok=True)
    asyncio.run(Server(folder, log, Room(min(MOST, _files() // 2))).run())


def _files() -> int:
    """Return how many files we may have open beside our own: as many as we are allowed to."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST + FILES_OF_OTHERS
    allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return allowed - FILES_OF_OTHERS


class Server:
    """Everything of one run."""

    def __init__(self, folder: Path, log: Log, room: Room) -> None:
        self._folder, self._log, self._room = folder, log, room
        self._questions = Questions(self._ask)
        self._streams: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, over.set)
        with _listening(self._folder / OWN) as listener:
            self._log("streams pass", socket=str(self._folder / OWN), at_most=self._room.most)
            accepting = asyncio.create_task(self._accept(listener))
            await over.wait()
            for task in (accepting, *self._streams):
                task.cancel()
            await asyncio.gather(accepting, *self._streams, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError as error:  # no more files, of the whole machine
                self._log("accept", detail=str(error))
                await asyncio.sleep(0.1)
                continue
            task = loop.create_task(self._pass(client))
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)

    async def _pass(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, Unreadable, TimeoutError):
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            head = await asyncio.wait_for(read_head(lambda size: loop.sock_recv(client, size)), HEAD_WITHIN)
            try:
                with self._room.place(head.said.get(b"address", b"").decode("latin-1")):
                    await self._connect(client, head)
            except NoRoom as error:
                self._log("no room for a stream", detail=str(error), request_id=_id(head))
                await loop.sock_sendall(client, refusal(error, _id(head)))

    async def _connect(self, client: socket.socket, head: Head) -> None:
        with _socket() as server:
            await self._open(server, NEXT)
            await asyncio.get_running_loop().sock_sendall(server, head.passed)
            reason = await relay(client, server, self._questions.refused(_question(head)))
        if reason != "closed":
            self._log("stream ended", detail=reason, request_id=_id(head))

    async def _ask(self, request: bytes) -> bytes:
        """Return the head of the answer to *request*."""
        loop = asyncio.get_running_loop()
        with _socket() as server:
            await self._open(server, DECISIONS)
            await loop.sock_sendall(server, request)
            answer = b""
            while b"\r\n\r\n" not in answer and (more := await loop.sock_recv(server, 16 * 1024)):
                answer += more
            return answer

    async def _open(self, server: socket.socket, name: str) -> None:
        await asyncio.get_running_loop().sock_connect(server, str(self._folder / name))


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.setblocking(False)
    return made


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with _socket() as listener:
        listener.bind(str(path))
        path.chmod(0o666)  # nginx's workers are somebody else, as for every socket here
        listener.listen(512)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _question(head: Head) -> Question:
    said = head.said
    return Question(
        policy=said.get(b"policy", b""),
        audience=said.get(b"audience", b""),
        cookie=said.get(b"cookie", b""),
        authorization=said.get(b"authorization", b""),
        known=bool(said.get(b"identity")),
    )


def _id(head: Head) -> str:
    return head.said.get(b"id", b"").decode("latin-1")

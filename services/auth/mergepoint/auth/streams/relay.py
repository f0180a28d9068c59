"""One stream: bytes both ways between two sockets, until either closes or a third party ends the stream."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable

# Bytes that one direction buffers. The next ones are read once these are written: a slow side slows the other down.
BUFFER = 16 * 1024
LINGER = 2.0  # seconds that a client which is still sending has to read its answer


async def relay(client: socket.socket, server: socket.socket, end: Awaitable[str]) -> str:
    """Copy until a side closes or *end* returns a reason; return that reason, or "closed".

    The caller closes the sockets.
    """
    up = asyncio.ensure_future(_copy(client, server))
    down = asyncio.ensure_future(_copy(server, client))
    ended = asyncio.ensure_future(end)
    tasks = (up, down, ended)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        reason = ended.result() if ended.done() else "closed"
        answered = down.done() and down.exception() is None and not up.done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if answered and not ended.done():
        await _drain(client)
    return reason


async def _copy(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while data := await loop.sock_recv(source, BUFFER):
            await loop.sock_sendall(target, data)


async def _drain(client: socket.socket) -> None:
    """Tell nginx that the answer is complete, and read what it still sends.

    If the socket were closed at once, nginx would not read the answer.
    """
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        client.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(LINGER):
            while await loop.sock_recv(client, BUFFER):
                pass

"""One stream: bytes both ways between two sockets, until either is closed or somebody says that it is over."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable

# Bytes that one direction holds at most. A piece is read when the one before is written: a slow side slows the other.
PIECE = 16 * 1024
LINGER = 2.0  # seconds for a peer that is still sending to read the answer that it got meanwhile


async def relay(client: socket.socket, server: socket.socket, over: Awaitable[str]) -> str:
    """Copy until one side closes, or *over* has a reason; return it, or "closed". The caller closes the sockets."""
    up = asyncio.ensure_future(_copy(client, server))
    down = asyncio.ensure_future(_copy(server, client))
    ended = asyncio.ensure_future(over)
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
        while data := await loop.sock_recv(source, PIECE):
            await loop.sock_sendall(target, data)


async def _drain(client: socket.socket) -> None:
    """Say that the answer is complete, and read what is still being sent: closed at once, nginx would not read it."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        client.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(LINGER):
            while await loop.sock_recv(client, PIECE):
                pass

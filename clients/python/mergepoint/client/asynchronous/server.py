"""One server, over httpx2's transport: connections, limits, bytes. It does not know what the calls mean.

The transport alone, without the client around it, follows no redirect, keeps no cookie, and reads neither ``~/.netrc``
nor the proxy variables.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

import certifi

try:
    import httpx2 as httpx
except ImportError:  # its predecessor, which many programs have, does the same
    import httpx  # type: ignore[no-redef]

from ..address import Bearer
from ..calls import Call
from ..connections import Deadline
from ..errors import ConnectionFailed, InvalidResponse, Timeout
from ..server import CHUNK_BYTES, Answer, check_encoding, no_answer_in_time, no_http, request_headers, too_large

IDLE = 30.0  # seconds until an idle connection is closed; nginx does so after 75


class AsyncServer:
    """A server at *address*. *at_once*: how many calls are under way; more wait for their turn, in order."""

    def __init__(
        self, address: str, bearer: Bearer | None, *, connect_timeout: float, max_bytes: int, at_once: int
    ) -> None:
        self.address = address
        self._bearer = bearer
        self._connect_timeout, self._max_bytes, self._at_once = connect_timeout, max_bytes, at_once
        self._tls: ssl.SSLContext | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one of the places for calls."""
        self._join_loop()
        async with self._places:
            yield

    async def send(self, call: Call[Any], start: int, deadline: Deadline) -> Answer:
        """Return the answer, of whatever status, or raise ConnectionFailed or InvalidResponse.

        *start* is the position of a file that is the body.
        """
        self._join_loop()
        while True:
            exchange = Exchange(self, call, start, deadline)
            try:
                return await exchange.run(self._transport)
            except Timeout:
                raise
            except ConnectionFailed:
                # Most likely the server had closed the idle connection; trying again does not count as a retry. Each
                # failure takes one kept connection away, so this ends.
                if not exchange.was_kept:
                    raise

    async def send_once(self, call: Call[Any], start: int, deadline: Deadline) -> Answer:
        """As `send`, on a new connection: if a kept one failed, the server might have received the request."""
        async with self._new_transport() as transport:
            return await Exchange(self, call, start, deadline).run(transport)

    async def close(self) -> None:
        """Close the idle connections."""
        if self._loop is asyncio.get_running_loop():
            self._loop = None
            await self._transport.aclose()

    def headers(self, call: Call[Any]) -> dict[str, str]:
        """Return the headers of a call, the key among them."""
        return {
            **request_headers(None if call.body is None else call.type, call.headers),
            **(self._bearer.headers if self._bearer else {}),
        }

    def timeouts(self, left: float) -> dict[str, float]:
        return {"connect": min(self._connect_timeout, left), "read": left, "write": left, "pool": left}

    async def read(self, response: httpx.Response) -> Answer:
        """Return the whole answer, unless it is longer than allowed."""
        check_encoding(self.address, Answer(response.status_code, response.headers, b""))
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self._max_bytes:
                raise too_large(self.address, self._max_bytes)
        hides = self._bearer and response.status_code >= 400
        return Answer(
            response.status_code, response.headers, self._bearer.hide(body) if self._bearer and hides else bytes(body)
        )

    def _join_loop(self) -> None:
        """Begin anew in another event loop: connections belong to the one that they were opened in."""
        if self._loop is not (loop := asyncio.get_running_loop()):
            self._transport, self._places = self._new_transport(), asyncio.Semaphore(self._at_once)
            self._loop = loop

    def _new_transport(self) -> httpx.AsyncHTTPTransport:
        if self._tls is None:
            self._tls = tls_context()
        limits = httpx.Limits(
            max_connections=self._at_once, max_keepalive_connections=self._at_once, keepalive_expiry=IDLE
        )
        return httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=limits)


class Exchange:
    """One request and its answer."""

    def __init__(self, server: AsyncServer, call: Call[Any], start: int, deadline: Deadline) -> None:
        self._server, self._call, self._start, self._deadline = server, call, start, deadline
        self.was_kept = True
        """Whether the connection was there before."""

    async def run(self, transport: httpx.AsyncHTTPTransport) -> Answer:
        address, left = self._server.address, self._deadline.remaining()
        if left <= 0:
            raise no_answer_in_time(address)
        try:
            async with asyncio.timeout(left):
                response = await transport.handle_async_request(self._request(left))
                try:
                    return await self._server.read(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException):
            raise no_answer_in_time(address) from None
        except (httpx.TransportError, OSError) as error:
            cause = cause_of(error)
            raise failure(address, error, cause) from cause

    def _request(self, left: float) -> httpx.Request:
        call, headers = self._call, self._server.headers(self._call)
        content: bytes | AsyncIterator[bytes] | None = None
        if isinstance(call.body, bytes):
            content = call.body
        elif call.body is not None:
            headers["Content-Length"] = str(size_of(call.body) - self._start)
            content = pieces(call.body, self._start)
        extensions = {"timeout": self._server.timeouts(left), "trace": self._trace}
        return httpx.Request(
            call.method, self._server.address + call.path, headers=headers, content=content, extensions=extensions
        )

    async def _trace(self, event: str, _about: object) -> None:
        if event == "connection.connect_tcp.started":
            self.was_kept = False


def tls_context() -> ssl.SSLContext:
    """Trust what SSL_CERT_FILE names, as OpenSSL's own tools do, or else the certificates that requests trusts."""
    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())


def failure(address: str, error: Exception, cause: BaseException) -> ConnectionFailed | InvalidResponse:
    """Return what the caller is told of an *error* of the transport's."""
    ended = any(words in str(error) for words in ("disconnected", "peer closed"))  # h11 has one class for both
    if isinstance(error, httpx.RemoteProtocolError) and not ended:
        return no_http(address)
    return ConnectionFailed(f"{address}: {cause}")


def cause_of(error: BaseException) -> BaseException:
    """Return the error below those of httpx, which hold the request and with it the API key."""
    inner: BaseException | None = error
    while isinstance(inner, httpx.TransportError) or (inner and type(inner).__module__.startswith("httpcore")):
        inner = inner.__cause__ or inner.__context__
    return inner or ConnectionError(str(error))


def size_of(file: BinaryIO) -> int:
    here = file.tell()
    try:
        return file.seek(0, os.SEEK_END)
    finally:
        file.seek(here)


async def pieces(file: BinaryIO, start: int) -> AsyncIterator[bytes]:
    """Yield a file from *start* on; it is read in threads, since a disk may be slow."""
    await asyncio.to_thread(file.seek, start)
    while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield piece

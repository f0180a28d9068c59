"""Fetches remote sources for services that are open to anybody, without being led into a network of ours.

Every connection is connections.py's, and a redirect is checked like a new request. A refusal is a short Problem for the
caller and precise in the log.
"""

import http.client
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urljoin

import structlog

from ..problems import Problem
from .bounded_stream import BoundedStream, TooMuch
from .connections import Connector, Refused, Resolve, resolve
from .origins import NotAUrl, Target, parse_url

log = structlog.get_logger()
CHUNK = 1 << 16
HEAD_BYTES = 1 << 18  # the most that a head and the sizes of chunks may take, beside the body
REDIRECTS = (301, 302, 303, 307, 308)
GONE = (404, 410)
UNCHANGED, CONDITION = 304, "If-"
GZIP = ("gzip", "x-gzip")


@dataclass(frozen=True)
class Fetched:
    """A source: its bytes and its server's headers, by names in lower case. *url* is where it was found in the end."""

    body: bytes
    headers: Mapping[str, str]
    url: str
    unchanged: bool = False
    """It is still the version that was known already; the body is empty."""

    @property
    def version(self) -> "Version | None":
        """The version that its server gave, if any."""
        found = Version(self.headers.get("etag", ""), self.headers.get("last-modified", ""))
        return found if found.etag or found.modified else None


@dataclass(frozen=True)
class Version:
    """A version of a source as its server names it: ETag and Last-Modified (RFC 9110, 8.8), either may be empty."""

    etag: str = ""
    modified: str = ""


def _request_head(accept: str, known: Version | None) -> str:
    """Return the lines of a request that say what is wanted."""
    lines = f"Accept: {accept}\r\n"
    if known and known.etag:
        lines += f"{CONDITION}None-Match: {known.etag}\r\n"
    if known and known.modified:
        lines += f"{CONDITION}Modified-Since: {known.modified}\r\n"
    return lines


class Fetcher:
    """Fetches from *origins*, the entries of a ``*_SOURCES`` setting (see origins.py); none: refuses everything.

    *timeout* is for a whole fetch, its redirects included, in seconds; *max_bytes* for a body. *field* is what a
    Problem blames. Threads may share one.
    """

    def __init__(
        self,
        origins: str | Iterable[str],
        *,
        max_bytes: int,
        timeout: float = 5.0,
        redirects: int = 0,
        field: str = "url",
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._connector = Connector(origins, resolve=resolve, clock=clock, tls=tls)
        self._max_bytes, self._timeout, self._redirects, self._field = max_bytes, timeout, redirects, field

    def fetch(self, url: str, *, accept: str = "*/*", known: Version | None = None) -> Fetched:
        """Return what is at *url*, or raise a Problem. A *known* version is not sent again.

        ``invalid_option``: no URL; ``source_refused``: not allowed, by name or by address; ``source_redirected``;
        ``source_not_found``; ``source_failed``: another answer than 200; ``source_unreachable``; ``source_too_slow``;
        ``source_too_large``.
        """
        try:
            target = parse_url(url)
        except NotAUrl as error:
            raise self._problem("invalid_option", str(error), "not a URL") from None
        try:
            return self._follow(url, target, _request_head(accept, known), self._connector.clock() + self._timeout)
        except Refused as error:
            raise self._problem("source_refused", "this source is not allowed", str(error)) from None
        except TooMuch:
            message = f"has more than {self._max_bytes} bytes"
            raise self._problem("source_too_large", message, target.origin) from None
        except TimeoutError:
            message = f"takes longer than {self._timeout:g} s"
            raise self._problem("source_too_slow", message, target.origin) from None
        except (OSError, http.client.HTTPException, ValueError) as error:  # http.client's, of a chunk below zero
            why = f"{target.origin}: {type(error).__name__}: {error}"
            raise self._problem("source_unreachable", "cannot be fetched", why) from None

    def _follow(self, url: str, target: Target, asked: str, ends: float) -> Fetched:
        for _ in range(self._redirects + 1):
            with closing(self._connector.connect(target, ends)) as connection:
                response, body = self._get(connection, target, asked, ends)
            if response.status not in REDIRECTS:
                headers = {name.lower(): value for name, value in response.getheaders()}
                return Fetched(body, headers, url, response.status == UNCHANGED)
            try:
                url = urljoin(url, response.getheader("Location", ""))
                target = parse_url(url)
            except ValueError as error:
                raise Refused(f"{target.origin} redirects to what is not a URL: {error}") from None
        raise self._problem("source_redirected", "redirects elsewhere", target.origin)

    def _get(
        self, connection: socket.socket, target: Target, asked: str, ends: float
    ) -> tuple[http.client.HTTPResponse, bytes]:
        head = (
            f"GET {target.path} HTTP/1.1\r\nHost: {target.origin.partition('://')[2]}\r\n{asked}"
            "Accept-Encoding: identity\r\nUser-Agent: mergepoint\r\nConnection: close\r\n\r\n"
        )
        connection.settimeout(self._connector.left(ends))
        connection.sendall(head.encode())
        stream = BoundedStream(connection, lambda: self._connector.left(ends), self._max_bytes + HEAD_BYTES)
        response = http.client.HTTPResponse(stream, method="GET")  # type: ignore[arg-type]
        response.begin()
        if response.status in REDIRECTS or (response.status == UNCHANGED and CONDITION in asked):
            return response, b""
        if response.status != 200:
            code = "source_not_found" if response.status in GONE else "source_failed"
            raise self._problem(code, f"its server answers {response.status}", target.origin)
        encoding = response.getheader("Content-Encoding", "identity").lower()
        if encoding not in ("identity", *GZIP):
            raise self._problem("source_failed", "its server compresses what was asked for as it is", target.origin)
        body = self._body(response)
        return response, self._inflate(body) if encoding in GZIP else body

    def _inflate(self, body: bytes) -> bytes:
        """Return what is in *body*, gzip, which some servers send to everybody (RFC 9110, 8.4.1.3)."""
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            inflated = inflater.decompress(body, self._max_bytes + 1)
        except zlib.error as error:
            raise OSError(f"no gzip: {error}") from None
        if len(inflated) > self._max_bytes:
            raise TooMuch
        if not inflater.eof:
            raise OSError("the answer ended early")
        return inflated

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        if (response.length or 0) > self._max_bytes:
            raise TooMuch
        body = bytearray()
        while chunk := response.read(CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise TooMuch
        if response.length:
            raise OSError("the answer ended early")
        return bytes(body)

    def _problem(self, code: str, message: str, why: str) -> Problem:
        log.warning("source", code=code, message=message, why=why[:300])
        return Problem.field(self._field, message, code=code)

"""One server, over requests: connections, limits, bytes. It does not know what the calls mean."""

import http.client
import os
import threading
import weakref
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

import requests
from requests.utils import rewind_body
from urllib3.exceptions import HTTPError

from .address import Bearer
from .connections import Adapter, Deadline, Limits, TooManyBytes, current
from .errors import ConnectionFailed, InvalidResponse, ResponseTooLarge, Timeout

CHUNK_BYTES = 65536
Body = bytes | BinaryIO
"""A request's body: bytes, or a file, which is sent from its current position as it is read."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        return self.headers.get("X-Request-Id")

    @property
    def cached(self) -> bool:
        """Whether nginx had the answer in its cache, as ``Cache-Status`` says (RFC 9211)."""
        caches = self.headers.get("Cache-Status", "").split(",")
        caches_did = [[part.strip() for part in cache.split(";")] for cache in caches]
        return any(name == "mergepoint" and "hit" in did for name, *did in caches_did)


def request_headers(type: str | None, more: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request, whose body is of *type* if it has one; *more* are the call's own."""
    ours = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "mergepoint-client-python"}
    return {**ours, **more, **({} if type is None else {"Content-Type": type})}


def no_answer_in_time(address: str) -> Timeout:
    return Timeout(f"{address}: no answer in time")


def no_http(address: str) -> InvalidResponse:
    return InvalidResponse(f"{address}: answered something that is not HTTP")


def too_large(address: str, max_bytes: int) -> ResponseTooLarge:
    return ResponseTooLarge(f"{address}: the answer is longer than {max_bytes} bytes")


def check_encoding(address: str, answer: Answer) -> None:
    """Raise InvalidResponse if the body is encoded: ``Accept-Encoding`` has asked for none."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        message = f"{address}: answered in an encoding that was not asked for"
        raise InvalidResponse(message, status=answer.status, request_id=answer.request_id)


class Server:
    """A server at *address*. Each thread of each process has a connection of its own."""

    def __init__(self, address: str, bearer: Bearer | None, *, connect_timeout: float, max_bytes: int) -> None:
        self.address = address
        self._bearer = bearer
        self._connect_timeout = connect_timeout
        self._max_bytes = max_bytes
        self._trusted: str | bool = os.environ.get("SSL_CERT_FILE") or True  # as OpenSSL's own tools take it
        self._reset()

    def request(
        self, method: str, path: str, body: Body | None, type: str, more: Mapping[str, str] | None = None
    ) -> requests.PreparedRequest:
        """Return the request of a call; *type* is the body's content type, *more* are other headers."""
        headers = request_headers(None if body is None else type, more or {})
        return requests.Request(method, self.address + path, headers, data=body, auth=self._bearer).prepare()

    def send(self, request: requests.PreparedRequest, deadline: Deadline) -> Answer:
        """Return the answer, of whatever status, or raise ConnectionFailed or InvalidResponse."""
        adapter = self._adapter()
        if adapter.kept:
            try:
                return self._exchange(adapter, request, deadline)
            except ConnectionFailed:
                pass  # most likely the server had closed the idle connection; trying again does not count as a retry
        return self._exchange(adapter, request, deadline)

    def send_once(self, request: requests.PreparedRequest, deadline: Deadline) -> Answer:
        """As `send`, on a new connection: if a kept one failed, the server might have received the request."""
        with closing(Adapter()) as adapter:
            return self._exchange(adapter, request, deadline)

    def close(self) -> None:
        """Close the idle connections of all threads."""
        self._reset_after_fork()
        with self._lock:
            for adapter in self._adapters:
                adapter.close()

    def _exchange(self, adapter: Adapter, request: requests.PreparedRequest, deadline: Deadline) -> Answer:
        adapter.kept, token = False, current.set(Limits(deadline, self._max_bytes))
        try:
            if (left := deadline.remaining()) <= 0:
                raise TimeoutError
            timeout = (min(self._connect_timeout, left), left)
            _rewind(request)
            response = adapter.send(request, stream=True, timeout=timeout, verify=self._trusted)
            with closing(response):
                answer = Answer(response.status_code, response.headers, self._read(response))
        except TooManyBytes:
            raise too_large(self.address, self._max_bytes) from None
        except (requests.RequestException, HTTPError, OSError) as error:
            cause = _cause(error)
            raise self._failure(cause) from cause
        finally:
            current.reset(token)
        adapter.kept = True
        return answer

    def _read(self, response: requests.Response) -> bytes:
        check_encoding(self.address, Answer(response.status_code, response.headers, b""))
        body = bytearray()
        while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
            body += chunk
            if len(body) > self._max_bytes:
                raise TooManyBytes
        if response.raw.length_remaining:  # urllib3 before 2 raises no error for this
            raise ConnectionError("the answer ended early")
        return self._bearer.hide(body) if self._bearer and not response.ok else bytes(body)

    def _failure(self, cause: BaseException) -> ConnectionFailed | InvalidResponse:
        if isinstance(cause, TimeoutError):
            return no_answer_in_time(self.address)
        broken = http.client.RemoteDisconnected | http.client.IncompleteRead
        if isinstance(cause, http.client.HTTPException) and not isinstance(cause, broken):
            return no_http(self.address)
        return ConnectionFailed(f"{self.address}: {cause}")

    def _adapter(self) -> Adapter:
        self._reset_after_fork()
        adapter: Adapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = self._local.adapter = Adapter()
            with self._lock:
                self._adapters.add(adapter)
        return adapter

    def _reset_after_fork(self) -> None:
        """Drop the parent's connections and locks in a forked child."""
        if self._process != os.getpid():
            self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._local = threading.local()
        self._adapters: weakref.WeakSet[Adapter] = weakref.WeakSet()
        self._process = os.getpid()  # last: a second thread that sees this sees the rest


def _rewind(request: requests.PreparedRequest) -> None:
    """Set a file that was sent before back to its first position."""
    if hasattr(request.body, "seek"):
        rewind_body(request)


def _cause(error: BaseException) -> BaseException:
    """Return the error below those of requests and urllib3, which hold the request and with it the API key."""
    inner: BaseException | None = error
    while isinstance(inner, requests.RequestException | HTTPError):
        inner = inner.__cause__ or inner.__context__
    return inner or error

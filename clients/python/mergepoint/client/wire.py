"""One request and its answer, over requests: bytes, limits, connections. Knows nothing of the calls."""

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
from .connections import Adapter, Deadline, Limits, TooMuch, current
from .errors import ConnectionFailed, InvalidResponse, ResponseTooLarge, Timeout

CHUNK_BYTES = 65536
Body = bytes | BinaryIO
"""What is sent: bytes, or a file from where it stands, as it is read."""


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
        """Whether ``Cache-Status`` (RFC 9211: caches, and what each did) says that nginx had a hit."""
        caches = self.headers.get("Cache-Status", "").split(",")
        said = [[part.strip() for part in cache.split(";")] for cache in caches]
        return any(name == "mergepoint" and "hit" in did for name, *did in said)


class Wire:
    """The way to one server. Each thread of each process has its own connection."""

    def __init__(self, server: str, bearer: Bearer | None, *, connect_timeout: float, max_bytes: int) -> None:
        self.server = server
        self._bearer = bearer
        self._connect_timeout = connect_timeout
        self._max_bytes = max_bytes
        self._trusted: str | bool = os.environ.get("SSL_CERT_FILE") or True  # as every client of OpenSSL has it
        self._begin()

    def request(self, method: str, path: str, body: Body | None, type: str) -> requests.PreparedRequest:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "mergepoint-client-python"}
        if body is not None:
            headers["Content-Type"] = type
        return requests.Request(method, self.server + path, headers, data=body, auth=self._bearer).prepare()

    def send(self, request: requests.PreparedRequest, deadline: Deadline) -> Answer:
        """Return the answer, of whatever status, or raise ConnectionFailed or InvalidResponse."""
        adapter = self._adapter()
        if adapter.kept:
            try:
                return self._exchange(adapter, request, deadline)
            except ConnectionFailed:
                pass  # most likely the server had closed the idle connection: that costs no retry
        return self._exchange(adapter, request, deadline)

    def send_once(self, request: requests.PreparedRequest, deadline: Deadline) -> Answer:
        """As `send`, on a new connection: a kept one that fails leaves open whether the request was heard."""
        with closing(Adapter()) as adapter:
            return self._exchange(adapter, request, deadline)

    def close(self) -> None:
        self._notice_fork()
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
        except TooMuch:
            raise ResponseTooLarge(f"{self.server}: the answer is longer than {self._max_bytes} bytes") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            cause = _cause(error)
            raise self._failure(cause) from cause
        finally:
            current.reset(token)
        adapter.kept = True
        return answer

    def _read(self, response: requests.Response) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise InvalidResponse(
                f"{self.server}: answered in an encoding that was not asked for",
                status=response.status_code,
                request_id=response.headers.get("X-Request-Id"),
            )
        body = bytearray()
        while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
            body += chunk
            if len(body) > self._max_bytes:
                raise TooMuch
        if response.raw.length_remaining:  # urllib3 before 2 leaves it to us to notice
            raise ConnectionError("the answer ended early")
        return self._bearer.hide(body) if self._bearer and not response.ok else bytes(body)

    def _failure(self, cause: BaseException) -> ConnectionFailed | InvalidResponse:
        if isinstance(cause, TimeoutError):
            return Timeout(f"{self.server}: no answer in time")
        broken = http.client.RemoteDisconnected | http.client.IncompleteRead
        if isinstance(cause, http.client.HTTPException) and not isinstance(cause, broken):
            return InvalidResponse(f"{self.server}: answered something that is not HTTP")
        return ConnectionFailed(f"{self.server}: {cause}")

    def _adapter(self) -> Adapter:
        self._notice_fork()
        adapter: Adapter | None = getattr(self._local, "adapter", None)
        if adapter is None:
            adapter = self._local.adapter = Adapter()
            with self._lock:
                self._adapters.add(adapter)
        return adapter

    def _notice_fork(self) -> None:
        """Begin anew in a forked child: its parent's connections and locks are not for it."""
        if self._process != os.getpid():
            self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._local = threading.local()
        self._adapters: weakref.WeakSet[Adapter] = weakref.WeakSet()
        self._process = os.getpid()  # last: a second thread that sees it sees the rest


def _rewind(request: requests.PreparedRequest) -> None:
    """A file that was sent before is sent again from where it stood at first."""
    if hasattr(request.body, "seek"):
        rewind_body(request)


def _cause(error: BaseException) -> BaseException:
    """Return what happened below requests and urllib3: their own errors carry the request, and so the key."""
    inner: BaseException | None = error
    while isinstance(inner, requests.RequestException | HTTPError):
        inner = inner.__cause__ or inner.__context__
    return inner or error

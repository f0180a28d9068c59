"""As much of HTTP/1.1 as nginx speaks to us: the head of a request, and answers that end with their connection."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

MAX_HEAD = 96 * 1024  # bytes; nginx takes 32 KB from a client and adds a few headers of its own
HEAD_TIMEOUT = 5.0  # seconds; nginx sends a head in one piece


class Unreadable(ValueError):
    """What came is no head of a request."""


class Headers(dict[str, str]):
    """Headers by names in lower case, found in any."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(name.lower(), default)


@dataclass(frozen=True)
class Request:
    """*query* has the first value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Return the request that arrives, without its body; raise Unreadable if it is none."""
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_TIMEOUT)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        url = urlsplit(target)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError, OSError) as error:
        raise Unreadable from error
    pairs = (line.partition(":") for line in lines if line)
    headers = Headers({name.strip().lower(): value.strip() for name, _, value in pairs})
    query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    return Request(method, url.path, query, headers)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return the head of an answer; the connection ends with it."""
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "-"
    lines: Iterable[str] = (f"{name}: {value}" for name, value in {**headers, "Connection": "close"}.items())
    return "\r\n".join([f"HTTP/1.1 {status} {reason}", *lines, "", ""]).encode("latin-1")


def document(status: int, body: Mapping[str, Any], headers: Mapping[str, str], kind: str = "application/json") -> bytes:
    """Return a whole answer in JSON."""
    data = json.dumps(body).encode()
    ours = {"Content-Type": kind, "Content-Length": str(len(data)), "Cache-Control": "no-store"}
    return head(status, {**ours, **headers}) + data

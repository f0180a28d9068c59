"""A stand-in for a service, on a Unix socket: tells what it was sent, and misbehaves on demand. Knows no nginx.

The query says what to do (``?do=slow&seconds=3``) and how long the answer may be kept (``keep``); ``POST /control``
with JSON changes its state and shows it, with the requests seen so far.
"""

import asyncio
import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

KEEP = "public, max-age=30, stale-while-revalidate=30"

state = {
    "version": "1",
    "health": 200,
    "metrics": "secret 1\n",
    "seen": [],
    "verify": {"status": 200, "headers": {"Mergepoint-Identity": "nobody"}},  # what auth says
}
closed_once: set[str] = set()


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await answer(await read_request(reader), writer):
            pass
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head[:-4].split("\r\n")
    method, target, _ = line.split(" ")
    headers = dict(field.split(": ", 1) for field in fields)
    return Request(method, target, headers, await reader.readexactly(int(headers.get("Content-Length", 0))))


async def answer(request: Request, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; return whether the connection stays."""
    if request.path == "/control":
        state.update(json.loads(request.body))
        return send(writer, 200, {}, json.dumps(state).encode())
    state["seen"].append(
        {
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "length": len(request.body),
            "sha256": hashlib.sha256(request.body).hexdigest(),
        }
    )
    if request.path == "/auth/verify":
        return send(writer, state["verify"]["status"], {"Cache-Control": "no-store", **state["verify"]["headers"]}, b"")
    if request.path == "/jobs/_accept" or (
        request.path == "/jobs" and "wait=" in request.headers.get("Mergepoint-Prefer", "")
    ):
        return accept(request, writer)
    if request.path.endswith("/events"):
        return await events(writer)
    if request.path == "/metrics":
        return send(writer, 200, {}, state["metrics"].encode())
    if request.path.endswith("/health"):
        return send(writer, state["health"], {"Cache-Control": "no-store"}, b'{"status": "ok", "from": "the service"}')
    return await misbehave(request, writer)


async def misbehave(request: Request, writer: asyncio.StreamWriter) -> bool:
    do = request.query.get("do")
    if do == "slow":
        await asyncio.sleep(float(request.query["seconds"]))
    if do == "close" or (do == "close-once" and request.target not in closed_once):
        closed_once.add(request.target)
        return False
    text = echo(request)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": request.query.get("keep", KEEP),
        "ETag": f'"{hashlib.sha256(text).hexdigest()[:32]}"',
        "Vary": "Accept",
        "Server-Timing": "app;dur=1",
        "X-Request-Id": request.headers["X-Request-Id"],
    }
    if policy := request.query.get("policy"):
        headers["Content-Security-Policy"] = policy
    if refusal := request.query.get("refusal"):
        headers["Mergepoint-Refusal"] = refusal
    if do == "cookie":
        headers["Set-Cookie"] = "user=1"
    if do == "accel":
        headers |= {"X-Accel-Redirect": "/static/style.css", "X-Accel-Expires": "3600", "Cache-Control": "no-store"}
    if do == "degraded":
        headers["Mergepoint-Degraded"] = "deadline"
    if do == "error":
        headers |= {"Content-Type": "application/problem+json", "Retry-After": "7"}
        return send(writer, int(request.query["status"]), headers, b'{"code": "of_the_service"}')
    if do == "truncate":
        send(writer, 200, headers | {"Content-Length": str(len(text) + 10)}, text)
        return False
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return send(writer, 304, headers, b"")
    send(writer, 200, headers, text)
    return do != "hang-up"


def accept(request: Request, writer: asyncio.StreamWriter) -> bool:
    """Answer as jobs does: with the job's place, or by sending the request on to who waits."""
    id, wait = request.headers["Mergepoint-Job"], re.search(r"wait=(\d+)", request.headers["Mergepoint-Prefer"])
    headers = {"Location": f"/jobs/{id}", "Preference-Applied": "respond-async"}
    if wait:
        headers["X-Accel-Redirect"] = f"/_wait/{id}?seconds={wait[1]}"
    return send(writer, 202, headers, b"")


async def events(writer: asyncio.StreamWriter) -> bool:
    """Send an event, and half a second later another."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    for number in range(2):
        writer.write(b"id: %d\n\n" % number)
        await writer.drain()
        await asyncio.sleep(0.5)
    return False


def echo(request: Request) -> bytes:
    """Return all that the answer depends on."""
    said = {
        "method": request.method,
        "target": request.target,
        "type": request.headers.get("Content-Type"),
        "accept": request.headers.get("Accept"),
        "sha256": hashlib.sha256(request.body).hexdigest(),
        "version": state["version"],
    }
    return json.dumps(said).encode() + b" " * int(request.query.get("more", 0))


def send(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes) -> bool:
    if status != 304:
        headers = {"Content-Length": str(len(body))} | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + body)
    return True


async def main(path: str) -> None:
    os.umask(0)  # anybody may connect, as to gunicorn
    server = await asyncio.start_unix_server(converse, path, limit=2**20, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

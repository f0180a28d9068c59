"""Asks a server how it is: its workers, how many requests wait, and what happened how often."""

import json
from typing import Any

import zmq

from . import curve
from .messages import VERSION
from .sockets import Context

WAIT = 3.0  # seconds


class NoAnswer(Exception):
    """The server did not answer in time."""


def ask(address: str, keys: tuple[bytes, bytes] | None = None) -> dict[str, Any]:
    """Return the status of the server at *address*; raise NoAnswer. *keys* are ours and the server's public one."""
    context: Context = zmq.Context()
    try:
        with context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.ipv6 = True
            if keys:
                curve.introduce(socket, *keys)
            socket.connect(address)
            socket.send(json.dumps({"v": VERSION, "id": "1", "task": "status"}).encode())
            if not socket.poll(round(WAIT * 1000)):
                raise NoAnswer(f"{address}: no answer within {WAIT:.0f} s")
            found: dict[str, Any] = json.loads(socket.recv_multipart()[-1])
            return found
    finally:
        context.term()

"""Asks for the suite's health at its own address, and finds the service to blame if it does not become healthy."""

import http.client
import json
import socket
import time
from collections.abc import Mapping
from typing import Any

from .services import NGINX, socket_of
from .signals import Signals
from .suite import Suite

START_WITHIN = 60.0  # seconds after the last service began to listen, since a busy machine starts them one by one
STEP = 0.05


class NotHealthy(Exception):
    """The suite did not become healthy. ``troubles`` describes the fault of each service to blame, by its name."""

    def __init__(self, troubles: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {trouble}" for name, trouble in troubles.items()))
        self.troubles = troubles


def wait_until_healthy(
    suite: Suite, address: tuple[str, int], signals: Signals, *, path: str = "/health", request_id: str = ""
) -> bool:
    """Return True when *path* reports that all services are healthy, False when the run is told to end.

    Raises NotHealthy if a program ends, or after START_WITHIN seconds.
    """
    silent, ends = suite.without_socket(), time.monotonic() + START_WITHIN
    while time.monotonic() < ends:
        if signals.wait(STEP):
            return False
        if ended := suite.ended():
            raise NotHealthy(ended)
        before, silent = silent, suite.without_socket()
        if silent != before:
            ends = time.monotonic() + START_WITHIN
        if not silent and ask(address, path, request_id).get("status") == "ok":
            return True
    raise NotHealthy(_troubles(suite, ask(address, path, request_id)))


def ask(address: tuple[str, int], path: str, request_id: str) -> dict[str, Any]:
    """Return the JSON object of the answer at *path*; an empty one if there is no such answer."""
    connection = http.client.HTTPConnection(*address, timeout=5)
    try:
        connection.request("GET", path, headers={"X-Request-Id": request_id})
        said = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return said if isinstance(said, dict) else {}


def _troubles(suite: Suite, said: Mapping[str, Any]) -> dict[str, str]:
    if silent := suite.without_socket():
        return dict.fromkeys(silent, f"does not listen after {START_WITHIN:.0f} s")
    ill = [name for name, health in said.get("services", {}).items() if health.get("status") != "ok"]
    troubles = {name: f"is not well after {START_WITHIN:.0f} s: {own_answer(name, suite)}" for name in ill}
    return troubles or {NGINX: f"gives no healthy answer after {START_WITHIN:.0f} s"}


def own_answer(name: str, suite: Suite) -> str:
    """Return the service's own answer about its health, since nginx tells only that it is not healthy."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(socket_of(name, suite.run)))
            connection.sendall(f"GET /{name}/health HTTP/1.0\r\n\r\n".encode())
            return connection.makefile("rb").read().decode(errors="replace").partition("\r\n\r\n")[2].strip()
    except OSError as error:
        return f"no answer ({error})"

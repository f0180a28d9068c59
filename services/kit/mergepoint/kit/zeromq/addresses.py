"""Where a socket may be bound or connected to: in a folder of one's own, on this machine, or, with CURVE, anywhere."""

import ipaddress
import os
import re
import socket
from pathlib import Path

from .. import state

LONGEST_PATH = 107  # bytes: sun_path of unix(7), and its end
TCP = re.compile(r"tcp://(?P<host>\*|\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>\d{1,5})")


class BadAddress(ValueError):
    """An address that may not be used, and why."""


def default(name: str) -> str:
    """Return the address of *name* (a service, or broker) in this checkout's folder of sockets, whose mode is 0700."""
    return f"ipc://{state.folder_for('zeromq') / name}"


def check(address: str, *, curve: bool, setting: str) -> str:
    """Return *address*, or raise BadAddress. Beyond this machine it must be with *curve*, which *setting* turns on."""
    if address.startswith("ipc://"):
        path = address.removeprefix("ipc://")
        if not path.startswith("/") or len(os.fsencode(path)) > LONGEST_PATH:
            raise BadAddress(f"{address}: an absolute path of at most {LONGEST_PATH} bytes is expected after ipc://")
        return address
    found = TCP.fullmatch(address)
    if not found or int(found["port"]) > 65_535:
        raise BadAddress(f"{address}: ipc:///path or tcp://host:port is expected")
    if not curve and not _is_loopback(found["host"]):
        raise BadAddress(f"{address}: what is not on this machine alone needs {setting}")
    return address


def prepare(address: str) -> None:
    """Make the folder of a socket that is about to be bound, and see that nobody listens there.

    libzmq would take the place of a server that runs.
    """
    path = path_of(address)
    if not path:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise BadAddress(f"{address}: another program listens there")


def path_of(address: str) -> Path | None:
    """Return the path of a socket in the file system, or None for another."""
    return Path(address.removeprefix("ipc://")) if address.startswith("ipc://") else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
